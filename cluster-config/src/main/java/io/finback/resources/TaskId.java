package io.finback.resources;

/**
 * Names a task. Chosen by the scheduler, unique within its framework, never used for a second launch.
 *
 * @param value 1 to 255 characters; no control characters, no {@code /}
 */
public record TaskId(String value) implements Comparable<TaskId> {
    public TaskId {
        Ids.check("TaskId", value);
    }

    public static TaskId of(String value) {
        return new TaskId(value);
    }

    @Override
    public int compareTo(TaskId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
