package io.finback.controlplane.framework;

import io.finback.resources.OfferId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a framework knows of one task. Immutable.
 *
 * @param offers what it was launched on, for claiming again after a failover; empty once the agent has spoken of it
 * @param latest what was last said of it; a terminal one is never replaced
 * @param reported whether the agent ever spoke of it
 * @param killWanted whether it shall end; never taken back
 * @param unacknowledged updates the scheduler has not taken, oldest first
 * @param lastAcknowledged the uuid taken last: its repetition means that the agent does not know yet
 */
record TaskRecord(
        TaskInfo info,
        List<OfferId> offers,
        Duration refuse,
        TaskStatus latest,
        boolean reported,
        boolean killWanted,
        Optional<Duration> killGrace,
        List<TaskStatus> unacknowledged,
        Optional<String> lastAcknowledged) {
    TaskRecord {
        offers = List.copyOf(offers);
        unacknowledged = List.copyOf(unacknowledged);
    }

    static TaskRecord accepted(TaskInfo info, List<OfferId> offers, Duration refuse, Instant at) {
        return new TaskRecord(
                info,
                offers,
                refuse,
                Statuses.byMaster(info, TaskState.STAGING, "", "", at),
                false,
                false,
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    TaskRecord with(TaskStatus status) {
        boolean byAgent = status.source() != TaskStatus.Source.MASTER;
        List<TaskStatus> waiting = new ArrayList<>(unacknowledged);
        if (status.uuid().isPresent()) {
            waiting.add(status);
        }
        return new TaskRecord(
                info,
                byAgent ? List.of() : offers,
                refuse,
                status,
                reported || byAgent,
                killWanted,
                killGrace,
                waiting,
                lastAcknowledged);
    }

    TaskRecord acknowledged(String uuid) {
        List<TaskStatus> waiting = unacknowledged.stream()
                .filter(status -> !status.uuid().equals(Optional.of(uuid)))
                .toList();
        return new TaskRecord(
                info, offers, refuse, latest, reported, killWanted, killGrace, waiting, Optional.of(uuid));
    }

    TaskRecord withKill(Optional<Duration> grace) {
        return new TaskRecord(info, offers, refuse, latest, reported, true, grace, unacknowledged, lastAcknowledged);
    }

    Optional<TaskStatus> unacknowledged(String uuid) {
        return unacknowledged.stream()
                .filter(status -> status.uuid().equals(Optional.of(uuid)))
                .findFirst();
    }

    boolean isTerminal() {
        return latest.state().isTerminal();
    }

    /** Ended, and the scheduler knows. */
    boolean isDone() {
        return isTerminal() && unacknowledged.isEmpty();
    }

    /** Accepted, and not known to have reached its agent. */
    boolean isUnreported() {
        return latest.state() == TaskState.STAGING && !reported;
    }
}
