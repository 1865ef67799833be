package io.finback.nodeagent.containerizer;

import io.finback.nodeagent.task.AgentTask;
import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.util.Optional;

/** Something done in a new sandbox before its container is prepared, such as fetching files. Thread-safe; may take long. */
public interface SandboxStep {
    /** Why it can never be done for this task: the field, its value and what was expected. Quick, asks nobody. */
    default Optional<String> objection(TaskInfo task) {
        return Optional.empty();
    }

    /** Whether filling this task's sandbox may take minutes: then it is done where no other launch waits for it. */
    default boolean takesLong(TaskInfo task) {
        return false;
    }

    /** The task is not wanted any more: {@link #fill} ends soon. Must not block. */
    default void stop(AgentTask task) {}

    /** Throws when the task cannot be started then; what it has left in the sandbox stays there to be looked at. */
    void fill(AgentTask task, Path sandbox) throws LaunchFailure;
}
