package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.HealthCheck;
import java.time.Duration;
import java.util.Locale;

/** Checks and what they saw, as Mesos' JSON has them. Without environments: they hold secrets. */
final class Checks {
    private static final JsonMapper MAPPER = new JsonMapper();

    private Checks() {}

    static ObjectNode of(HealthCheck check) {
        ObjectNode shown = MAPPER.createObjectNode();
        shown.put("delay_seconds", seconds(check.delay()));
        shown.put("interval_seconds", seconds(check.interval()));
        shown.put("timeout_seconds", seconds(check.timeout()));
        shown.put("grace_period_seconds", seconds(check.gracePeriod()));
        shown.put("consecutive_failures", check.consecutiveFailures());
        check.probe().command().ifPresent(command -> {
            shown.put("type", "COMMAND");
            ObjectNode to = shown.putObject("command").put("shell", command.shell());
            if (command.shell()) {
                to.put("value", command.value());
            } else {
                command.arguments().forEach(to.putArray("arguments")::add);
            }
        });
        check.probe().http().ifPresent(http -> {
            shown.put("type", "HTTP");
            shown.putObject("http")
                    .put("scheme", http.scheme())
                    .put("port", http.port())
                    .put("path", http.path());
        });
        check.probe().tcp().ifPresent(tcp -> {
            shown.put("type", "TCP");
            shown.putObject("tcp").put("port", tcp.port());
        });
        return shown;
    }

    static ObjectNode status(CheckStatus status) {
        ObjectNode shown = MAPPER.createObjectNode().put("type", status.type().name());
        ObjectNode seen = shown.putObject(status.type().name().toLowerCase(Locale.ROOT));
        status.exitCode().ifPresent(code -> seen.put("exit_code", code));
        status.statusCode().ifPresent(code -> seen.put("status_code", code));
        status.succeeded().ifPresent(good -> seen.put("succeeded", good));
        return shown;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
