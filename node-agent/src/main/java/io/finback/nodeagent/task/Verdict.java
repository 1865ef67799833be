package io.finback.nodeagent.task;

import io.finback.tasks.TaskState;
import java.util.Optional;

/**
 * The agent itself ends a task, because of something it did or failed to do; once it has ended, this is what is said of it.
 *
 * @param state terminal: {@code FAILED} for a limit it broke, {@code KILLED} for failed health checks
 * @param reason Mesos' reason without {@code REASON_}, such as {@code CONTAINER_LIMITATION_DISK}
 * @param message for people: what was measured and what was allowed
 * @param healthy what the health check said, where that is the cause
 */
public record Verdict(TaskState state, Optional<String> reason, String message, Optional<Boolean> healthy) {
    public Verdict {
        if (!state.isTerminal()) {
            throw new IllegalArgumentException("verdict.state: " + state + " (expected: a terminal state)");
        }
    }

    /** Whether the container is taken away, by a limit or by others' need; Mesos' executors say nothing of being killed then. */
    boolean isOfContainer() {
        return reason.filter(why -> why.startsWith("CONTAINER_")).isPresent();
    }

    public static Verdict failed(String reason, String message) {
        return new Verdict(TaskState.FAILED, Optional.of(reason), message, Optional.empty());
    }
}
