package io.finback.nodeagent.task;

import io.finback.resources.TaskKey;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which updates to say now: per task in order, only the oldest unacknowledged one in flight, said again after {@code first},
 * doubling up to {@code longest}, until it is acknowledged. Not thread-safe; one owner. Pure but for being mutable: time is an
 * argument, in nanoseconds of any steady clock.
 *
 * <p>Source: apache/mesos {@code src/slave/task_status_update_manager.cpp} (there 10 s doubling to 10 min).
 */
public final class UpdateStreams {
    private final Duration first;
    private final Duration longest;
    private final Map<TaskKey, Stream> streams = new LinkedHashMap<>();

    /** One task's updates; the head is in flight once {@code pause} is not zero. */
    private static final class Stream {
        private final Deque<TaskStatus> waiting = new ArrayDeque<>();
        private long dueNanos;
        private Duration pause = Duration.ZERO;
    }

    public UpdateStreams(Duration first, Duration longest) {
        this.first = first;
        this.longest = longest;
    }

    /** Queues an update; one that is already queued (by its uuid) is not queued twice. */
    public void add(TaskStatus update) {
        Stream stream = streams.computeIfAbsent(TaskKey.of(update.framework(), update.task()), key -> new Stream());
        if (stream.waiting.stream().noneMatch(known -> known.uuid().equals(update.uuid()))) {
            stream.waiting.add(update);
        }
    }

    /** The scheduler has the head; the next one of the task is due at once. Anything but the head is an echo: false. */
    public boolean acknowledge(TaskKey task, String uuid) {
        Stream stream = streams.get(task);
        if (stream == null || !stream.waiting.getFirst().uuid().equals(Optional.of(uuid))) {
            return false;
        }
        stream.waiting.removeFirst();
        stream.pause = Duration.ZERO;
        if (stream.waiting.isEmpty()) {
            streams.remove(task);
        }
        return true;
    }

    /** Returns at most {@code limit} heads that are due, and counts them as said. */
    public List<TaskStatus> due(long nowNanos, int limit) {
        List<TaskStatus> due = new ArrayList<>();
        for (Stream stream : streams.values()) {
            if (due.size() == limit) {
                break;
            }
            if (stream.pause.isZero() || nowNanos - stream.dueNanos >= 0) {
                due.add(stream.waiting.getFirst());
                Duration next = stream.pause.isZero() ? first : stream.pause.multipliedBy(2);
                stream.pause = next.compareTo(longest) > 0 ? longest : next;
                stream.dueNanos = nowNanos + stream.pause.toNanos();
            }
        }
        return due;
    }

    /** A new registration: every head is due at once and the pauses begin anew. */
    public void reset() {
        streams.values().forEach(stream -> stream.pause = Duration.ZERO);
    }

    /** Updates waiting or in flight, over all tasks. */
    public int size() {
        return streams.values().stream()
                .mapToInt(stream -> stream.waiting.size())
                .sum();
    }
}
