package io.finback.controlplane.app;

import io.finback.tasks.CheckStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What the checks of some of an app's instances have seen, for the read views; by task id. */
public record HealthReport(String appId, Map<String, Seen> seen) implements WireMessage {
    public HealthReport {
        seen = Map.copyOf(seen);
    }

    /**
     * Of one instance.
     *
     * @param checks in the order of the definition, those without a result left out
     * @param general what the agent's general check has seen last
     */
    public record Seen(List<CheckResult> checks, Optional<Ready> ready, Optional<CheckStatus> general) {
        public Seen {
            checks = List.copyOf(checks);
        }

        /** When a check last said something. */
        Instant at() {
            return checks.stream()
                    .flatMap(c -> Stream.concat(c.lastSuccess().stream(), c.lastFailure().stream()))
                    .max(Comparator.naturalOrder())
                    .orElse(Instant.EPOCH);
        }
    }

    public record CheckResult(
            boolean alive,
            int consecutiveFailures,
            Optional<Instant> firstSuccess,
            Optional<Instant> lastSuccess,
            Optional<Instant> lastFailure,
            Optional<String> lastFailureCause) {}

    /** {@code status} 0: there was no answer. The answer is there when the check preserves it. */
    public record Ready(String name, boolean ready, Optional<Answer> answer) {}

    public record Answer(int status, String contentType, String body) {}
}
