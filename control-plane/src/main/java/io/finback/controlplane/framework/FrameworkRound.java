package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The state as the messages of one batch will have left it, and the {@link #event} that makes it so. The state itself is changed only
 * by applying that event.
 */
final class FrameworkRound {
    private final FrameworkState state;
    private final Map<TaskId, TaskRecord> changed = new LinkedHashMap<>();
    private final List<FrameworkEvent.TasksAccepted> accepted = new ArrayList<>();
    private final List<FrameworkEvent.KillWanted> killsWanted = new ArrayList<>();
    private final List<TaskStatus> statuses = new ArrayList<>();
    private final List<FrameworkEvent.Acknowledged> acknowledged = new ArrayList<>();
    private Optional<FrameworkEvent.Subscribed> subscribed = Optional.empty();
    private boolean disconnected;
    private boolean tornDown;

    FrameworkRound(FrameworkState state) {
        this.state = state;
    }

    /** A task that has not ended, or whose end the scheduler has not taken. */
    Optional<TaskRecord> task(TaskId id) {
        TaskRecord mine = changed.get(id);
        return mine == null ? state.task(id) : Optional.of(mine).filter(record -> !record.isDone());
    }

    /** A task that is over for good and still remembered. */
    Optional<TaskRecord> ended(TaskId id) {
        TaskRecord mine = changed.get(id);
        return mine == null ? state.ended(id) : Optional.of(mine).filter(TaskRecord::isDone);
    }

    /** Every task of {@link #task}. O(tasks). */
    List<TaskRecord> tasks() {
        Set<TaskId> ids = new LinkedHashSet<>();
        state.tasks().forEach(record -> ids.add(record.info().id()));
        ids.addAll(changed.keySet());
        return present(ids);
    }

    List<TaskRecord> tasksOn(AgentId agent) {
        Set<TaskId> ids = new LinkedHashSet<>(state.tasksOn(agent));
        changed.forEach((id, record) -> {
            if (record.info().agent().equals(agent)) {
                ids.add(id);
            }
        });
        return present(ids);
    }

    boolean isTornDown() {
        return tornDown || state.isTornDown();
    }

    Optional<FrameworkEvent.Subscribed> subscription() {
        return subscribed.isPresent() ? subscribed : state.subscription();
    }

    void subscribe(FrameworkEvent.Subscribed to) {
        subscribed = Optional.of(to);
        disconnected = false;
    }

    void disconnect() {
        disconnected = true;
    }

    void tearDown() {
        tornDown = true;
    }

    void accept(List<OfferId> offers, Duration refuse, List<TaskInfo> tasks, Instant at) {
        accepted.add(new FrameworkEvent.TasksAccepted(offers, refuse, tasks, at));
        for (TaskInfo task : tasks) {
            changed.put(task.id(), TaskRecord.accepted(task, offers, refuse, at));
        }
    }

    void wantKill(TaskRecord record, Optional<Duration> grace) {
        killsWanted.add(new FrameworkEvent.KillWanted(record.info().id(), grace));
        changed.put(record.info().id(), record.withKill(grace));
    }

    void status(TaskRecord record, TaskStatus status) {
        statuses.add(status);
        changed.put(record.info().id(), record.with(status));
    }

    void acknowledge(TaskRecord record, String uuid) {
        acknowledged.add(new FrameworkEvent.Acknowledged(record.info().id(), uuid));
        changed.put(record.info().id(), record.acknowledged(uuid));
    }

    Set<TaskId> changed() {
        return changed.keySet();
    }

    /** What has to be journaled; empty when nothing durable changed. */
    Optional<FrameworkEvent> event() {
        FrameworkEvent event =
                new FrameworkEvent(subscribed, disconnected, tornDown, accepted, killsWanted, statuses, acknowledged);
        return event.isEmpty() ? Optional.empty() : Optional.of(event);
    }

    private List<TaskRecord> present(Set<TaskId> ids) {
        List<TaskRecord> records = new ArrayList<>(ids.size());
        ids.forEach(id -> task(id).ifPresent(records::add));
        return records;
    }
}
