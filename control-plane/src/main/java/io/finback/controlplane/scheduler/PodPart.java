package io.finback.controlplane.scheduler;

import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.Optional;

/**
 * One container of a pod's instance.
 *
 * @param since when it came to this state
 * @param healthy empty: it has no check; with one it is not healthy before that has passed once
 * @param message of its end
 */
public record PodPart(
        TaskState state, Instant since, Optional<Boolean> healthy, Optional<String> reason, Optional<String> message) {
    static PodPart waiting(Instant now, boolean checked) {
        return new PodPart(
                TaskState.STAGING,
                now,
                checked ? Optional.of(false) : Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Has come to an end as it should not. */
    boolean failed() {
        return state.isTerminal() && state != TaskState.FINISHED;
    }
}
