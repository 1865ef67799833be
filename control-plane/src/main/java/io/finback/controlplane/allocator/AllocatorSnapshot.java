package io.finback.controlplane.allocator;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** {@link AllocatorState} as it is written to disk. Immutable. */
public record AllocatorSnapshot(List<Agent> agents, List<Holding> holdings) {
    public AllocatorSnapshot {
        agents = List.copyOf(agents);
        holdings = List.copyOf(holdings);
    }

    /**
     * One agent.
     *
     * @param lostAt since when it is unreachable; empty: it is not
     */
    public record Agent(AgentSpec spec, Instant admittedAt, Optional<Instant> lostAt) {}
}
