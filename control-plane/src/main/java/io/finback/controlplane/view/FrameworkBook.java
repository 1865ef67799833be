package io.finback.controlplane.view;

import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskState;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** What a view knows of one framework. Costs what changes; a snapshot shares all else with the one before. */
final class FrameworkBook {
    private static final int REMEMBERED = 1000;
    private static final Pages<FrameworkDelta.Task> NONE = Pages.of(List.of());

    private FrameworkDelta latest;
    private final PagedMap<TaskId, FrameworkDelta.Task> tasks = new PagedMap<>();
    private final PagedMap<TaskId, FrameworkDelta.Task> completed = new PagedMap<>();
    private final PagedMap<TaskId, FrameworkDelta.Task> executors = new PagedMap<>();
    private final Deque<TaskId> completedOrder = new ArrayDeque<>();
    private final Set<TaskId> unnamed = new HashSet<>();
    private final PagedMap<String, FrameworkDelta.Operation> operations = new PagedMap<>();
    private final Set<String> unnamedOperations = new HashSet<>();
    private Optional<ClusterSnapshot.Framework> snapshot = Optional.empty();
    private boolean described;

    FrameworkBook(FrameworkDelta first) {
        latest = first;
    }

    /** True when nothing is missing between this and what was known. */
    boolean follows(FrameworkDelta delta) {
        return delta.epoch() == latest.epoch() && delta.number() <= latest.number() + 1;
    }

    /** Takes news in and says what of it is news to a view's followers. */
    void apply(FrameworkDelta delta, Map<TaskState, Long> ended, Consumer<ClusterEvent> events) {
        if (delta.epoch() < latest.epoch()) {
            return;
        }
        if (delta.epoch() > latest.epoch()) {
            // Another incarnation: what it does not name when asked for everything is gone. Until then it is shown, so
            // that readers
            // see no framework without tasks for a moment.
            unnamed.addAll(tasks.keys());
            unnamed.addAll(executors.keys());
            unnamedOperations.addAll(operations.keys());
        }
        FrameworkDelta before = latest;
        latest = delta.epoch() > latest.epoch() || delta.number() >= latest.number() ? delta : latest;
        announce(before, events);
        delta.tasks().forEach(task -> apply(task, ended, events));
        delta.operations().forEach(operation -> {
            unnamedOperations.remove(operation.id());
            operations.put(operation.id(), operation);
        });
        delta.operationsOver().forEach(operations::remove);
        snapshot = Optional.empty();
    }

    /** The last part of an answer to a question for everything has come. */
    void wasDescribed() {
        described = true;
        unnamed.forEach(tasks::remove);
        unnamed.forEach(executors::remove);
        unnamed.clear();
        unnamedOperations.forEach(operations::remove);
        unnamedOperations.clear();
        snapshot = Optional.empty();
    }

    ClusterSnapshot.Framework snapshot() {
        ClusterSnapshot.Framework current = snapshot.orElseGet(
                () -> with(tasks.snapshot(), completed.snapshot(), operations.snapshot(), executors.snapshot()));
        snapshot = Optional.of(current);
        return current;
    }

    ClusterSnapshot.Framework withoutTasks() {
        return with(NONE, NONE, Pages.of(List.of()), NONE);
    }

    private ClusterSnapshot.Framework with(
            Pages<FrameworkDelta.Task> live,
            Pages<FrameworkDelta.Task> ended,
            Pages<FrameworkDelta.Operation> named,
            Pages<FrameworkDelta.Task> runs) {
        return new ClusterSnapshot.Framework(
                latest.framework(),
                latest.info(),
                latest.registeredAt(),
                latest.reregisteredAt(),
                latest.removedAt(),
                latest.connected(),
                latest.tornDown(),
                latest.suppressed(),
                latest.constraints(),
                live,
                ended,
                named,
                runs);
    }

    private void announce(FrameworkDelta before, Consumer<ClusterEvent> events) {
        if (before.tornDown() != latest.tornDown()) {
            events.accept(new ClusterEvent.FrameworkRemoved(withoutTasks()));
        } else if (before.connected() != latest.connected()
                || !before.info().equals(latest.info())
                || !before.constraints().equals(latest.constraints())
                || !before.reregisteredAt().equals(latest.reregisteredAt())) {
            events.accept(new ClusterEvent.FrameworkUpdated(withoutTasks()));
        }
    }

    private void apply(FrameworkDelta.Task task, Map<TaskState, Long> ended, Consumer<ClusterEvent> events) {
        unnamed.remove(task.id());
        if (ExecutorRuns.isRun(task.id())) {
            if (task.status().state().isTerminal()) {
                executors.remove(task.id());
            } else {
                executors.put(task.id(), task);
            }
            return;
        }
        Optional<FrameworkDelta.Task> ending = completed.get(task.id());
        Optional<FrameworkDelta.Task> known = tasks.get(task.id()).or(() -> ending);
        if (known.equals(Optional.of(task))) {
            return;
        }
        boolean terminal = task.status().state().isTerminal();
        if (!terminal) {
            if (ending.isEmpty()) {
                tasks.put(task.id(), task);
                tell(known, task, events);
            }
            return;
        }
        tasks.remove(task.id());
        completed.put(task.id(), task);
        if (ending.isEmpty()) {
            completedOrder.add(task.id());
            ended.merge(task.status().state(), 1L, Long::sum);
            if (known.isPresent() || described) {
                tell(known, task, events);
            }
        }
        if (completedOrder.size() > REMEMBERED) {
            completed.remove(completedOrder.remove());
        }
    }

    private static void tell(
            Optional<FrameworkDelta.Task> known, FrameworkDelta.Task task, Consumer<ClusterEvent> events) {
        if (known.isEmpty()) {
            events.accept(new ClusterEvent.TaskAdded(task));
        }
        boolean changed = known.map(was -> was.status().state() != task.status().state()
                        || !was.status().healthy().equals(task.status().healthy()))
                .orElse(task.status().state().isTerminal());
        if (changed) {
            events.accept(new ClusterEvent.TaskUpdated(task));
        }
    }
}
