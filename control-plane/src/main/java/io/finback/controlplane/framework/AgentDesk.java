package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a framework makes of what agents' sessions report. A task that has ended stays ended: whatever an agent says later of it is
 * confirmed to the agent, kept from the scheduler, and the task killed should it be running.
 */
final class AgentDesk {
    private final Turn turn;
    private final Map<AgentId, Long> heard = new HashMap<>();
    private final Map<AgentId, Long> failed = new HashMap<>();

    AgentDesk(Turn turn) {
        this.turn = turn;
    }

    /** The agent registered: what it lists lives, what it does not list and might have had is lost, the rest is launched again. */
    void agentBack(AgentReport.AgentBack report) {
        if (!hear(report.agent(), report.session())) {
            return;
        }
        turn.out()
                .tellSession(
                        report.agent(),
                        new SessionOrder.Heard(
                                turn.id(), report.session(), report.span().number(), false));
        Set<TaskId> listed = new HashSet<>();
        for (AgentReport.Listed task : report.listed()) {
            listed.add(task.task());
            turn.round()
                    .task(task.task())
                    .ifPresentOrElse(record -> listed(record, task), () -> listedUnknown(report.agent(), task));
        }
        for (TaskRecord record : turn.round().tasksOn(report.agent())) {
            TaskId id = record.info().id();
            if (report.span().contains(id) && !listed.contains(id) && !record.isTerminal()) {
                unlisted(record);
            }
        }
        for (TaskId task : report.held()) {
            boolean live = turn.round()
                    .task(task)
                    .filter(record -> !record.isTerminal())
                    .isPresent();
            if (!live && !listed.contains(task)) {
                turn.out().release(task, turn.now());
            }
        }
    }

    /** The agent is gone for now: so are its tasks, which may come back with it. Or it is {@code removed}: they are over. */
    void agentGone(AgentId agent, long session, boolean removed) {
        if (!hear(agent, session)) {
            return;
        }
        turn.out().tellSession(agent, new SessionOrder.Heard(turn.id(), session, 0, true));
        if (!Optional.of(session).equals(Optional.ofNullable(failed.put(agent, session)))) {
            turn.courier().tell(new SchedulerEvent.AgentFailure(agent));
        }
        for (TaskRecord record : turn.round().tasksOn(agent)) {
            turn.out().launchReceived(record.info().id());
            if (record.isTerminal()) {
                continue;
            }
            if (removed) {
                removed(record);
            } else if (record.latest().state() != TaskState.UNREACHABLE) {
                turn.say(record, TaskState.UNREACHABLE, "AGENT_REMOVED", "agent unreachable");
            }
        }
    }

    /** These launches have not reached the agent and never will. */
    void dropped(List<TaskId> tasks, String reason, String message) {
        for (TaskId task : tasks) {
            turn.round()
                    .task(task)
                    .filter(record -> !record.isTerminal()
                            && record.isUnreported()
                            && !turn.claims().isPending(task))
                    .ifPresent(record -> turn.say(record, TaskState.DROPPED, reason, message));
        }
    }

    void updates(AgentReport.Updates report) {
        report.updates().forEach(status -> turn.round()
                .task(status.task())
                .ifPresentOrElse(record -> update(record, status), () -> updateOfUnknown(status)));
    }

    void received(AgentReport.Received report) {
        report.launched().forEach(turn.out()::launchReceived);
        report.killed().forEach(turn.out()::killReceived);
    }

    private boolean hear(AgentId agent, long session) {
        if (session < heard.getOrDefault(agent, Long.MIN_VALUE)) {
            return false;
        }
        heard.put(agent, session);
        return true;
    }

    private void removed(TaskRecord record) {
        turn.say(
                record,
                TaskState.GONE_BY_OPERATOR,
                "AGENT_REMOVED_BY_OPERATOR",
                "the agent was removed by an operator");
    }

    private void update(TaskRecord record, TaskStatus status) {
        String uuid = status.uuid().orElse("");
        if (!status.agent().equals(record.info().agent())
                || record.unacknowledged(uuid).isPresent()) {
            return;
        }
        if (record.lastAcknowledged().equals(Optional.of(uuid))) {
            turn.out().acknowledgeToAgent(status);
        } else if (record.isTerminal()) {
            afterTheEnd(status);
        } else if (status.state() == TaskState.KILLING && !turn.understandsKilling()) {
            turn.out().launchReceived(status.task());
            turn.out().acknowledgeToAgent(status);
        } else {
            turn.out().launchReceived(status.task());
            turn.take(record, explained(status));
        }
    }

    /** The task was over for its scheduler; now its agent says so too, or still has to learn it. */
    private void afterTheEnd(TaskStatus status) {
        turn.out().acknowledgeToAgent(status);
        if (status.state().isTerminal()) {
            turn.out().release(status.task(), turn.now());
        } else {
            turn.out().killOnce(status.agent(), status.task(), Optional.empty());
        }
    }

    /** Ended and acknowledged long ago, or never ours (the journal was wiped): nobody else will take this. */
    private void updateOfUnknown(TaskStatus status) {
        afterTheEnd(status);
    }

    /** What a removed framework's task died of is the removal. */
    private TaskStatus explained(TaskStatus status) {
        return turn.round().isRemoved() && status.state() == TaskState.KILLED
                ? Statuses.because(status, "FRAMEWORK_REMOVED")
                : Statuses.understood(status, turn.understood(status.state()));
    }

    private void listed(TaskRecord record, AgentReport.Listed task) {
        if (task.state().isTerminal()) {
            return;
        }
        turn.out().launchReceived(task.task());
        if (record.isTerminal() || record.killWanted() || turn.round().isRemoved()) {
            turn.out().kill(record.info(), record.killGrace(), turn.now());
        }
        if (record.latest().state() == TaskState.UNREACHABLE) {
            turn.say(record, task.state(), "AGENT_REREGISTERED", "agent is back");
        }
    }

    private void listedUnknown(AgentId agent, AgentReport.Listed task) {
        if (!task.state().isTerminal()) {
            turn.out().killOnce(agent, task.task(), Optional.empty());
        }
    }

    private void unlisted(TaskRecord record) {
        TaskId id = record.info().id();
        if (turn.claims().isPending(id)) {
            return;
        }
        if (turn.round().isRemoved()) {
            turn.say(record, TaskState.KILLED, "FRAMEWORK_REMOVED", "Framework has been removed");
        } else if (record.isUnreported() && turn.out().isLaunching(id)) {
            turn.out().launch(record.info(), turn.now());
        } else {
            turn.say(record, TaskState.GONE, "AGENT_REREGISTERED", "the agent came back without it");
        }
    }
}
