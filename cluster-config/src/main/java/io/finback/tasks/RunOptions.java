package io.finback.tasks;

import io.finback.resources.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a task is run beyond its command and its resources. Nearly every task is {@link #NONE}.
 *
 * @param container empty: a plain command
 * @param maxCompletion from its start; after that the task is ended as failed
 * @param limits how much it may use of {@code cpus} and {@code mem} beyond what it holds; {@code Double.POSITIVE_INFINITY}: no limit
 * @param executor who runs it; empty: a command of its own
 * @param group whom it lives and dies with
 * @param data from the scheduler for the executor
 * @param executorRun which run of {@code executor} it is for ({@link ExecutorRuns}); set by the master
 * @param frameworkUser the account its framework says its tasks are of, for the rules of who may see them; set by the master
 */
public record RunOptions(
        Optional<ContainerInfo> container,
        Optional<HealthCheck> healthCheck,
        Optional<CheckInfo> check,
        Optional<Duration> maxCompletion,
        Map<String, Double> limits,
        Optional<ExecutorInfo> executor,
        Optional<TaskGroup> group,
        Optional<Bytes> data,
        Optional<TaskId> executorRun,
        Optional<String> frameworkUser) {
    public static final RunOptions NONE = new RunOptions(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** The limits and the framework's user may be missing in what an earlier version has written. */
    @SuppressWarnings("NullableOptional") // absent in what an earlier version sends
    public RunOptions(
            Optional<ContainerInfo> container,
            Optional<HealthCheck> healthCheck,
            Optional<CheckInfo> check,
            Optional<Duration> maxCompletion,
            @Nullable Map<String, Double> limits,
            Optional<ExecutorInfo> executor,
            Optional<TaskGroup> group,
            Optional<Bytes> data,
            Optional<TaskId> executorRun,
            @Nullable Optional<String> frameworkUser) {
        this.container = container;
        this.healthCheck = healthCheck;
        this.check = check;
        this.maxCompletion = maxCompletion;
        this.limits = limits == null ? Map.of() : Map.copyOf(limits);
        this.executor = executor;
        this.group = group;
        this.data = data;
        this.executorRun = executorRun;
        this.frameworkUser = frameworkUser == null ? Optional.empty() : frameworkUser;
    }

    public RunOptions withContainer(ContainerInfo other) {
        return new RunOptions(
                Optional.of(other),
                healthCheck,
                check,
                maxCompletion,
                limits,
                executor,
                group,
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withHealthCheck(HealthCheck other) {
        return new RunOptions(
                container,
                Optional.of(other),
                check,
                maxCompletion,
                limits,
                executor,
                group,
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withCheck(CheckInfo other) {
        return new RunOptions(
                container,
                healthCheck,
                Optional.of(other),
                maxCompletion,
                limits,
                executor,
                group,
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withMaxCompletion(Duration other) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                Optional.of(other),
                limits,
                executor,
                group,
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withLimits(Map<String, Double> other) {
        return new RunOptions(
                container, healthCheck, check, maxCompletion, other, executor, group, data, executorRun, frameworkUser);
    }

    public RunOptions withExecutor(ExecutorInfo other) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                maxCompletion,
                limits,
                Optional.of(other),
                group,
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withGroup(TaskGroup other) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                maxCompletion,
                limits,
                executor,
                Optional.of(other),
                data,
                executorRun,
                frameworkUser);
    }

    public RunOptions withData(Bytes other) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                maxCompletion,
                limits,
                executor,
                group,
                Optional.of(other),
                executorRun,
                frameworkUser);
    }

    public RunOptions withExecutorRun(TaskId run) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                maxCompletion,
                limits,
                executor,
                group,
                data,
                Optional.of(run),
                frameworkUser);
    }

    public RunOptions withFrameworkUser(String user) {
        return new RunOptions(
                container,
                healthCheck,
                check,
                maxCompletion,
                limits,
                executor,
                group,
                data,
                executorRun,
                Optional.of(user));
    }
}
