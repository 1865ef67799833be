package io.finback.controlplane.framework;

import io.finback.resources.Resources;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskInfo;
import java.util.Map;
import java.util.Optional;

/**
 * What is wrong with the executor a task names. Pure. Source: apache/mesos {@code src/master/validation.cpp}, {@code
 * executor::validate} and {@code group::validate}.
 */
final class ExecutorRules {
    private static final int LONGEST_ID = 255;
    /** Thousandths: what the executor of a group must have at least, as in Mesos. */
    private static final Map<String, Long> LEAST = Map.of(Resources.CPUS, 10L, Resources.MEM, 32_000L);

    private ExecutorRules() {}

    /** Whether the framework's own program runs it. */
    static boolean runsInCustom(TaskInfo task) {
        return task.options()
                .executor()
                .filter(executor -> executor.type() == ExecutorInfo.Type.CUSTOM)
                .isPresent();
    }

    /** Empty: nothing is wrong, or there is none. */
    static Optional<String> check(TaskInfo task, TaskRules.Ground ground) {
        Optional<ExecutorInfo> named = task.options().executor();
        if (named.isEmpty()) {
            return task.options().group().map(group -> "executor: none (expected: one that runs the group)");
        }
        ExecutorInfo executor = named.get();
        return id(executor.id())
                .or(() -> type(executor, task.options().group().isPresent()))
                .or(() -> TaskRules.amounts(executor.resources(), ground).map(text -> "executor." + text))
                .or(() -> task.options().group().isPresent() ? least(executor) : Optional.empty())
                .or(() -> task.options().group().isPresent() ? container(task) : Optional.empty());
    }

    private static Optional<String> id(String id) {
        boolean bad = id.isEmpty()
                || id.length() > LONGEST_ID
                || id.equals(".")
                || id.equals("..")
                || id.chars().anyMatch(c -> c == '/' || c == '\\' || c < ' ' || c == 127);
        return bad
                ? Optional.of("executor.executor_id: '" + id + "' (expected: 1 to " + LONGEST_ID
                        + " characters, no slash, no backslash, no control characters)")
                : Optional.empty();
    }

    private static Optional<String> type(ExecutorInfo executor, boolean group) {
        if (executor.type() == ExecutorInfo.Type.CUSTOM) {
            return executor.command()
                    .map(command -> TaskRules.command(command).map(text -> "executor." + text))
                    .orElse(Optional.of("executor.command: none (expected: how the executor is started)"));
        }
        if (!group) {
            return Optional.of("executor.type: DEFAULT (expected: CUSTOM; groups alone run in the default executor)");
        }
        return executor.command().map(command -> "executor.command: present (expected: none, as its type is DEFAULT)");
    }

    private static Optional<String> least(ExecutorInfo executor) {
        Map<String, Long> has = executor.resources().quantities();
        for (String name : new String[] {Resources.CPUS, Resources.MEM}) {
            long least = LEAST.getOrDefault(name, 0L);
            if (has.getOrDefault(name, 0L) < least) {
                return Optional.of("executor.resources: " + name + ": " + has.getOrDefault(name, 0L) / 1000.0
                        + " (expected: >= " + least / 1000.0 + ")");
            }
        }
        return has.getOrDefault(Resources.DISK, 0L) > 0
                ? Optional.empty()
                : Optional.of("executor.resources: disk: 0.0 (expected: some)");
    }

    private static Optional<String> container(TaskInfo task) {
        boolean docker = task.options()
                .container()
                .filter(container -> container.type() == ContainerInfo.Type.DOCKER)
                .isPresent();
        return docker
                ? Optional.of("container.type: DOCKER (expected: MESOS; Docker containers are not nested)")
                : Optional.empty();
    }
}
