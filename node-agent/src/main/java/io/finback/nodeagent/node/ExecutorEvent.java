package io.finback.nodeagent.node;

import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.TaskId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What this agent says to an executor that has subscribed. Source: Mesos {@code mesos.v1.executor.Event}. */
public sealed interface ExecutorEvent {

    /** Always the first one. */
    record Subscribed(AgentTask run) implements ExecutorEvent {}

    record Launch(TaskInfo task) implements ExecutorEvent {}

    /** All of them or none. */
    record LaunchGroup(List<TaskInfo> tasks) implements ExecutorEvent {
        public LaunchGroup {
            tasks = List.copyOf(tasks);
        }
    }

    record Kill(TaskId task, Optional<Duration> grace) implements ExecutorEvent {}

    /** The update is on disk here; the executor need not say it again. */
    record Acknowledged(TaskId task, String uuid) implements ExecutorEvent {}

    record Message(Bytes data) implements ExecutorEvent {}

    /** It shall end, and its tasks before it. */
    record Shutdown() implements ExecutorEvent {}

    record Failed(String message) implements ExecutorEvent {}
}
