package io.finback.nodeagent.task;

import io.finback.nodeagent.task.Step.Action;
import io.finback.tasks.TaskState;
import java.util.Optional;

/** What a new agent does with a task it has read from disk. Pure. */
final class Restarts {
    private Restarts() {}

    /** The machine was restarted, too. */
    static Step ofMachine(AgentTask task, Stamp stamp) {
        if (task.isStaged()) {
            return ofAgent(task, stamp);
        }
        if (!task.isRunning()) {
            return Step.of(task);
        }
        AgentTask lost =
                task.end(TaskState.LOST, Optional.of("AGENT_RESTARTED"), "the machine restarted while it ran", stamp);
        // A process is gone, and its pid means nothing now; an engine still keeps what it ran.
        return task.process().filter(ContainerRef::startsLater).isPresent()
                ? Step.of(lost, Action.FORGET_PROCESS)
                : Step.of(lost);
    }

    static Step ofAgent(AgentTask task, Stamp stamp) {
        if (task.isStaged()) {
            return task.kill().isPresent()
                    ? Step.of(task.end(TaskState.KILLED, Optional.empty(), "killed before it ran", stamp))
                    : Step.of(task, task.start());
        }
        if (task.isRunning() && task.isOfCustomExecutor()) {
            return Step.of(task, Action.JOIN);
        }
        if (!task.isRunning()) {
            // The last agent may have died between writing the end and letting the process go.
            return task.process().isPresent() ? Step.of(task, Action.FORGET_PROCESS) : Step.of(task);
        }
        return task.kill()
                .map(order -> Step.of(task, Action.WATCH, Action.TERMINATE).arm(order.remaining(stamp.at())))
                .orElseGet(() -> Step.of(task, Action.WATCH));
    }
}
