package io.finback.tasks;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that was said of a task. Source: Mesos {@code TaskStatus}.
 *
 * @param uuid names this update; it is resent until acknowledged by this name. Agents name every update, masters only the end of a
 *     task (which must be heard once); empty: nothing is resent, such as {@code TASK_UNREACHABLE} or an answer to a reconciliation
 * @param at when it happened, by the clock of who says it
 * @param reason Mesos' reason without {@code REASON_}, such as {@code COMMAND_EXECUTOR_FAILED}
 * @param message for people, such as {@code Command exited with status 3}
 * @param healthy what the health check says; empty: none is configured or it has not spoken
 * @param pid the task's process on its agent, while it has one
 * @param unreachableAt since when the agent is gone, for {@code TASK_UNREACHABLE}
 * @param details what it says beyond this
 */
public record TaskStatus(
        TaskId task,
        FrameworkId framework,
        AgentId agent,
        TaskState state,
        Source source,
        Optional<String> uuid,
        Instant at,
        Optional<String> reason,
        Optional<String> message,
        Optional<Boolean> healthy,
        Optional<Long> pid,
        Optional<Instant> unreachableAt,
        StatusDetails details) {

    /** The details may be missing in what an earlier version has written. */
    public TaskStatus(
            TaskId task,
            FrameworkId framework,
            AgentId agent,
            TaskState state,
            Source source,
            Optional<String> uuid,
            Instant at,
            Optional<String> reason,
            Optional<String> message,
            Optional<Boolean> healthy,
            Optional<Long> pid,
            Optional<Instant> unreachableAt,
            @Nullable StatusDetails details) {
        this.task = task;
        this.framework = framework;
        this.agent = agent;
        this.state = state;
        this.source = source;
        this.uuid = uuid;
        this.at = at;
        this.reason = reason;
        this.message = message;
        this.healthy = healthy;
        this.pid = pid;
        this.unreachableAt = unreachableAt;
        this.details = details == null ? StatusDetails.NONE : details;
    }

    public TaskStatus(
            TaskId task,
            FrameworkId framework,
            AgentId agent,
            TaskState state,
            Source source,
            Optional<String> uuid,
            Instant at,
            Optional<String> reason,
            Optional<String> message,
            Optional<Boolean> healthy,
            Optional<Long> pid,
            Optional<Instant> unreachableAt) {
        this(
                task,
                framework,
                agent,
                state,
                source,
                uuid,
                at,
                reason,
                message,
                healthy,
                pid,
                unreachableAt,
                StatusDetails.NONE);
    }

    public TaskStatus(
            TaskId task,
            FrameworkId framework,
            AgentId agent,
            TaskState state,
            Source source,
            Optional<String> uuid,
            Instant at,
            Optional<String> reason,
            Optional<String> message,
            Optional<Boolean> healthy,
            Optional<Long> pid) {
        this(task, framework, agent, state, source, uuid, at, reason, message, healthy, pid, Optional.empty());
    }

    /** The same, with other details. */
    public TaskStatus withDetails(StatusDetails other) {
        return new TaskStatus(
                task, framework, agent, state, source, uuid, at, reason, message, healthy, pid, unreachableAt, other);
    }

    /** Who says it. */
    public enum Source {
        MASTER,
        AGENT,
        EXECUTOR
    }
}
