package io.finback.controlplane.agent;

import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.framework.AgentReport;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.wire.AgentToMaster;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an agent has, as far as its session knows: what it listed, and what it confirmed since. Kept up to date, so that a framework
 * that hears of a registration late does not miss tasks that came after it.
 */
final class AgentTasks {
    private record Known(FrameworkId framework, TaskState state) {}

    private final Map<TaskId, Known> tasks = new LinkedHashMap<>();

    void reset(List<AgentToMaster.KnownTask> listed) {
        tasks.clear();
        listed.forEach(task -> put(task.info().id(), task.info().framework(), task.state()));
    }

    void put(TaskId task, FrameworkId framework, TaskState state) {
        tasks.put(task, new Known(framework, state));
    }

    void launched(TaskId task, FrameworkId framework) {
        tasks.putIfAbsent(task, new Known(framework, TaskState.STAGING));
    }

    boolean contains(TaskId task) {
        return tasks.containsKey(task);
    }

    /** The agent forgets a task once its end is acknowledged. */
    void acknowledged(TaskId task) {
        Known known = tasks.get(task);
        if (known != null && known.state().isTerminal()) {
            tasks.remove(task);
        }
    }

    Set<FrameworkId> frameworks() {
        Set<FrameworkId> frameworks = new LinkedHashSet<>();
        tasks.values().forEach(known -> frameworks.add(known.framework()));
        return frameworks;
    }

    List<AgentReport.Listed> of(FrameworkId framework) {
        return tasks.entrySet().stream()
                .filter(entry -> entry.getValue().framework().equals(framework))
                .map(entry ->
                        new AgentReport.Listed(entry.getKey(), entry.getValue().state()))
                .toList();
    }

    /** What of these is running and so holds resources. */
    static List<AllocatorMessage.RunningTask> running(List<AgentToMaster.KnownTask> listed) {
        return listed.stream()
                .filter(task -> !task.state().isTerminal())
                .map(task -> new AllocatorMessage.RunningTask(
                        task.info().framework(), task.info().id(), task.info().resources()))
                .toList();
    }
}
