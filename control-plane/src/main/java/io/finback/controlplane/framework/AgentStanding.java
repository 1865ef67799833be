package io.finback.controlplane.framework;

import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.Optional;

/**
 * What is known of an agent when a scheduler asks about a task there that nobody knows. Source: apache/mesos {@code
 * docs/reconciliation.md}.
 *
 * @param lost what has become of the task, then; empty: that cannot be said yet
 * @param since since when the agent is unreachable
 */
public record AgentStanding(Optional<TaskState> lost, Optional<Instant> since) {
    /** Nobody knows the agent. */
    public static final AgentStanding UNKNOWN = new AgentStanding(Optional.of(TaskState.UNKNOWN), Optional.empty());

    /** It is there, and does not have the task. */
    public static final AgentStanding REGISTERED = new AgentStanding(Optional.of(TaskState.GONE), Optional.empty());

    /** An operator has removed it. */
    public static final AgentStanding GONE =
            new AgentStanding(Optional.of(TaskState.GONE_BY_OPERATOR), Optional.empty());

    /** It was known before the masters started and may come back. */
    public static final AgentStanding AWAITED = new AgentStanding(Optional.empty(), Optional.empty());

    public static AgentStanding unreachable(Instant since) {
        return new AgentStanding(Optional.of(TaskState.UNREACHABLE), Optional.of(since));
    }
}
