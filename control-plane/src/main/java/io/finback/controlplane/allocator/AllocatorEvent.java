package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import java.time.Instant;
import java.util.List;

/**
 * What one batch of commands changed. One event per batch, so that thousands of claims cost one write. The parts are net changes
 * and apply in the order of the fields: a task claimed and released within one batch appears in neither list.
 */
public record AllocatorEvent(
        List<TaskKey> released, List<AgentAdmitted> admitted, List<AgentLost> lost, List<Holding> claimed) {
    public AllocatorEvent {
        admitted = List.copyOf(admitted);
        lost = List.copyOf(lost);
        released = List.copyOf(released);
        claimed = List.copyOf(claimed);
    }

    /** The agent is new, has changed, or has come back; from now on it has {@code spec}. */
    public record AgentAdmitted(AgentSpec spec, Instant at) {}

    /** The agent has been silent for too long; what its tasks hold stays held. */
    public record AgentLost(AgentId agent, Instant at) {}

    public boolean isEmpty() {
        return admitted.isEmpty() && lost.isEmpty() && released.isEmpty() && claimed.isEmpty();
    }
}
