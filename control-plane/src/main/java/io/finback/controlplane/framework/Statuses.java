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
                Optional.empty(),
                state == TaskState.UNREACHABLE ? Optional.of(at) : Optional.empty());
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
                latest.pid(),
                latest.unreachableAt(),
                latest.details());
    }

    /** The answer to a question about a task that is not known here, as far as its agent is. */
    static TaskStatus unknown(
            TaskId task,
            FrameworkId framework,
            Optional<AgentId> agent,
            TaskState state,
            Optional<Instant> unreachableAt,
            Instant at) {
        return new TaskStatus(
                task,
                framework,
                agent.orElse(NO_AGENT),
                state,
                TaskStatus.Source.MASTER,
                Optional.empty(),
                at,
                Optional.of("RECONCILIATION"),
                Optional.of("unknown task"),
                Optional.empty(),
                Optional.empty(),
                unreachableAt);
    }

    /** The same, with another reason. */
    static TaskStatus because(TaskStatus status, String reason) {
        return new TaskStatus(
                status.task(),
                status.framework(),
                status.agent(),
                status.state(),
                status.source(),
                status.uuid(),
                status.at(),
                Optional.of(reason),
                status.message(),
                status.healthy(),
                status.pid(),
                status.unreachableAt(),
                status.details());
    }

    /** The same, called by the name that its scheduler knows. */
    static TaskStatus understood(TaskStatus status, TaskState as) {
        return status.state() == as
                ? status
                : new TaskStatus(
                        status.task(),
                        status.framework(),
                        status.agent(),
                        as,
                        status.source(),
                        status.uuid(),
                        status.at(),
                        status.reason(),
                        status.message(),
                        status.healthy(),
                        status.pid(),
                        status.unreachableAt(),
                        status.details());
    }

    private static Optional<String> text(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
