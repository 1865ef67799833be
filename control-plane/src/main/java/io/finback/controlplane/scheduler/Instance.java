package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One instance of an app. Its task id is chosen before anything is launched and never used again.
 *
 * @param version the app's version when it was created
 * @param configAt the configuration it runs ({@link AppVersion#configAt()})
 * @param place where it was launched; empty while it is only scheduled
 * @param healthy what its checks say; empty: there are none. One with checks is not healthy before they have passed once
 * @param doomed it shall end; a scheduled one is dropped at once instead
 */
public record Instance(
        String taskId,
        Instant version,
        Instant configAt,
        Phase phase,
        Optional<Place> place,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> unreachableSince,
        Optional<Boolean> healthy,
        boolean doomed) {

    /** In the order of life, which is also the order in which surplus is removed; only unreachable goes back. */
    public enum Phase {
        SCHEDULED,
        UNREACHABLE,
        STAGING,
        STARTING,
        RUNNING,
        KILLING
    }

    /** {@code ports}: host ports in the order the app declares them. {@code at}: when the launch was decided. */
    public record Place(String agentId, String host, List<Integer> ports, Map<String, String> attributes, Instant at) {
        public Place {
            ports = List.copyOf(ports);
            attributes = Map.copyOf(attributes);
        }
    }

    static Instance scheduled(String taskId, AppVersion version, Instant now) {
        return new Instance(
                taskId,
                version.version(),
                version.configAt(),
                Phase.SCHEDULED,
                Optional.empty(),
                now,
                Optional.empty(),
                Optional.empty(),
                version.definition().checks().isEmpty() ? Optional.empty() : Optional.of(false),
                false);
    }

    /** Runs, passes its checks, and is wanted. */
    public boolean ready() {
        return phase == Phase.RUNNING && !doomed && healthy.orElse(true);
    }

    /** Something of it may exist on an agent. */
    public boolean launched() {
        return phase != Phase.SCHEDULED;
    }

    Instance placed(Place where) {
        return new Instance(
                taskId,
                version,
                configAt,
                Phase.STAGING,
                Optional.of(where),
                createdAt,
                startedAt,
                unreachableSince,
                healthy,
                doomed);
    }

    Instance doom() {
        return new Instance(
                taskId, version, configAt, phase, place, createdAt, startedAt, unreachableSince, healthy, true);
    }

    Instance judged(boolean health) {
        return new Instance(
                taskId,
                version,
                configAt,
                phase,
                place,
                createdAt,
                startedAt,
                unreachableSince,
                Optional.of(health),
                doomed);
    }

    Instance reported(Phase next, Instant at, Optional<Boolean> health) {
        boolean runs = next == Phase.RUNNING;
        return new Instance(
                taskId,
                version,
                configAt,
                next,
                place,
                createdAt,
                startedAt.isEmpty() && runs ? Optional.of(at) : startedAt,
                next == Phase.UNREACHABLE ? Optional.of(unreachableSince.orElse(at)) : Optional.empty(),
                health.isPresent() ? health : healthy,
                doomed);
    }
}
