package io.finback.nodeagent.task;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What follows from something that happened to a task: first {@code next} goes to disk, then the actions are done, in order.
 *
 * @param armGrace calls {@link AgentTask#graceOver} after this long
 */
public record Step(AgentTask next, List<Action> actions, Optional<Duration> armGrace) {
    /** What the executor is to do. */
    public enum Action {
        /** Make a process that waits to be released. */
        PREPARE,
        /** Its executor runs it, or it runs within its executor: see whether that is there. */
        JOIN,
        /** Let the prepared process become the task, and watch it. */
        RELEASE,
        /** End the prepared process; the task's command never ran. */
        DISCARD,
        /** Report the end of the process, now or whenever it comes. */
        WATCH,
        /** SIGTERM to the process group. */
        TERMINATE,
        /** SIGKILL to everything in the session. */
        FORCE_KILL,
        /** The end is on disk: the process's record in the kernel may go. */
        FORGET_PROCESS
    }

    public Step {
        actions = List.copyOf(actions);
    }

    static Step of(AgentTask next, Action... actions) {
        return new Step(next, List.of(actions), Optional.empty());
    }

    Step arm(Duration grace) {
        return new Step(next, actions, Optional.of(grace));
    }
}
