package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskStatus;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What is told to the scheduler: news at once, and repetitions and answers about many tasks in measured parts, because whoever stands
 * in between drops what comes in a flood. Updates of one task leave in order.
 */
final class Courier {
    /** Tasks told of in one part; with a part every {@link #PACE_MILLIS} that is some ten thousand a second. */
    private static final int PART = 500;

    /** Time between two parts. */
    static final long PACE_MILLIS = 50;

    private final Repeats<TaskId> updates;
    private final Repeats<String> operations;
    private final Consumer<Runnable> afterwards;
    private final Set<TaskId> toTellAgain = new LinkedHashSet<>();
    private final Deque<SchedulerCall.Asked> questions = new ArrayDeque<>();
    private Optional<ActorRef<SchedulerEvent>> scheduler = Optional.empty();

    Courier(FrameworkSettings settings, Consumer<Runnable> afterwards) {
        this.updates = new Repeats<>(settings.updateRepeat(), settings.updateRepeatMax());
        this.operations = new Repeats<>(settings.updateRepeat(), settings.updateRepeatMax());
        this.afterwards = afterwards;
    }

    Optional<ActorRef<SchedulerEvent>> scheduler() {
        return scheduler;
    }

    /** From now on this one is told, and nothing that the one before had asked. */
    void connect(Optional<ActorRef<SchedulerEvent>> to) {
        scheduler = to;
        questions.clear();
        toTellAgain.clear();
    }

    void tell(SchedulerEvent event) {
        scheduler.ifPresent(to -> tell(to, event));
    }

    <T> void tell(ActorRef<T> to, T message) {
        afterwards.accept(() -> to.tell(message));
    }

    /** News of a task. */
    void update(TaskStatus status, Instant now) {
        if (toTellAgain.contains(status.task())) {
            return;
        }
        if (status.uuid().isPresent()) {
            updates.said(status.task(), now);
        }
        tell(new SchedulerEvent.Update(status));
    }

    /** @param waiting what the scheduler has not taken yet; none: it has taken all */
    void acknowledged(TaskId task, List<TaskStatus> waiting, Instant now) {
        if (waiting.isEmpty()) {
            updates.answered(task);
            toTellAgain.remove(task);
        } else {
            updates.said(task, now);
        }
    }

    void operation(OperationRecord operation, Instant now) {
        if (operation.uuid().isPresent()) {
            operations.said(operation.id(), now);
        }
        tell(operation.update());
    }

    void operationAcknowledged(String id) {
        operations.answered(id);
    }

    /** Everything unacknowledged of these tasks. */
    void tellAgain(Collection<TaskId> tasks) {
        toTellAgain.addAll(tasks);
    }

    void ask(Collection<SchedulerCall.Asked> about) {
        questions.addAll(about);
    }

    int questionsWaiting() {
        return questions.size();
    }

    /** Another part is due at once. */
    boolean hasBacklog() {
        return scheduler.isPresent() && (!toTellAgain.isEmpty() || !questions.isEmpty());
    }

    /** Tells the next part. {@code answer} makes the answers to questions. */
    void drain(FrameworkRound round, Instant now, Function<SchedulerCall.Asked, Optional<TaskStatus>> answer) {
        if (scheduler.isEmpty()) {
            return;
        }
        int left = PART;
        for (Iterator<TaskId> next = toTellAgain.iterator(); next.hasNext() && left > 0; left--) {
            TaskId task = next.next();
            next.remove();
            again(round, task, now);
        }
        for (TaskId task : updates.due(now, Math.max(0, left))) {
            left--;
            again(round, task);
        }
        for (String id : operations.due(now, PART)) {
            round.operation(id).ifPresentOrElse(one -> tell(one.update()), () -> operations.answered(id));
        }
        for (; left > 0 && !questions.isEmpty(); left--) {
            answer.apply(questions.remove()).ifPresent(status -> tell(new SchedulerEvent.Update(status)));
        }
    }

    private void again(FrameworkRound round, TaskId task, Instant now) {
        updates.said(task, now);
        again(round, task);
    }

    private void again(FrameworkRound round, TaskId task) {
        List<TaskStatus> waiting =
                round.task(task).map(TaskRecord::unacknowledged).orElse(List.of());
        waiting.forEach(status -> tell(new SchedulerEvent.Update(status)));
        if (waiting.isEmpty()) {
            updates.answered(task);
        }
    }
}
