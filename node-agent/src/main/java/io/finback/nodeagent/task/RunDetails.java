package io.finback.nodeagent.task;

import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an update says beyond state, reason and message: the run, whose it is, and of an executor the raw number of its end. */
final class RunDetails {
    private RunDetails() {}

    static StatusDetails of(AgentTask task) {
        return new StatusDetails(
                Optional.empty(),
                Optional.empty(),
                Optional.of(containerId(task)),
                task.process().map(ContainerRef::networks).orElse(List.of()),
                task.isExecutorRun()
                        ? Optional.empty()
                        : task.info().options().executor().map(ExecutorInfo::id),
                Optional.empty(),
                Map.of());
    }

    /** An update that says the state the task is in. The pid is told as long as there is one. */
    static TaskStatus status(
            AgentTask task,
            TaskStatus.Source source,
            Optional<String> reason,
            Optional<String> message,
            Optional<Boolean> healthy,
            Stamp stamp) {
        StatusDetails details = of(task);
        return new TaskStatus(
                task.info().id(),
                task.info().framework(),
                task.info().agent(),
                task.state(),
                source,
                Optional.of(stamp.uuid()),
                stamp.at(),
                reason,
                message,
                healthy.or(task.vitals()::healthy),
                task.state().isTerminal() ? Optional.empty() : task.process().flatMap(ContainerRef::leader),
                Optional.empty(),
                task.vitals().check().map(details::withCheck).orElse(details));
    }

    /** Nested ones are named {@code outer.inner}. */
    static String containerId(AgentTask task) {
        Optional<String> outer = task.info().options().executorRun().map(ExecutorRuns::container);
        if (task.isNested() && outer.isPresent()) {
            return outer.get() + "." + task.container();
        }
        return task.isOfCustomExecutor() ? outer.orElse(task.container()) : task.container();
    }

    /** As {@link #of}, for the end of an executor. The default executor is ended by this agent when it has nothing left to do. */
    static StatusDetails waitStatus(AgentTask run, Exit exit) {
        boolean idle = run.kill().isPresent()
                && run.info()
                        .options()
                        .executor()
                        .filter(executor -> executor.type() == ExecutorInfo.Type.DEFAULT)
                        .isPresent();
        Optional<Integer> number = Optional.empty();
        if (exit instanceof Exit.Exited exited) {
            number = Optional.of(exited.status() << 8);
        } else if (exit instanceof Exit.Signaled signaled) {
            number = Optional.of(idle ? 0 : signaled.signal() | (signaled.coreDumped() ? 0x80 : 0));
        }
        StatusDetails details = of(run);
        return new StatusDetails(
                details.check(),
                details.limitation(),
                details.containerId(),
                details.networks(),
                details.executor(),
                details.data(),
                number.map(status -> Map.of(ExecutorRuns.WAIT_STATUS, Integer.toString(status)))
                        .orElse(Map.of()));
    }
}
