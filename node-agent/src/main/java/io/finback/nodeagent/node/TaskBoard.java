package io.finback.nodeagent.node;

import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.TaskKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What readers see of the tasks: written by {@link TasksActor} alone, read by the API and by metrics, so that no query ever waits
 * in the actor's mailbox. Thread-safe; a list may mix two moments, a task never does.
 */
public final class TaskBoard {
    private static final Comparator<AgentTask> ORDER =
            Comparator.<AgentTask, Instant>comparing(task -> task.received()).thenComparing(AgentTask::key);

    private final Map<TaskKey, AgentTask> live = new ConcurrentHashMap<>();
    private final Map<TaskKey, AgentTask> ended = new ConcurrentHashMap<>();
    private final AtomicLong launches = new AtomicLong();
    private final AtomicLong ends = new AtomicLong();
    private final TaskCounts counts = new TaskCounts();
    private final AtomicLong checkpointFailures = new AtomicLong();

    /** What has been counted. */
    public TaskCounts counts() {
        return counts;
    }

    /** Tasks that are not done: staged, running, or ended with something left to be acknowledged; the oldest first. */
    public List<AgentTask> live() {
        return sorted(live);
    }

    /** One that is not done. */
    public Optional<AgentTask> find(TaskKey key) {
        return Optional.ofNullable(live.get(key));
    }

    /** The last ones that are done, the oldest first. */
    public List<AgentTask> ended() {
        return sorted(ended);
    }

    /** Launches taken since this process started. */
    public long launches() {
        return launches.get();
    }

    /** Ends seen since this process started. */
    public long ends() {
        return ends.get();
    }

    /** Writes to disk that failed since this process started. */
    public long checkpointFailures() {
        return checkpointFailures.get();
    }

    void clear() {
        live.clear();
        ended.clear();
    }

    void put(AgentTask task) {
        live.put(task.key(), task);
    }

    void bury(AgentTask task) {
        ended.put(task.key(), task);
        live.remove(task.key());
    }

    void forget(AgentTask task) {
        ended.remove(task.key());
    }

    void countLaunch() {
        launches.incrementAndGet();
    }

    void countEnd() {
        ends.incrementAndGet();
    }

    void countCheckpointFailure() {
        checkpointFailures.incrementAndGet();
    }

    private static List<AgentTask> sorted(Map<TaskKey, AgentTask> tasks) {
        List<AgentTask> list = new ArrayList<>(tasks.values());
        list.sort(ORDER);
        return list;
    }
}
