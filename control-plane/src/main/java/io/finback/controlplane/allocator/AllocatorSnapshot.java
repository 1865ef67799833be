package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@link AllocatorState} as it is written to disk. Immutable.
 *
 * @param gone agents an operator has declared gone, oldest first
 * @param operations ids of resource operations applied, oldest first
 */
public record AllocatorSnapshot(
        List<AgentRecord> agents,
        List<Holding> holdings,
        List<Gone> gone,
        Map<String, Double> weights,
        List<Quota> quotas,
        Maintenance maintenance,
        List<String> operations,
        long incarnation) {

    /** Everything below {@code holdings} may be missing in what an earlier version has written. */
    public AllocatorSnapshot(
            List<AgentRecord> agents,
            List<Holding> holdings,
            @Nullable List<Gone> gone,
            @Nullable Map<String, Double> weights,
            @Nullable List<Quota> quotas,
            @Nullable Maintenance maintenance,
            @Nullable List<String> operations,
            long incarnation) {
        this.agents = List.copyOf(agents);
        this.holdings = List.copyOf(holdings);
        this.gone = gone == null ? List.of() : List.copyOf(gone);
        this.weights = weights == null ? Map.of() : Map.copyOf(weights);
        this.quotas = quotas == null ? List.of() : List.copyOf(quotas);
        this.maintenance = maintenance == null ? Maintenance.NONE : maintenance;
        this.operations = operations == null ? List.of() : List.copyOf(operations);
        this.incarnation = incarnation;
    }

    public static AllocatorSnapshot of(List<AgentRecord> agents, List<Holding> holdings) {
        return new AllocatorSnapshot(agents, holdings, List.of(), Map.of(), List.of(), Maintenance.NONE, List.of(), 0);
    }

    public record Gone(AgentId agent, Instant at) {}
}
