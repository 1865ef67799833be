package io.finback.nodeagent.node;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.Step;
import io.finback.nodeagent.task.Step.Action;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks of this agent and their files, kept in step: nothing is done or said of a task before the state it follows from is on
 * disk. What cannot be written waits, and is tried again by {@link #retry}. One owner, one thread; every change blocks for an fsync.
 */
final class TaskLedger {
    private static final Logger log = LoggerFactory.getLogger(TaskLedger.class);

    /** What the owner does once a state is on disk. */
    interface Effects {
        void act(AgentTask task, Action action);

        void armGrace(AgentTask task, Duration grace);

        void say(TaskStatus update);
    }

    private static final class Entry {
        private AgentTask task;
        private @Nullable AgentTask stored;
        /** As {@code stored}, but for an acknowledgement that goes to disk with the next change. */
        private @Nullable AgentTask acknowledged;
        /** The disk refused the launch: this task is ended and has no file, so a new agent does not know it. */
        private boolean withoutFile;

        private final List<Step> waiting = new ArrayList<>();

        private Entry(AgentTask task) {
            this.task = task;
        }
    }

    private final CheckpointStore store;
    private final TaskBoard board;
    private final Effects effects;
    private final Map<TaskKey, Entry> live = new LinkedHashMap<>();
    private final Map<TaskKey, AgentTask> ended = new LinkedHashMap<>();
    private final Set<TaskKey> unsettled = new LinkedHashSet<>();

    TaskLedger(CheckpointStore store, TaskBoard board, Effects effects) {
        this.store = store;
        this.board = board;
        this.effects = effects;
    }

    /** Takes what the last agent left; returns the tasks that are not done. */
    List<AgentTask> recover() throws IOException {
        CheckpointStore.Recovered recovered = store.recover();
        board.clear();
        for (AgentTask tombstone : recovered.ended()) {
            ended.put(tombstone.key(), tombstone);
            board.bury(tombstone);
        }
        for (AgentTask task : recovered.live()) {
            if (ended.containsKey(task.key())) {
                // Died between the tombstone and the removal of the file.
                store.delete(task);
                continue;
            }
            Entry entry = new Entry(task);
            entry.stored = task;
            live.put(task.key(), entry);
            board.put(task);
            task.unacknowledged().forEach(effects::say);
        }
        return recovered.live().stream()
                .filter(task -> live.containsKey(task.key()))
                .toList();
    }

    /** True for tasks that are here, and for those that ended lately. */
    boolean knows(TaskKey id) {
        return live.containsKey(id) || ended.containsKey(id);
    }

    Optional<AgentTask> find(TaskKey id) {
        return Optional.ofNullable(live.get(id)).map(entry -> entry.task);
    }

    /** Also one that has ended and is done, as long as it is remembered. */
    Optional<AgentTask> known(TaskKey id) {
        return find(id).or(() -> Optional.ofNullable(ended.get(id)));
    }

    List<AgentTask> all() {
        return live.values().stream().map(entry -> entry.task).toList();
    }

    /** Every update that is on disk and not acknowledged, per task the oldest first. */
    List<TaskStatus> updates() {
        List<TaskStatus> updates = new ArrayList<>();
        for (Entry entry : live.values()) {
            AgentTask said = entry.acknowledged == null ? entry.stored : entry.acknowledged;
            if (said != null) {
                updates.addAll(said.unacknowledged());
            }
        }
        return updates;
    }

    /**
     * Writes new tasks down, all in one go; returns, for those the disk refuses, why (they can only be {@link #refuse refused}).
     */
    Map<TaskKey, String> add(List<AgentTask> tasks) {
        tasks.forEach(task -> live.put(task.key(), new Entry(task)));
        Map<TaskKey, String> refused = new HashMap<>();
        Map<AgentTask, IOException> failures = store.saveAll(tasks);
        for (AgentTask task : tasks) {
            IOException failure = failures.get(task);
            if (failure == null) {
                entry(task.key()).stored = task;
                board.put(task);
            } else {
                failed(task, failure);
                refused.put(task.key(), "the launch cannot be written to disk: " + failure.getMessage());
            }
        }
        return refused;
    }

    /** The step must be on disk at once or not happen at all: false when the disk refuses; the task is then as it was. */
    boolean applyNow(Step step) {
        Entry entry = entry(step);
        try {
            store.save(step.next());
        } catch (IOException e) {
            failed(step.next(), e);
            return false;
        }
        entry.task = step.next();
        entry.waiting.add(step);
        stored(entry);
        return true;
    }

    /** The step that ends a launch the disk refuses: from now on the task has no file. */
    void refuse(Step step) {
        entry(step).withoutFile = true;
        apply(step);
    }

    /**
     * A scheduler has taken an update. Only the last one of a file may be said again by a new agent, since masters recognise no
     * older one; so where it was the only one, the disk hears of it with the next change.
     */
    void acknowledge(Step step) {
        Entry entry = entry(step);
        boolean onlyOne = entry.stored != null
                && entry.stored.unacknowledged().size() == 1
                && entry.waiting.isEmpty()
                && entry.task.equals(entry.acknowledged == null ? entry.stored : entry.acknowledged);
        if (!onlyOne) {
            apply(step);
            return;
        }
        entry.task = step.next();
        entry.acknowledged = step.next();
        board.put(entry.task);
        if (entry.task.isDone()) {
            bury(entry);
        }
    }

    /** Writes down what was acknowledged and is not on disk yet: for an owner that stops in peace. */
    void close() {
        live.values().stream()
                .filter(entry -> entry.acknowledged != null)
                .toList()
                .forEach(this::settle);
    }

    /** The step happens; what follows from it, as soon as it is on disk. */
    void apply(Step step) {
        Entry entry = entry(step);
        entry.task = step.next();
        entry.waiting.add(step);
        settle(entry);
    }

    /**
     * The step happens, and what follows from it, even if the disk refuses to remember it: an order to end must reach a task that
     * has filled the disk. A new agent does not know of it until {@link #isStored}.
     */
    void applyAnyway(Step step) {
        Entry entry = entry(step);
        entry.task = step.next();
        int before = entry.waiting.size();
        entry.waiting.add(step);
        settle(entry);
        if (entry.waiting.size() > before && entry.waiting.remove(step)) {
            follow(entry, step);
        }
    }

    /** True for a task whose file says what is known of it, and for one that is not here. */
    boolean isStored(TaskKey id) {
        Entry entry = live.get(id);
        return entry == null || entry.task.equals(entry.stored) || entry.task.equals(entry.acknowledged);
    }

    boolean isSettled() {
        return unsettled.isEmpty();
    }

    /** Tries to write what could not be written. */
    void retry() {
        for (TaskKey id : List.copyOf(unsettled)) {
            Entry entry = live.get(id);
            if (entry == null) {
                unsettled.remove(id);
            } else {
                settle(entry);
            }
        }
    }

    /** Hands tombstones beyond {@code max}, and those of tasks that ended before {@code oldest}, to {@code drop}. */
    void collect(int max, Instant oldest, Consumer<AgentTask> drop) {
        Iterator<AgentTask> tombstones = ended.values().iterator();
        while (tombstones.hasNext()) {
            AgentTask next = tombstones.next();
            boolean old = next.ended().filter(end -> end.isBefore(oldest)).isPresent();
            if (ended.size() <= max && !old) {
                return;
            }
            tombstones.remove();
            board.forget(next);
            drop.accept(next);
        }
    }

    private void settle(Entry entry) {
        if (!entry.task.equals(entry.stored)) {
            try {
                if (entry.withoutFile) {
                    store.delete(entry.task);
                } else {
                    store.save(entry.task);
                }
            } catch (IOException e) {
                failed(entry.task, e);
                unsettled.add(entry.task.key());
                return;
            }
        }
        stored(entry);
    }

    private void stored(Entry entry) {
        AgentTask before = entry.stored;
        entry.stored = entry.task;
        entry.acknowledged = null;
        board.put(entry.task);
        entry.task.unacknowledged().stream()
                .filter(update -> before == null || !before.unacknowledged().contains(update))
                .forEach(effects::say);
        List<Step> steps = List.copyOf(entry.waiting);
        entry.waiting.clear();
        steps.forEach(step -> follow(entry, step));
        if (entry.task.isDone()) {
            bury(entry);
        } else {
            unsettled.remove(entry.task.key());
        }
    }

    private void follow(Entry entry, Step step) {
        step.actions().forEach(action -> effects.act(entry.task, action));
        step.armGrace().ifPresent(grace -> effects.armGrace(entry.task, grace));
    }

    private void bury(Entry entry) {
        AgentTask task = entry.task;
        try {
            store.bury(task);
        } catch (IOException e) {
            failed(task, e);
            if (!entry.withoutFile) {
                unsettled.add(task.key());
                return;
            }
        }
        unsettled.remove(task.key());
        live.remove(task.key());
        ended.put(task.key(), task);
        board.bury(task);
    }

    private Entry entry(Step step) {
        return entry(step.next().key());
    }

    private Entry entry(TaskKey id) {
        Entry entry = live.get(id);
        if (entry == null) {
            throw new IllegalStateException("no such task: " + id);
        }
        return entry;
    }

    private void failed(AgentTask task, IOException e) {
        board.countCheckpointFailure();
        log.error("checkpoint.failed task={} state={} reason={}", task.key(), task.state(), e.toString());
    }
}
