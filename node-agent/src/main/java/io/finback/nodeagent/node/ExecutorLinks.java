package io.finback.nodeagent.node;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.TaskKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The streams of executors that have subscribed, by their runs, and what they are owed. One owner, one thread: that of {@link ExecutorWork}. */
final class ExecutorLinks {
    private static final class Link {
        private final ExecutorStream stream;
        private final Set<TaskKey> killed = new HashSet<>();

        private Link(ExecutorStream stream) {
            this.stream = stream;
        }
    }

    private record Owed(TaskKey run, TaskKey task, String uuid) {}

    private final Map<TaskKey, Link> links = new HashMap<>();
    private final List<Owed> owed = new ArrayList<>();

    boolean has(TaskKey run) {
        return links.containsKey(run);
    }

    void open(TaskKey run, ExecutorStream stream) {
        links.put(run, new Link(stream));
    }

    /** False when there was none. */
    @CanIgnoreReturnValue // it is gone in either case
    boolean close(TaskKey run) {
        Link link = links.remove(run);
        if (link != null) {
            link.stream.close();
        }
        return link != null;
    }

    void closeAll() {
        links.values().forEach(link -> link.stream.close());
        links.clear();
    }

    /** A stream has ended on its own; returns the runs it was of. */
    List<TaskKey> left(ExecutorStream stream) {
        List<TaskKey> runs = links.entrySet().stream()
                .filter(entry -> entry.getValue().stream.equals(stream))
                .map(Map.Entry::getKey)
                .toList();
        runs.forEach(links::remove);
        return runs;
    }

    /** False: nobody hears it. */
    @CanIgnoreReturnValue // what is not heard is said again
    boolean send(TaskKey run, ExecutorEvent event) {
        Link link = links.get(run);
        if (link != null) {
            link.stream.send(event);
        }
        return link != null;
    }

    /** Says it once on a stream. */
    void kill(TaskKey run, AgentTask task) {
        Link link = links.get(run);
        if (link != null && link.killed.add(task.key())) {
            link.stream.send(new ExecutorEvent.Kill(
                    task.info().id(), task.kill().map(order -> order.grace())));
        }
    }

    /** An executor is to hear that its update is taken, once its task is on disk. */
    void owe(TaskKey run, TaskKey task, String uuid) {
        owed.add(new Owed(run, task, uuid));
    }

    void acknowledge(Predicate<TaskKey> isStored) {
        owed.removeIf(one -> {
            boolean stored = isStored.test(one.task());
            if (stored) {
                send(one.run(), new ExecutorEvent.Acknowledged(one.task().task(), one.uuid()));
            }
            return stored;
        });
    }
}
