package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** Status updates made by a master. */
final class Statuses {
    static final AgentId NO_AGENT = AgentId.of("unknown");

    private Statuses() {}

    /**
     * A terminal one carries a uuid, so that it is repeated until the scheduler has it (promise 5); it is derived from the task and
     * the state, because a master ends a task at most once. Others are told once and found again by reconciliation.
     */
    static TaskStatus byMaster(TaskInfo task, TaskState state, String reason, String message, Instant at) {
        Optional<String> uuid = state.isTerminal()
                ? Optional.of(UUID.nameUUIDFromBytes(
                                (task.framework() + "/" + task.id() + "/" + state).getBytes(StandardCharsets.UTF_8))
                        .toString())
                : Optional.empty();
        return new TaskStatus(
                task.id(),
                task.framework(),
                task.agent(),
                state,
                TaskStatus.Source.MASTER,
                uuid,
                at,
                text(reason),
                text(message),
                Optional.empty(),
                Optional.empty());
    }

    /** The answer to a question about a task the framework has or remembers. */
    static TaskStatus reconciled(TaskStatus latest) {
        return new TaskStatus(
                latest.task(),
                latest.framework(),
                latest.agent(),
                latest.state(),
                TaskStatus.Source.MASTER,
                Optional.empty(),
                latest.at(),
                Optional.of("RECONCILIATION"),
                latest.message(),
                latest.healthy(),
                latest.pid());
    }

    /** The answer to a question about a task nobody knows. */
    static TaskStatus unknown(TaskId task, FrameworkId framework, Optional<AgentId> agent, Instant at) {
        return new TaskStatus(
                task,
                framework,
                agent.orElse(NO_AGENT),
                TaskState.LOST,
                TaskStatus.Source.MASTER,
                Optional.empty(),
                at,
                Optional.of("RECONCILIATION"),
                Optional.of("unknown task"),
                Optional.empty(),
                Optional.empty());
    }

    private static Optional<String> text(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
