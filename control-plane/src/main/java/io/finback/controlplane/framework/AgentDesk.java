package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a framework makes of what agents' sessions report. The one rule above all: a task that has ended stays ended. Whatever an agent
 * says later of it is confirmed to the agent, kept from the scheduler, and the task killed should it be running.
 */
final class AgentDesk {
    private final Outbound out;
    private final Map<AgentId, Long> heard = new HashMap<>();
    private FrameworkRound round;
    private Instant now = Instant.EPOCH;

    AgentDesk(Outbound out, FrameworkRound first) {
        this.out = out;
        this.round = first;
    }

    void begin(FrameworkRound next, Instant at) {
        round = next;
        now = at;
    }

    /** The agent registered: what it lists lives, what it does not list and might have had is lost, the rest is launched again. */
    void agentBack(AgentReport.AgentBack report, FrameworkId framework) {
        if (report.session() < heard.getOrDefault(report.agent(), Long.MIN_VALUE)) {
            return;
        }
        heard.put(report.agent(), report.session());
        out.tellSession(
                report.agent(),
                new SessionOrder.Heard(
                        framework, report.session(), report.span().number(), false));
        Set<TaskId> listed = new HashSet<>();
        for (AgentReport.Listed task : report.listed()) {
            listed.add(task.task());
            round.task(task.task())
                    .ifPresentOrElse(record -> listed(record, task), () -> listedUnknown(report.agent(), task));
        }
        for (TaskRecord record : round.tasksOn(report.agent())) {
            TaskId id = record.info().id();
            if (report.span().contains(id) && !listed.contains(id) && !record.isTerminal()) {
                unlisted(record);
            }
        }
        for (TaskId task : report.held()) {
            boolean live =
                    round.task(task).filter(record -> !record.isTerminal()).isPresent();
            if (!live && !listed.contains(task)) {
                out.release(task, now);
            }
        }
    }

    /** These launches have not reached the agent and never will. */
    void dropped(AgentReport.Dropped report) {
        for (TaskId task : report.tasks()) {
            round.task(task)
                    .filter(record -> !record.isTerminal() && record.isUnreported() && !out.isClaiming(task))
                    .ifPresent(record -> say(record, TaskState.LOST, report.reason(), report.message()));
        }
    }

    /** The agent is gone for now: so are its tasks, which keep what they hold. Or it is removed: they are over. */
    void agentGone(AgentReport.AgentGone report, FrameworkId framework) {
        if (report.session() < heard.getOrDefault(report.agent(), Long.MIN_VALUE)) {
            return;
        }
        heard.put(report.agent(), report.session());
        out.tellSession(report.agent(), new SessionOrder.Heard(framework, report.session(), 0, true));
        for (TaskRecord record : round.tasksOn(report.agent())) {
            out.launchReceived(record.info().id());
            if (!record.isTerminal() && report.removed()) {
                say(record, TaskState.GONE_BY_OPERATOR, "AGENT_REMOVED_BY_OPERATOR", "agent removed by an operator");
            } else if (!record.isTerminal() && record.latest().state() != TaskState.UNREACHABLE) {
                say(record, TaskState.UNREACHABLE, "AGENT_REMOVED", "agent unreachable");
            }
        }
    }

    void updates(AgentReport.Updates report) {
        report.updates().forEach(status -> round.task(status.task())
                .ifPresentOrElse(record -> update(record, status), () -> updateOfUnknown(status)));
    }

    void received(AgentReport.Received report) {
        report.launched().forEach(out::launchReceived);
        report.killed().forEach(out::killReceived);
    }

    /** Says of the task what a master decided. */
    void say(TaskRecord record, TaskState state, String reason, String message) {
        TaskStatus status = Statuses.byMaster(record.info(), state, reason, message, now);
        round.status(record, status);
        announce(status);
    }

    private void update(TaskRecord record, TaskStatus status) {
        String uuid = status.uuid().orElse("");
        if (!status.agent().equals(record.info().agent())
                || record.unacknowledged(uuid).isPresent()) {
            return;
        }
        if (record.lastAcknowledged().equals(Optional.of(uuid))) {
            out.acknowledgeToAgent(status);
            return;
        }
        if (record.isTerminal()) {
            out.acknowledgeToAgent(status);
            if (!status.state().isTerminal()) {
                out.killOnce(status.agent(), status.task(), Optional.empty());
            }
            return;
        }
        out.launchReceived(status.task());
        round.status(record, status);
        announce(status);
    }

    /** Ended and acknowledged long ago, or never ours (the journal was wiped): nobody else will take this. */
    private void updateOfUnknown(TaskStatus status) {
        out.acknowledgeToAgent(status);
        if (status.state().isTerminal()) {
            out.release(status.task(), now);
        } else {
            out.killOnce(status.agent(), status.task(), Optional.empty());
        }
    }

    private void announce(TaskStatus status) {
        if (status.state().isTerminal()) {
            out.release(status.task(), now);
        }
        if (round.isTornDown()) {
            // Nobody is left to take it.
            status.uuid().ifPresent(uuid -> round.task(status.task()).ifPresent(record -> {
                round.acknowledge(record, uuid);
                out.acknowledgeToAgent(status);
            }));
        } else {
            out.update(status, now);
        }
    }

    private void listed(TaskRecord record, AgentReport.Listed task) {
        if (task.state().isTerminal()) {
            return;
        }
        out.launchReceived(task.task());
        if (record.isTerminal() || record.killWanted()) {
            out.kill(record, now);
        }
        if (record.latest().state() == TaskState.UNREACHABLE) {
            say(record, task.state(), "AGENT_REREGISTERED", "agent is back");
        }
    }

    private void listedUnknown(AgentId agent, AgentReport.Listed task) {
        if (!task.state().isTerminal()) {
            out.killOnce(agent, task.task(), Optional.empty());
        }
    }

    private void unlisted(TaskRecord record) {
        TaskId id = record.info().id();
        if (out.isClaiming(id)) {
            return;
        }
        if (record.isUnreported() && out.isLaunching(id)) {
            out.launch(record.info(), now);
        } else {
            say(record, TaskState.LOST, "AGENT_REREGISTERED", "the agent came back without it");
        }
    }
}
