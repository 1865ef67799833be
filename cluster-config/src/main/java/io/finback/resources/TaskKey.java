package io.finback.resources;

import java.util.Comparator;

/** Names a task in the whole cluster: task ids are unique within their framework only. */
public record TaskKey(FrameworkId framework, TaskId task) implements Comparable<TaskKey> {
    private static final Comparator<TaskKey> ORDER =
            Comparator.comparing((TaskKey key) -> key.framework().value()).thenComparing(TaskKey::task);

    public static TaskKey of(FrameworkId framework, TaskId task) {
        return new TaskKey(framework, task);
    }

    @Override
    public int compareTo(TaskKey other) {
        return ORDER.compare(this, other);
    }

    /** {@code framework/task}: no id holds a slash. */
    @Override
    public String toString() {
        return framework + "/" + task;
    }
}
