package io.finback.nodeagent.task;

import io.finback.nodeagent.task.Step.Action;
import io.finback.tasks.TaskState;
import java.time.Duration;

/** What follows from orders to end, whoever gives them. Pure. */
final class Orders {
    /** How long after a SIGKILL the next one is sent, should something have been born meanwhile. */
    private static final Duration KILL_AGAIN = Duration.ofSeconds(2);

    private Orders() {}

    static Step kill(AgentTask task, Duration grace, Stamp stamp) {
        boolean isOrdered = task.kill().isPresent();
        if (task.isEnded()
                || (isOrdered && task.kill().get().remaining(stamp.at()).compareTo(grace) <= 0)) {
            return Step.of(task);
        }
        AgentTask next = task.withOrder(new KillOrder(stamp.at(), grace));
        if (task.isOfCustomExecutor()) {
            return Step.of(next, Action.JOIN);
        }
        if (task.isStaged()) {
            return task.isNested() ? Step.of(next, Action.JOIN) : Step.of(next);
        }
        boolean isSaid = !isOrdered
                && !task.isExecutorRun()
                && task.verdict().map(why -> !why.isOfContainer()).orElse(true);
        return Step.of(isSaid ? next.in(TaskState.KILLING).say(stamp) : next, Action.TERMINATE)
                .arm(grace);
    }

    static Step condemn(AgentTask task, Verdict why, Duration grace, Stamp stamp) {
        if (!task.isRunning() || task.process().isEmpty() || task.kill().isPresent()) {
            return Step.of(task);
        }
        return kill(task.withVerdict(why), grace, stamp);
    }

    static Step graceOver(AgentTask task) {
        return task.isRunning() && task.process().isPresent() && task.kill().isPresent()
                ? Step.of(task, Action.FORCE_KILL).arm(KILL_AGAIN)
                : Step.of(task);
    }
}
