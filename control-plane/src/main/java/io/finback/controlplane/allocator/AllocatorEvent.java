package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one batch of commands changed. One event per batch, so that thousands of claims cost one write. The parts are net changes and
 * apply in this order: {@code released}, {@code admitted}, {@code lost}, {@code agents}, {@code sessions}, {@code claimed}, then the
 * rest, which does not touch these. A task claimed and released within one batch appears in neither list.
 *
 * @param admitted only in what version 0.1 has written; now it is {@code agents}
 * @param lost only in what version 0.1 has written; now it is {@code agents}
 * @param agents those that changed, as they are now
 * @param sessions the new session numbers of agents of which nothing else has changed
 * @param weights roles' new weights
 * @param quotas roles' new quotas; a default one ends the quota
 * @param maintenance the new schedule and modes; empty: unchanged
 * @param operations ids of the resource operations that were applied
 * @param incarnation the allocator's new incarnation; 0: the same as before
 */
public record AllocatorEvent(
        List<TaskKey> released,
        List<AgentAdmitted> admitted,
        List<AgentLost> lost,
        List<Holding> claimed,
        List<AgentRecord> agents,
        List<SessionNumber> sessions,
        Map<String, Double> weights,
        List<Quota> quotas,
        Optional<Maintenance> maintenance,
        List<String> operations,
        long incarnation) {

    /** Everything below {@code claimed} may be missing in what an earlier version has written. */
    public AllocatorEvent(
            List<TaskKey> released,
            List<AgentAdmitted> admitted,
            List<AgentLost> lost,
            List<Holding> claimed,
            @Nullable List<AgentRecord> agents,
            @Nullable List<SessionNumber> sessions,
            @Nullable Map<String, Double> weights,
            @Nullable List<Quota> quotas,
            Optional<Maintenance> maintenance,
            @Nullable List<String> operations,
            long incarnation) {
        this.released = List.copyOf(released);
        this.admitted = List.copyOf(admitted);
        this.lost = List.copyOf(lost);
        this.claimed = List.copyOf(claimed);
        this.agents = copy(agents);
        this.sessions = copy(sessions);
        this.weights = weights == null ? Map.of() : Map.copyOf(weights);
        this.quotas = copy(quotas);
        this.maintenance = maintenance;
        this.operations = copy(operations);
        this.incarnation = incarnation;
    }

    /** Claims and releases only. */
    public static AllocatorEvent of(List<TaskKey> released, List<Holding> claimed) {
        return new AllocatorEvent(
                released,
                List.of(),
                List.of(),
                claimed,
                List.of(),
                List.of(),
                Map.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                0);
    }

    /** The agent is new, has changed, or has come back; from now on it has {@code spec}. */
    public record AgentAdmitted(AgentSpec spec, Instant at) {}

    /** The agent has been silent for too long; what its tasks hold stays held. */
    public record AgentLost(AgentId agent, Instant at) {}

    public record SessionNumber(AgentId agent, long session) {}

    public boolean isEmpty() {
        return released.isEmpty()
                && admitted.isEmpty()
                && lost.isEmpty()
                && claimed.isEmpty()
                && agents.isEmpty()
                && sessions.isEmpty()
                && weights.isEmpty()
                && quotas.isEmpty()
                && maintenance.isEmpty()
                && operations.isEmpty()
                && incarnation == 0;
    }

    private static <T> List<T> copy(@Nullable List<T> given) {
        return given == null ? List.of() : List.copyOf(given);
    }
}
