package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorRuns;
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
    private final Map<String, Optional<OperationRecord>> changedOperations = new LinkedHashMap<>();
    private final List<FrameworkEvent.TasksAccepted> accepted = new ArrayList<>();
    private final List<FrameworkEvent.KillWanted> killsWanted = new ArrayList<>();
    private final List<TaskStatus> statuses = new ArrayList<>();
    private final List<FrameworkEvent.Acknowledged> acknowledged = new ArrayList<>();
    private Optional<FrameworkEvent.Subscribed> subscribed = Optional.empty();
    private Optional<FrameworkEvent.Preferences> preferences = Optional.empty();
    private Optional<FrameworkEvent.Left> left = Optional.empty();
    private Optional<FrameworkEvent.Removed> removed = Optional.empty();
    private boolean opened;

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

    /** Every task of {@link #task}. O(tasks): for what concerns them all. */
    List<TaskRecord> tasks() {
        Set<TaskId> ids = new LinkedHashSet<>();
        state.tasks().forEach(record -> ids.add(record.info().id()));
        ids.addAll(changed.keySet());
        return present(ids);
    }

    int taskCount() {
        return state.tasks().size() + changed.size();
    }

    /** Those of {@link #task} of which the scheduler has not taken everything. */
    List<TaskRecord> unacknowledged() {
        Set<TaskId> ids = new LinkedHashSet<>(state.unacknowledged());
        ids.addAll(changed.keySet());
        return present(ids).stream()
                .filter(record -> !record.unacknowledged().isEmpty())
                .toList();
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

    /** Runs of executors that have not ended. */
    List<TaskRecord> executorRuns() {
        Set<TaskId> ids = new LinkedHashSet<>(state.executorRuns());
        changed.keySet().stream().filter(ExecutorRuns::isRun).forEach(ids::add);
        return present(ids).stream().filter(record -> !record.isTerminal()).toList();
    }

    boolean isVoid() {
        return state.isVoid() && subscribed.isEmpty();
    }

    boolean isConnected() {
        return !isRemoved() && left.isEmpty() && (subscribed.isPresent() || state.isConnected());
    }

    boolean isRemoved() {
        return removed.isPresent() || state.removed().isPresent();
    }

    Optional<FrameworkEvent.Left> left() {
        return subscribed.isPresent() || left.isPresent() ? left : state.left();
    }

    /** With what was changed since. */
    Optional<FrameworkEvent.Subscribed> subscription() {
        Optional<FrameworkEvent.Subscribed> base = subscribed.isPresent() ? subscribed : state.subscription();
        return preferences.isPresent() ? base.map(known -> known.with(preferences.get())) : base;
    }

    void open() {
        opened = true;
    }

    void subscribe(FrameworkEvent.Subscribed to) {
        subscribed = Optional.of(to);
        preferences = Optional.empty();
        left = Optional.empty();
    }

    void prefer(FrameworkEvent.Preferences wanted) {
        preferences = Optional.of(wanted);
    }

    void leave(FrameworkEvent.Left how) {
        left = Optional.of(how);
    }

    void remove(FrameworkEvent.Removed how) {
        removed = Optional.of(how);
    }

    /** Returns the number of the claim. */
    long accept(FrameworkEvent.TasksAccepted what) {
        accepted.add(what);
        for (TaskInfo task : what.tasks()) {
            changed.put(task.id(), TaskRecord.accepted(task, what.at()));
        }
        return state.lastClaim() + accepted.size();
    }

    /** What the next {@link #accept} will be called. */
    long nextClaim() {
        return state.lastClaim() + accepted.size() + 1;
    }

    int operationCount() {
        return state.operations().size() + changedOperations.size();
    }

    Optional<OperationRecord> operation(String id) {
        Optional<OperationRecord> mine = changedOperations.get(id);
        return mine == null ? Optional.ofNullable(state.operations().get(id)) : mine;
    }

    /** Those whose end the scheduler has not taken, in no order. */
    List<OperationRecord> operations() {
        Map<String, OperationRecord> all = new LinkedHashMap<>(state.operations());
        changedOperations.forEach(
                (id, record) -> record.ifPresentOrElse(present -> all.put(id, present), () -> all.remove(id)));
        return List.copyOf(all.values());
    }

    void operation(OperationRecord record) {
        changedOperations.put(record.id(), Optional.of(record));
    }

    void operationTaken(String id) {
        changedOperations.put(id, Optional.empty());
    }

    void wantKill(TaskRecord record, Optional<Duration> grace) {
        killsWanted.add(new FrameworkEvent.KillWanted(record.info().id(), grace));
        changed.put(record.info().id(), record.withKill(grace));
    }

    /** {@code record} must be the latest of {@link #task}. */
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

    Set<String> changedOperations() {
        return changedOperations.keySet();
    }

    /** What has to be journaled; empty when nothing durable changed. {@code lazily}: what may come along with something else. */
    Optional<FrameworkEvent> event(List<Long> lazily) {
        List<OperationRecord> operations = new ArrayList<>();
        List<String> operationsTaken = new ArrayList<>();
        changedOperations.forEach(
                (id, record) -> record.ifPresentOrElse(operations::add, () -> operationsTaken.add(id)));
        FrameworkEvent event = new FrameworkEvent(
                subscribed,
                false,
                false,
                accepted,
                killsWanted,
                statuses,
                acknowledged,
                opened,
                preferences,
                left,
                removed,
                List.of(),
                operations,
                operationsTaken);
        return event.isEmpty() ? Optional.empty() : Optional.of(event.answering(lazily));
    }

    Instant registeredAt(Instant now) {
        return state.registeredAt().orElse(now);
    }

    private List<TaskRecord> present(Set<TaskId> ids) {
        List<TaskRecord> records = new ArrayList<>(ids.size());
        ids.forEach(id -> task(id).ifPresent(records::add));
        return records;
    }
}
