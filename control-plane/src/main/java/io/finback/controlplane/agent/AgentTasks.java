package io.finback.controlplane.agent;

import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.framework.AgentReport;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskState;
import io.finback.wire.AgentToMaster;
import io.finback.wire.Parts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What an agent has, as far as its session knows: what it listed, and what it confirmed since. Kept up to date, so that a framework
 * that hears of a registration late does not miss tasks that came after it.
 */
final class AgentTasks {
    private final Map<FrameworkId, SortedMap<TaskId, TaskState>> tasks = new LinkedHashMap<>();

    void reset(List<AgentToMaster.KnownTask> listed) {
        tasks.clear();
        listed.forEach(
                task -> put(TaskKey.of(task.info().framework(), task.info().id()), task.state()));
    }

    void put(TaskKey task, TaskState state) {
        of(task).put(task.task(), state);
    }

    void launched(TaskKey task) {
        of(task).putIfAbsent(task.task(), TaskState.STAGING);
    }

    boolean contains(TaskKey task) {
        return tasks.getOrDefault(task.framework(), new TreeMap<>()).containsKey(task.task());
    }

    static Map<FrameworkId, List<TaskId>> byFramework(List<TaskKey> keys) {
        Map<FrameworkId, List<TaskId>> tasks = new LinkedHashMap<>();
        keys.forEach(key ->
                tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>()).add(key.task()));
        return tasks;
    }

    /** Those that have not ended. */
    Stream<TaskKey> living() {
        return tasks.entrySet().stream().flatMap(mine -> mine.getValue().entrySet().stream()
                .filter(task -> !task.getValue().isTerminal())
                .map(task -> TaskKey.of(mine.getKey(), task.getKey())));
    }

    /** The agent forgets a task once its end is acknowledged. */
    void acknowledged(TaskKey task) {
        SortedMap<TaskId, TaskState> mine = tasks.getOrDefault(task.framework(), new TreeMap<>());
        TaskState known = mine.get(task.task());
        if (known != null && known.isTerminal()) {
            mine.remove(task.task());
            if (mine.isEmpty()) {
                tasks.remove(task.framework());
            }
        }
    }

    Set<FrameworkId> frameworks() {
        return Set.copyOf(tasks.keySet());
    }

    /** The framework's tasks within a span. */
    List<AgentReport.Listed> of(FrameworkId framework, AgentReport.Span span) {
        return tasks.getOrDefault(framework, new TreeMap<>()).entrySet().stream()
                .filter(entry -> span.contains(entry.getKey()))
                .map(entry -> new AgentReport.Listed(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** Stretches of ids that are together everything, each with so many of its tasks and {@code others} that a report fits a frame. */
    List<AgentReport.Span> spans(FrameworkId framework, List<TaskId> others) {
        SortedSet<TaskId> ids =
                new TreeSet<>(tasks.getOrDefault(framework, new TreeMap<>()).keySet());
        ids.addAll(others);
        List<List<TaskId>> cut = Parts.of(List.copyOf(ids));
        List<AgentReport.Span> spans = new ArrayList<>();
        Optional<TaskId> after = Optional.empty();
        for (int i = 0; i < Math.max(1, cut.size()); i++) {
            boolean last = i + 1 >= cut.size();
            Optional<TaskId> upTo = last
                    ? Optional.empty()
                    : Optional.of(cut.get(i).get(cut.get(i).size() - 1));
            spans.add(new AgentReport.Span(i, after, upTo));
            after = upTo;
        }
        return spans;
    }

    /** What of these is running and so holds resources. */
    static List<AllocatorMessage.RunningTask> running(List<AgentToMaster.KnownTask> listed) {
        return listed.stream()
                .filter(task -> !task.state().isTerminal())
                .map(task -> new AllocatorMessage.RunningTask(
                        task.info().framework(),
                        task.info().id(),
                        task.info().resources(),
                        task.info().role()))
                .toList();
    }

    private SortedMap<TaskId, TaskState> of(TaskKey task) {
        return tasks.computeIfAbsent(task.framework(), id -> new TreeMap<>());
    }
}
