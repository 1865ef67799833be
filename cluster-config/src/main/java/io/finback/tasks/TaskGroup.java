package io.finback.tasks;

/**
 * The tasks of one LAUNCH_GROUP. Each of them says which group it is of, so that an agent knows when it has them all.
 *
 * @param id unique within the framework
 * @param size how many tasks it has, at least 1
 */
public record TaskGroup(String id, int size) {
    public TaskGroup {
        if (size < 1) {
            throw new IllegalArgumentException("group.size: " + size + " (expected: >= 1)");
        }
    }
}
