package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a framework knows of one operation that it has named. Kept until the scheduler has taken its end.
 *
 * @param state what became of it; {@code PENDING} until the allocator has answered
 * @param uuid names the update about it; empty while there is none
 * @param change what it is; empty in what an earlier version has written, and for what nobody could do
 */
record OperationRecord(
        String id,
        Optional<AgentId> agent,
        SchedulerEvent.OperationState state,
        Optional<String> message,
        Optional<String> uuid,
        Instant at,
        Optional<ResourceOperation> change) {

    @SuppressWarnings("NullableOptional") // absent in what an earlier version has written
    OperationRecord(
            String id,
            Optional<AgentId> agent,
            SchedulerEvent.OperationState state,
            Optional<String> message,
            Optional<String> uuid,
            Instant at,
            @Nullable Optional<ResourceOperation> change) {
        this.id = id;
        this.agent = agent;
        this.state = state;
        this.message = message;
        this.uuid = uuid;
        this.at = at;
        this.change = change == null ? Optional.empty() : change;
    }

    SchedulerEvent.OperationUpdate update() {
        return new SchedulerEvent.OperationUpdate(id, state, message, uuid, agent);
    }

    /** The answer to a question about it, which nobody acknowledges. */
    SchedulerEvent.OperationUpdate reconciled() {
        return new SchedulerEvent.OperationUpdate(id, state, message, Optional.empty(), agent);
    }
}
