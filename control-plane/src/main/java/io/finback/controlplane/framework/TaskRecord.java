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
import org.jspecify.annotations.Nullable;

/**
 * What a framework knows of one task. Immutable.
 *
 * @param offers written by version 0.1 alone: what it was launched on; {@link PendingClaim} has it
 * @param refuse likewise
 * @param latest what was last said of it; a terminal one is never replaced
 * @param reported whether the agent ever spoke of it
 * @param killWanted whether it shall end; never taken back
 * @param unacknowledged updates the scheduler has not taken, oldest first
 * @param lastAcknowledged the uuid taken last: its repetition means that the agent does not know yet
 * @param history what was said of it, oldest first, one per state in a row, the last {@link #REMEMBERED}
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
        Optional<String> lastAcknowledged,
        List<TaskStatus> history) {
    /** A task's life is three or four states; a health check may make more of it. */
    static final int REMEMBERED = 16;

    TaskRecord(
            TaskInfo info,
            List<OfferId> offers,
            Duration refuse,
            TaskStatus latest,
            boolean reported,
            boolean killWanted,
            Optional<Duration> killGrace,
            List<TaskStatus> unacknowledged,
            Optional<String> lastAcknowledged,
            @Nullable List<TaskStatus> history) {
        this.info = info;
        this.offers = List.copyOf(offers);
        this.refuse = refuse;
        this.latest = latest;
        this.reported = reported;
        this.killWanted = killWanted;
        this.killGrace = killGrace;
        this.unacknowledged = List.copyOf(unacknowledged);
        this.lastAcknowledged = lastAcknowledged;
        this.history = history == null ? List.of() : List.copyOf(history);
    }

    static TaskRecord accepted(TaskInfo info, Instant at) {
        return new TaskRecord(
                info,
                List.of(),
                Duration.ZERO,
                Statuses.byMaster(info, TaskState.STAGING, "", "", at),
                false,
                false,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                List.of());
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
                lastAcknowledged,
                remembering(status));
    }

    TaskRecord acknowledged(String uuid) {
        List<TaskStatus> waiting = unacknowledged.stream()
                .filter(status -> !status.uuid().equals(Optional.of(uuid)))
                .toList();
        return new TaskRecord(
                info, offers, refuse, latest, reported, killWanted, killGrace, waiting, Optional.of(uuid), history);
    }

    TaskRecord withKill(Optional<Duration> grace) {
        return new TaskRecord(
                info, offers, refuse, latest, reported, true, grace, unacknowledged, lastAcknowledged, history);
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

    private List<TaskStatus> remembering(TaskStatus status) {
        List<TaskStatus> all = new ArrayList<>(history);
        if (!all.isEmpty() && all.get(all.size() - 1).state() == status.state()) {
            all.remove(all.size() - 1);
        }
        all.add(status);
        return all.size() > REMEMBERED ? all.subList(all.size() - REMEMBERED, all.size()) : all;
    }
}
