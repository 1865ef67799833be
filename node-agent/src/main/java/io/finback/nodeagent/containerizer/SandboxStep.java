package io.finback.nodeagent.containerizer;

import io.finback.nodeagent.task.AgentTask;
import java.nio.file.Path;

/** Something done in a new sandbox before its container is prepared, such as fetching files. Thread-safe; may take long. */
@FunctionalInterface
public interface SandboxStep {
    /** Throws when the task cannot be started then; what it has left in the sandbox stays there to be looked at. */
    void fill(AgentTask task, Path sandbox) throws LaunchFailure;
}
