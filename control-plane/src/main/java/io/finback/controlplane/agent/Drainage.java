package io.finback.controlplane.agent;

import io.finback.controlplane.allocation.AgentTerms;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What an operator's drain of an agent changes in its conversation: everything there is killed, each task once per session, nothing
 * new is launched, and what ended by it says so. Source: apache/mesos {@code docs/maintenance.md}, agent draining.
 */
final class Drainage {
    static final String REASON = "AGENT_DRAINING";

    private Optional<AgentTerms.Drain> drain = Optional.empty();
    private final Set<TaskKey> killed = new HashSet<>();

    void set(Optional<AgentTerms.Drain> wanted) {
        if (!drain.equals(wanted)) {
            killed.clear();
        }
        drain = wanted;
    }

    /** The agent has registered: orders to the one before may not have arrived. */
    void restart() {
        killed.clear();
    }

    boolean isOn() {
        return drain.isPresent();
    }

    /** Kills everything that lives and was not killed yet. */
    void kill(AgentTasks tasks, Outbox outbox, Instant now) {
        if (isOn()) {
            Stream.concat(tasks.living(), outbox.launching())
                    .filter(task -> !killed.contains(task))
                    .toList()
                    .forEach(task -> {
                        if (outbox.kill(capped(new MasterToAgent.KillTask(task, Optional.empty())), now)) {
                            killed.add(task);
                        }
                    });
        }
    }

    /** An order as it goes to the agent: within the drain's grace. */
    MasterToAgent.KillTask capped(MasterToAgent.KillTask kill) {
        return drain.flatMap(AgentTerms.Drain::maxGrace)
                .map(most -> new MasterToAgent.KillTask(kill.task(), kill.grace(), Optional.of(most)))
                .orElse(kill);
    }

    /** Of these launches, those that may not reach the agent. One that was sent before may have reached it, and goes on. */
    List<TaskInfo> refused(List<TaskInfo> launches, AgentTasks tasks, Outbox outbox) {
        return isOn()
                ? launches.stream()
                        .filter(task -> {
                            TaskKey key = TaskKey.of(task.framework(), task.id());
                            return !tasks.contains(key) && !outbox.isLaunching(key);
                        })
                        .toList()
                : List.of();
    }

    /** A status as it is passed on. */
    TaskStatus explained(TaskStatus status) {
        if (drain.isEmpty() || status.state() != TaskState.KILLED) {
            return status;
        }
        return new TaskStatus(
                status.task(),
                status.framework(),
                status.agent(),
                drain.get().markGone() ? TaskState.GONE_BY_OPERATOR : TaskState.KILLED,
                status.source(),
                status.uuid(),
                status.at(),
                Optional.of(REASON),
                Optional.of("agent is drained; " + status.message().orElse("killed")),
                status.healthy(),
                status.pid());
    }
}
