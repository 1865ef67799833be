package io.finback.nodeagent.node;

import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What this process has counted since it started; written by {@link TasksActor}, read by metrics. Thread-safe. */
public final class TaskCounts {
    private final Map<TaskState, LongAdder> ends = new ConcurrentHashMap<>();
    private final LongAdder updates = new LongAdder();
    private final LongAdder launchErrors = new LongAdder();
    private final LongAdder preemptions = new LongAdder();
    private final LongAdder unhealthy = new LongAdder();
    private final AtomicLong recoveryNanos = new AtomicLong();
    private final AtomicLong recoveryErrors = new AtomicLong();

    /** Tasks that came to this end. */
    public long ends(TaskState state) {
        LongAdder count = ends.get(state);
        return count == null ? 0 : count.sum();
    }

    /** Status updates made. */
    public long updates() {
        return updates.sum();
    }

    /** Tasks that could not be started. */
    public long launchErrors() {
        return launchErrors.sum();
    }

    /** Tasks on revocable resources that were ended because others needed them. */
    public long preemptions() {
        return preemptions.sum();
    }

    /** Tasks whose health check said for the first time, or again, that they are not well. */
    public long unhealthy() {
        return unhealthy.sum();
    }

    /** How long it took to read what the last agent left. */
    public double recoverySeconds() {
        return recoveryNanos.get() / 1e9;
    }

    /** Files of it that could not be understood. */
    public long recoveryErrors() {
        return recoveryErrors.get();
    }

    void recovered(Duration took, int errors) {
        recoveryNanos.set(took.toNanos());
        recoveryErrors.set(errors);
    }

    void said(TaskStatus update) {
        updates.increment();
        Optional<String> reason = update.reason();
        if (!update.state().isTerminal()) {
            if (update.healthy().equals(Optional.of(false))) {
                unhealthy.increment();
            }
            return;
        }
        ends.computeIfAbsent(update.state(), state -> new LongAdder()).increment();
        if (reason.equals(Optional.of("CONTAINER_LAUNCH_FAILED"))) {
            launchErrors.increment();
        }
        if (reason.equals(Optional.of("CONTAINER_PREEMPTED"))) {
            preemptions.increment();
        }
    }
}
