package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
    private boolean tornDown;
    private final Map<TaskId, TaskRecord> tasks = new LinkedHashMap<>();
    private final Map<AgentId, Set<TaskId>> byAgent = new HashMap<>();
    private final Map<TaskId, TaskRecord> ended = new LinkedHashMap<>();

    static FrameworkState of(FrameworkSnapshot snapshot) {
        FrameworkState state = new FrameworkState();
        state.subscription = snapshot.subscription();
        state.connected = snapshot.connected();
        state.tornDown = snapshot.tornDown();
        snapshot.tasks().forEach(state::put);
        snapshot.ended().forEach(record -> state.ended.put(record.info().id(), record));
        return state;
    }

    FrameworkSnapshot snapshot() {
        return new FrameworkSnapshot(
                subscription, connected, tornDown, new ArrayList<>(tasks.values()), new ArrayList<>(ended.values()));
    }

    FrameworkState apply(FrameworkEvent event) {
        event.subscribed().ifPresent(subscribed -> {
            subscription = Optional.of(subscribed);
            connected = true;
        });
        connected &= !event.disconnected();
        tornDown |= event.tornDown();
        for (FrameworkEvent.TasksAccepted accepted : event.accepted()) {
            for (TaskInfo task : accepted.tasks()) {
                put(TaskRecord.accepted(task, accepted.offers(), accepted.refuse(), accepted.at()));
            }
        }
        event.killsWanted().forEach(kill -> change(kill.task(), record -> record.withKill(kill.grace())));
        for (TaskStatus status : event.statuses()) {
            change(status.task(), record -> record.with(status));
        }
        event.acknowledged().forEach(ack -> change(ack.task(), record -> record.acknowledged(ack.uuid())));
        event.statuses().forEach(status -> retire(status.task()));
        event.acknowledged().forEach(ack -> retire(ack.task()));
        return this;
    }

    Optional<FrameworkEvent.Subscribed> subscription() {
        return subscription;
    }

    boolean isConnected() {
        return connected;
    }

    boolean isTornDown() {
        return tornDown;
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

    Set<TaskId> tasksOn(AgentId agent) {
        return Collections.unmodifiableSet(byAgent.getOrDefault(agent, Set.of()));
    }

    private void put(TaskRecord record) {
        tasks.put(record.info().id(), record);
        byAgent.computeIfAbsent(record.info().agent(), id -> new LinkedHashSet<>())
                .add(record.info().id());
    }

    private void change(TaskId id, UnaryOperator<TaskRecord> change) {
        tasks.computeIfPresent(id, (key, record) -> change.apply(record));
    }

    private void retire(TaskId id) {
        TaskRecord record = tasks.get(id);
        if (record == null || !record.isDone()) {
            return;
        }
        tasks.remove(id);
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
