package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import java.time.Instant;
import java.util.Optional;

/**
 * What a framework knows of one operation that it has named. Kept until the scheduler has taken its end.
 *
 * @param state what became of it; {@code PENDING} until the allocator has answered
 * @param uuid names the update about it; empty while there is none
 */
record OperationRecord(
        String id,
        Optional<AgentId> agent,
        SchedulerEvent.OperationState state,
        Optional<String> message,
        Optional<String> uuid,
        Instant at) {

    SchedulerEvent.OperationUpdate update() {
        return new SchedulerEvent.OperationUpdate(id, state, message, uuid, agent);
    }

    /** The answer to a question about it, which nobody acknowledges. */
    SchedulerEvent.OperationUpdate reconciled() {
        return new SchedulerEvent.OperationUpdate(id, state, message, Optional.empty(), agent);
    }
}
