package io.finback.nodeagent.node;

import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.Set;

/** What an executor says to this agent. Source: Mesos {@code mesos.v1.executor.Call}. */
public sealed interface ExecutorCall {
    FrameworkId framework();

    String executor();

    /**
     * Starts a stream, instead of any other it has.
     *
     * @param unacknowledgedTasks launched there, and of none of them was an update acknowledged
     * @param unacknowledgedUpdates said before, and perhaps not heard
     */
    record Subscribe(
            FrameworkId framework,
            String executor,
            Set<TaskId> unacknowledgedTasks,
            List<TaskStatus> unacknowledgedUpdates,
            ExecutorStream stream)
            implements ExecutorCall {
        public Subscribe {
            unacknowledgedTasks = Set.copyOf(unacknowledgedTasks);
            unacknowledgedUpdates = List.copyOf(unacknowledgedUpdates);
        }
    }

    record Update(FrameworkId framework, String executor, TaskStatus status) implements ExecutorCall {}

    record Message(FrameworkId framework, String executor, Bytes data) implements ExecutorCall {}

    /** It is still there. */
    record Heartbeat(FrameworkId framework, String executor) implements ExecutorCall {}

    /** What became of a call. */
    enum Answer {
        DONE,
        NO_FRAMEWORK,
        NO_EXECUTOR,
        NOT_SUBSCRIBED
    }
}
