package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What is durable of a framework: a fold over {@link FrameworkEvent}s and nothing else. Mutable and not thread-safe, so that an
 * event costs what it changes and not what the framework has. Of tasks that ended and are acknowledged the last {@link #REMEMBERED}
 * are kept: their ids are not launched again, and nothing later said of them is believed.
 */
final class FrameworkState {
    /** As many as Mesos keeps. */
    static final int REMEMBERED = 1000;

    private Optional<FrameworkEvent.Subscribed> subscription = Optional.empty();
    private boolean connected;
    private Optional<Instant> registeredAt = Optional.empty();
    private Optional<FrameworkEvent.Left> left = Optional.empty();
    private Optional<FrameworkEvent.Removed> removed = Optional.empty();
    private long lastClaim;
    private final Map<TaskId, TaskRecord> tasks = new LinkedHashMap<>();
    private final Set<TaskId> unacknowledged = new LinkedHashSet<>();
    private final Map<AgentId, Set<TaskId>> byAgent = new HashMap<>();
    private final Set<TaskId> executorRuns = new LinkedHashSet<>();
    private final Map<TaskId, TaskRecord> ended = new LinkedHashMap<>();
    private final Map<Long, PendingClaim> claims = new LinkedHashMap<>();
    private final Map<String, OperationRecord> operations = new LinkedHashMap<>();

    static FrameworkState of(FrameworkSnapshot snapshot) {
        FrameworkState state = new FrameworkState();
        state.subscription = snapshot.subscription();
        state.connected = snapshot.connected();
        state.registeredAt = snapshot.registeredAt();
        state.left = snapshot.left();
        state.removed = snapshot.removed();
        state.lastClaim = snapshot.lastClaim();
        snapshot.tasks().forEach(state::put);
        snapshot.ended().forEach(record -> state.ended.put(record.info().id(), record));
        snapshot.claims().forEach(claim -> state.claims.put(claim.number(), claim));
        snapshot.operations().forEach(operation -> state.operations.put(operation.id(), operation));
        state.claimsOfVersion01();
        return state;
    }

    FrameworkSnapshot snapshot() {
        return new FrameworkSnapshot(
                subscription,
                connected,
                removed.isPresent(),
                new ArrayList<>(tasks.values()),
                new ArrayList<>(ended.values()),
                registeredAt,
                left,
                removed,
                lastClaim,
                new ArrayList<>(claims.values()),
                new ArrayList<>(operations.values()));
    }

    FrameworkState apply(FrameworkEvent event) {
        applyStanding(event);
        event.accepted().forEach(this::accept);
        event.killsWanted().forEach(kill -> change(kill.task(), record -> record.withKill(kill.grace())));
        for (TaskStatus status : event.statuses()) {
            change(status.task(), record -> record.with(status));
        }
        event.acknowledged().forEach(ack -> change(ack.task(), record -> record.acknowledged(ack.uuid())));
        event.statuses().forEach(status -> retire(status.task()));
        event.acknowledged().forEach(ack -> retire(ack.task()));
        event.claimsAnswered().forEach(claims::remove);
        event.operations().forEach(operation -> operations.put(operation.id(), operation));
        event.operationsAcknowledged().forEach(operations::remove);
        return this;
    }

    private void applyStanding(FrameworkEvent event) {
        event.subscribed().ifPresent(subscribed -> {
            subscription = Optional.of(subscribed);
            connected = true;
            left = Optional.empty();
            registeredAt = registeredAt.or(() -> Optional.of(subscribed.at()));
        });
        event.preferences().ifPresent(wanted -> subscription = subscription.map(known -> known.with(wanted)));
        if (event.disconnected() || event.left().isPresent()) {
            connected = false;
            left = event.left();
        }
        if (event.tornDown()) {
            removed = Optional.of(new FrameworkEvent.Removed(Instant.EPOCH, "Framework has been removed"));
        }
        removed = removed.or(event::removed);
        connected &= removed.isEmpty();
    }

    private void accept(FrameworkEvent.TasksAccepted accepted) {
        lastClaim++;
        for (TaskInfo task : accepted.tasks()) {
            put(TaskRecord.accepted(task, accepted.at()));
        }
        if (!accepted.steps().isEmpty() && accepted.agent().isPresent()) {
            claims.put(
                    lastClaim,
                    new PendingClaim(
                            lastClaim, accepted.agent().get(), accepted.offers(), accepted.refuse(), accepted.steps()));
        }
    }

    /** Version 0.1 kept with each task what it was accepted on. */
    private void claimsOfVersion01() {
        Map<List<OfferId>, List<TaskRecord>> unanswered = new LinkedHashMap<>();
        for (TaskRecord record : tasks.values()) {
            if (record.isUnreported() && !record.offers().isEmpty()) {
                unanswered
                        .computeIfAbsent(record.offers(), offers -> new ArrayList<>())
                        .add(record);
            }
        }
        unanswered.forEach((offers, records) -> {
            lastClaim++;
            TaskRecord one = records.get(0);
            List<TaskId> ids =
                    records.stream().map(record -> record.info().id()).toList();
            claims.put(
                    lastClaim,
                    new PendingClaim(
                            lastClaim,
                            one.info().agent(),
                            offers,
                            one.refuse(),
                            List.of(FrameworkEvent.Step.launch(ids))));
        });
    }

    /** Nobody ever subscribed, and nothing is known. */
    boolean isVoid() {
        return subscription.isEmpty() && removed.isEmpty() && tasks.isEmpty() && ended.isEmpty();
    }

    Optional<FrameworkEvent.Subscribed> subscription() {
        return subscription;
    }

    boolean isConnected() {
        return connected;
    }

    /** When it subscribed for the first time. */
    Optional<Instant> registeredAt() {
        return registeredAt;
    }

    Optional<FrameworkEvent.Left> left() {
        return left;
    }

    Optional<FrameworkEvent.Removed> removed() {
        return removed;
    }

    /** The number of the last accept. */
    long lastClaim() {
        return lastClaim;
    }

    Collection<PendingClaim> claims() {
        return Collections.unmodifiableCollection(claims.values());
    }

    Map<String, OperationRecord> operations() {
        return Collections.unmodifiableMap(operations);
    }

    /** A task that has not ended, or whose end the scheduler has not taken. */
    Optional<TaskRecord> task(TaskId id) {
        return Optional.ofNullable(tasks.get(id));
    }

    Optional<TaskRecord> ended(TaskId id) {
        return Optional.ofNullable(ended.get(id));
    }

    Collection<TaskRecord> tasks() {
        return Collections.unmodifiableCollection(tasks.values());
    }

    Collection<TaskRecord> ended() {
        return Collections.unmodifiableCollection(ended.values());
    }

    /** Tasks of {@link #task} of which the scheduler has not taken everything. */
    Set<TaskId> unacknowledged() {
        return Collections.unmodifiableSet(unacknowledged);
    }

    Set<TaskId> tasksOn(AgentId agent) {
        return Collections.unmodifiableSet(byAgent.getOrDefault(agent, Set.of()));
    }

    /** Those of {@link #task} that are runs of executors. */
    Set<TaskId> executorRuns() {
        return Collections.unmodifiableSet(executorRuns);
    }

    private void put(TaskRecord record) {
        TaskId id = record.info().id();
        tasks.put(id, record);
        byAgent.computeIfAbsent(record.info().agent(), agent -> new LinkedHashSet<>())
                .add(id);
        if (ExecutorRuns.isRun(id)) {
            executorRuns.add(id);
        }
        index(record);
    }

    private void change(TaskId id, UnaryOperator<TaskRecord> change) {
        TaskRecord changed = tasks.computeIfPresent(id, (key, record) -> change.apply(record));
        if (changed != null) {
            index(changed);
        }
    }

    private void index(TaskRecord record) {
        if (record.unacknowledged().isEmpty()) {
            unacknowledged.remove(record.info().id());
        } else {
            unacknowledged.add(record.info().id());
        }
    }

    private void retire(TaskId id) {
        TaskRecord record = tasks.get(id);
        if (record == null || !record.isDone()) {
            return;
        }
        tasks.remove(id);
        unacknowledged.remove(id);
        executorRuns.remove(id);
        Set<TaskId> here = byAgent.getOrDefault(record.info().agent(), new LinkedHashSet<>());
        here.remove(id);
        if (here.isEmpty()) {
            byAgent.remove(record.info().agent());
        }
        ended.put(id, record);
        if (ended.size() > REMEMBERED) {
            ended.remove(ended.keySet().iterator().next());
        }
    }
}
