package io.finback.controlplane.scheduler;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How an app's instances are looked at. Source: Marathon's healthCheck.raml, readinessCheck.raml. */
public record AppHealth(List<Check> checks, Optional<Readiness> readiness) {
    public AppHealth {
        checks = List.copyOf(checks);
    }

    public enum Protocol {
        HTTP,
        HTTPS,
        TCP,
        COMMAND,
        MESOS_HTTP,
        MESOS_HTTPS,
        MESOS_TCP;

        /** The agent looks, not a master. */
        public boolean byAgent() {
            return this == COMMAND || name().startsWith("MESOS_");
        }

        boolean tcp() {
            return this == TCP || this == MESOS_TCP;
        }
    }

    /**
     * One way to see whether an instance is healthy.
     *
     * @param portIndex which of the instance's ports; {@code port} is a number instead
     * @param grace failures before do not count, until the first success
     * @param maxFailures an instance that fails so often in a row is ended; 0: never
     * @param delay before the agent looks for the first time
     */
    public record Check(
            Protocol protocol,
            Optional<String> path,
            Optional<Integer> portIndex,
            Optional<Integer> port,
            Optional<String> command,
            Duration grace,
            Duration interval,
            Duration timeout,
            int maxFailures,
            Optional<Duration> delay,
            boolean ignoreHttp1xx,
            Optional<String> ipProtocol) {
        /** Where to look at {@code place}; empty: there is no such port. */
        public Optional<Integer> portAt(Instance.Place place) {
            if (port.isPresent()) {
                return port;
            }
            int index = portIndex.orElse(0);
            return index < place.ports().size() ? Optional.of(place.ports().get(index)) : Optional.empty();
        }
    }

    /** Until this has answered well once, a new instance replaces none in a deployment. */
    public record Readiness(
            String name,
            boolean https,
            String path,
            String portName,
            Duration interval,
            Duration timeout,
            List<Integer> readyCodes,
            boolean preserve) {
        public Readiness {
            readyCodes = List.copyOf(readyCodes);
        }
    }
}
