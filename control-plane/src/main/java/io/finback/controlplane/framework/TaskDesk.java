package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.Parts;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What a scheduler says and asks of its tasks and operations. */
final class TaskDesk {
    /** Questions that may wait to be answered; a scheduler asks about all it has once in a while. */
    private static final int MOST_QUESTIONS = 200_000;

    private final Turn turn;
    private final Function<AgentId, AgentStanding> agents;
    private long strayAcknowledgements;

    TaskDesk(Turn turn, Function<AgentId, AgentStanding> agents) {
        this.turn = turn;
        this.agents = agents;
    }

    void kill(SchedulerCall.Kill call) {
        Optional<TaskRecord> record = turn.round().task(call.task());
        if (record.isEmpty()) {
            turn.courier().ask(List.of(new SchedulerCall.Asked(call.task(), call.agent())));
        } else if (!record.get().isTerminal()
                && call.agent()
                        .filter(named -> !named.equals(record.get().info().agent()))
                        .isEmpty()) {
            kill(record.get(), call.grace());
        }
        turn.done(call.caller());
    }

    /** Of a group that has not been launched none is launched without the others. */
    private void kill(TaskRecord record, Optional<Duration> grace) {
        Optional<String> group = record.info().options().group().map(TaskGroup::id);
        turn.claims().of(record.info().id()).filter(claim -> group.isPresent()).stream()
                .flatMap(PendingClaim::tasks)
                .flatMap(task -> turn.round().task(task).stream())
                .filter(other ->
                        other.info().options().group().map(TaskGroup::id).equals(group)
                                && !other.isTerminal()
                                && !other.equals(record))
                .toList()
                .forEach(other -> turn.kill(other, grace));
        turn.kill(record, grace);
    }

    /** Best effort, as in Mesos: what cannot be delivered is dropped. */
    void message(SchedulerCall.Message call) {
        if (Parts.fits(call)) {
            turn.out().tellSession(call.agent(), new SessionOrder.Message(turn.id(), call.executor(), call.data()));
            turn.done(call.caller());
        } else {
            turn.answer(
                    call.caller(),
                    new CallAnswer.Refused(
                            CallAnswer.Why.INVALID,
                            "message.data: " + call.data().content().length + " bytes (expected: less than "
                                    + Parts.MAX_ITEM_BYTES + ")"));
        }
    }

    /** Unlike Mesos' it is not lost on the way: an executor is ended as a task is. */
    void shutdown(SchedulerCall.ShutdownExecutor call) {
        turn.round().executorRuns().stream()
                .filter(record -> record.info().agent().equals(call.agent())
                        && ExecutorSeats.isRunOf(record.info(), call.executor()))
                .forEach(record -> turn.kill(record, Optional.empty()));
        turn.done(call.caller());
    }

    void acknowledge(SchedulerCall.Acknowledge call) {
        Optional<TaskRecord> record = turn.round().task(call.task());
        Optional<TaskStatus> status = record.flatMap(known -> known.unacknowledged(call.uuid()));
        if (status.isPresent()) {
            turn.acknowledge(record.get(), status.get(), call.uuid());
        } else {
            strayAcknowledgements++;
        }
        turn.done(call.caller());
    }

    /** Acknowledgements of what was not told, or was acknowledged before. */
    long strayAcknowledgements() {
        return strayAcknowledgements;
    }

    void acknowledgeOperation(SchedulerCall.AcknowledgeOperation call) {
        boolean known = turn.round()
                .operation(call.operation())
                .filter(operation -> operation.uuid().equals(Optional.of(call.uuid())))
                .isPresent();
        if (known) {
            turn.round().operationTaken(call.operation());
            turn.courier().operationAcknowledged(call.operation());
        } else {
            strayAcknowledgements++;
        }
        turn.done(call.caller());
    }

    void reconcile(SchedulerCall.Reconcile call) {
        List<SchedulerCall.Asked> asked = call.tasks().isEmpty() ? everything() : call.tasks();
        int waiting = turn.courier().questionsWaiting() + asked.size();
        if (waiting > MOST_QUESTIONS && turn.courier().questionsWaiting() > 0) {
            turn.answer(
                    call.caller(),
                    new CallAnswer.Refused(
                            CallAnswer.Why.INVALID,
                            "reconcile: " + waiting + " questions waiting (expected: at most " + MOST_QUESTIONS
                                    + "; ask again when these are answered)"));
            return;
        }
        turn.courier().ask(asked);
        turn.done(call.caller());
    }

    private List<SchedulerCall.Asked> everything() {
        return turn.round().tasks().stream()
                .filter(record -> !ExecutorRuns.isRun(record.info().id()))
                .map(record -> new SchedulerCall.Asked(record.info().id(), Optional.empty()))
                .toList();
    }

    void reconcileOperations(SchedulerCall.ReconcileOperations call) {
        if (call.operations().isEmpty()) {
            turn.round().operations().forEach(operation -> turn.courier().tell(operation.reconciled()));
        }
        for (String id : call.operations()) {
            turn.courier()
                    .tell(turn.round()
                            .operation(id)
                            .map(OperationRecord::reconciled)
                            .orElseGet(() -> new SchedulerEvent.OperationUpdate(
                                    id,
                                    SchedulerEvent.OperationState.UNKNOWN,
                                    Optional.of("unknown operation"),
                                    Optional.empty(),
                                    Optional.empty())));
        }
        turn.done(call.caller());
    }

    /** The state of a task as the scheduler shall understand it; empty: nothing can be said yet. */
    Optional<TaskStatus> answer(SchedulerCall.Asked asked) {
        Optional<TaskRecord> known =
                turn.round().task(asked.task()).or(() -> turn.round().ended(asked.task()));
        if (known.isPresent()) {
            return Optional.of(Statuses.reconciled(known.get().latest()));
        }
        AgentStanding standing = asked.agent().map(agents).orElse(AgentStanding.UNKNOWN);
        return standing.lost()
                .map(state -> Statuses.unknown(
                        asked.task(),
                        turn.id(),
                        asked.agent(),
                        turn.understood(state),
                        state == TaskState.UNREACHABLE ? standing.since() : Optional.empty(),
                        turn.now()));
    }
}
