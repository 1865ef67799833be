package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Which run of its executor a task is for: the one that is there, or a new one, which is launched with it. As in Mesos, an executor is
 * known by its id on an agent, and must be described alike by all its tasks. For one accept.
 */
final class ExecutorSeats {
    /** What a default executor runs: nothing; its tasks are its own containers. */
    private static final String IDLE = "exec sleep 2147483646";

    private final Turn turn;
    private final Map<String, TaskInfo> fresh = new LinkedHashMap<>();

    ExecutorSeats(Turn turn) {
        this.turn = turn;
    }

    /** Why the task cannot be given to its executor. */
    Optional<String> objection(TaskInfo task) {
        Optional<ExecutorInfo> wanted = task.options().executor();
        return wanted.flatMap(executor -> run(executor.id(), task.agent()))
                .flatMap(run -> run.options().executor())
                .filter(there -> !there.equals(wanted.orElseThrow()))
                .map(there -> "executor: '" + there.id()
                        + "' is there with another description (expected: the same, or another executor_id)");
    }

    /** The task as it is launched, after the run of its executor if that is new. */
    List<TaskInfo> seat(TaskInfo task) {
        if (task.options().executor().isEmpty()) {
            return List.of(task);
        }
        ExecutorInfo executor = task.options().executor().get();
        Optional<TaskInfo> there = run(executor.id(), task.agent());
        TaskInfo run = there.orElseGet(() -> begin(executor, task));
        TaskInfo seated = task.withOptions(task.options().withExecutorRun(run.id()));
        return there.isPresent() ? List.of(seated) : List.of(run, seated);
    }

    private Optional<TaskInfo> run(String executor, AgentId agent) {
        Optional<TaskInfo> made = Optional.ofNullable(fresh.get(executor));
        return made.or(() -> turn.round().executorRuns().stream()
                .filter(record -> !record.killWanted())
                .map(TaskRecord::info)
                .filter(info -> info.agent().equals(agent) && isRunOf(info, executor) && !isEnding(info))
                .findFirst());
    }

    /** The default executor ends with its last task, so what has none any more will not be there for a new one. */
    private boolean isEnding(TaskInfo run) {
        boolean ours = run.options()
                .executor()
                .filter(executor -> executor.type() == ExecutorInfo.Type.DEFAULT)
                .isPresent();
        return ours
                && turn.round().tasksOn(run.agent()).stream()
                        .noneMatch(record -> !record.isTerminal()
                                && record.info().options().executorRun().equals(Optional.of(run.id())));
    }

    /** Whether it is a run of the executor of this id. */
    static boolean isRunOf(TaskInfo info, String executor) {
        return ExecutorRuns.isRun(info.id())
                && info.options()
                        .executor()
                        .filter(one -> one.id().equals(executor))
                        .isPresent();
    }

    private TaskInfo begin(ExecutorInfo executor, TaskInfo first) {
        TaskId id = ExecutorRuns.of(UUID.randomUUID().toString());
        Optional<FrameworkInfo> framework = turn.round().subscription().map(FrameworkEvent.Subscribed::info);
        TaskInfo described = new TaskInfo(
                id,
                executor.name().isEmpty() ? executor.id() : executor.name(),
                first.framework(),
                first.agent(),
                executor.resources(),
                executor.command().orElseGet(() -> CommandInfo.shell(IDLE, Map.of())),
                executor.shutdownGrace(),
                ExecutorRuns.labels(
                        framework.map(FrameworkInfo::name).orElse(""),
                        framework.map(FrameworkInfo::user).orElse("")),
                first.role(),
                executor.discovery());
        RunOptions options = executor.container()
                .map(container -> described.options().withContainer(container))
                .orElse(described.options())
                .withExecutor(executor);
        TaskInfo run = described.withOptions(
                first.options().frameworkUser().map(options::withFrameworkUser).orElse(options));
        fresh.put(executor.id(), run);
        return run;
    }
}
