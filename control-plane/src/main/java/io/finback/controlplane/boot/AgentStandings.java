package io.finback.controlplane.boot;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.AgentStanding;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.AgentId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What this master's view knows of agents, so that no framework has to ask the allocator. An index is made per snapshot, and only
 * when somebody asks. Thread-safe.
 */
final class AgentStandings implements Function<AgentId, AgentStanding> {
    private record Index(ClusterSnapshot of, Map<AgentId, AllocationDelta.Agent> agents) {}

    private final Supplier<ClusterSnapshot> view;
    private volatile Index index = new Index(ClusterSnapshot.EMPTY, Map.of());

    AgentStandings(Supplier<ClusterSnapshot> view) {
        this.view = view;
    }

    @Override
    @SuppressWarnings(
            "ReferenceEquality") // each snapshot is one object; comparing its content would cost what the index saves
    public AgentStanding apply(AgentId id) {
        ClusterSnapshot now = view.get();
        Index current = index;
        if (current.of() != now) {
            Map<AgentId, AllocationDelta.Agent> agents = new HashMap<>();
            now.agents().forEach(agent -> agents.put(agent.spec().id(), agent));
            current = new Index(now, agents);
            index = current;
        }
        AllocationDelta.Agent agent = current.agents().get(id);
        if (agent == null) {
            return now.complete() ? AgentStanding.UNKNOWN : AgentStanding.AWAITED;
        }
        if (agent.goneAt().isPresent()) {
            return AgentStanding.GONE;
        }
        return agent.lostAt()
                .map(AgentStanding::unreachable)
                .orElse(agent.active() ? AgentStanding.REGISTERED : AgentStanding.AWAITED);
    }
}
