package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.Capability;
import io.finback.resources.FrameworkId;
import io.finback.security.Rules;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What the desks of one framework share while they decide a batch: the state as it will be, the time, and what is said to whom. The
 * one rule above all: a task that has ended stays ended.
 */
final class Turn {
    private final FrameworkId id;
    private final FrameworkSettings settings;
    private final Outbound out;
    private final Rules rules;
    private final Claims claims;
    private final Courier courier;
    private final OfferTraces traces;
    private FrameworkRound round = new FrameworkRound(new FrameworkState());
    private Instant now = Instant.EPOCH;

    Turn(FrameworkId id, FrameworkSettings settings, Outbound out, OfferTraces traces, Rules rules) {
        this.id = id;
        this.settings = settings;
        this.out = out;
        this.traces = traces;
        this.rules = rules;
        this.claims = new Claims(settings.repeat(), settings.repeatMax());
        this.courier = new Courier(settings, out::afterwards);
    }

    void begin(FrameworkRound next, Instant at) {
        round = next;
        now = at;
    }

    FrameworkId id() {
        return id;
    }

    FrameworkSettings settings() {
        return settings;
    }

    Outbound out() {
        return out;
    }

    Claims claims() {
        return claims;
    }

    Courier courier() {
        return courier;
    }

    OfferTraces traces() {
        return traces;
    }

    FrameworkRound round() {
        return round;
    }

    Instant now() {
        return now;
    }

    /** As the rules are now. */
    AcceptRights rights() {
        return new AcceptRights(rules, round.subscription().map(FrameworkEvent.Subscribed::info));
    }

    boolean has(Capability capability) {
        return round.subscription()
                .map(subscription -> subscription.info().has(capability))
                .orElse(false);
    }

    boolean understandsKilling() {
        return has(Capability.TASK_KILLING_STATE)
                || round.subscription()
                        .map(subscription -> subscription.streamId().isEmpty())
                        .orElse(false);
    }

    /**
     * A state as this framework understands it: who does not know of partitions hears {@code LOST} of all that may be over, and who
     * does not know that killing takes time, {@code RUNNING} of what is being killed.
     */
    TaskState understood(TaskState state) {
        if (state == TaskState.KILLING && !understandsKilling()) {
            return TaskState.RUNNING;
        }
        boolean ofPartitions =
                switch (state) {
                    case UNREACHABLE, DROPPED, GONE, GONE_BY_OPERATOR, UNKNOWN -> true;
                    default -> false;
                };
        return ofPartitions && !has(Capability.PARTITION_AWARE) ? TaskState.LOST : state;
    }

    void done(Caller caller) {
        answer(caller, new CallAnswer.Done());
    }

    void answer(Caller caller, CallAnswer with) {
        caller.replyTo().ifPresent(to -> courier.tell(to, with));
    }

    /** Says of the task what a master decided. {@code record} must be the latest, and not terminal. */
    void say(TaskRecord record, TaskState state, String reason, String message) {
        take(record, Statuses.byMaster(record.info(), understood(state), reason, message, now));
    }

    /** Takes what was said of the task, and passes it on. {@code record} must be the latest, and not terminal. */
    void take(TaskRecord record, TaskStatus status) {
        if (ExecutorRuns.isRun(status.task())) {
            takeOfExecutor(record, status);
            return;
        }
        round.status(record, status);
        traces.status(status.task(), status.state(), now);
        if (status.state().isTerminal()) {
            out.release(status.task(), now);
        }
        if (round.isRemoved()) {
            status.uuid().ifPresent(uuid -> acknowledge(record.with(status), status, uuid));
        } else {
            courier.update(status, now);
        }
    }

    /** A scheduler hears of an executor only that it has ended; there is nothing for it to acknowledge. */
    private void takeOfExecutor(TaskRecord record, TaskStatus status) {
        round.status(record, status);
        if (status.state().isTerminal()) {
            out.release(status.task(), now);
            boolean everRan = record.reported() || status.source() != TaskStatus.Source.MASTER;
            if (everRan && !round.isRemoved()) {
                courier.tell(new SchedulerEvent.ExecutorFailure(
                        status.agent(),
                        record.info().options().executor().map(ExecutorInfo::id).orElse(""),
                        waitStatus(status)));
            }
        }
        status.uuid().ifPresent(uuid -> acknowledge(record.with(status), status, uuid));
    }

    private static Optional<Integer> waitStatus(TaskStatus status) {
        return Optional.ofNullable(status.details().labels().get(ExecutorRuns.WAIT_STATUS))
                .map(Integer::valueOf);
    }

    /** The update has been taken, or nobody is left to take it. {@code latest} must be the latest record of its task. */
    void acknowledge(TaskRecord latest, TaskStatus status, String uuid) {
        round.acknowledge(latest, uuid);
        courier.acknowledged(status.task(), latest.acknowledged(uuid).unacknowledged(), now);
        if (status.source() != TaskStatus.Source.MASTER) {
            out.acknowledgeToAgent(status);
        }
    }

    /** Wants the task to end. Repeating it is harmless; {@code record} must be the latest, and not terminal. */
    void kill(TaskRecord record, Optional<Duration> grace) {
        if (!record.killWanted() || !record.killGrace().equals(grace)) {
            round.wantKill(record, grace);
        }
        if (!claims.isPending(record.info().id())) {
            out.kill(record.info(), grace, now);
        }
    }

    void operation(OperationRecord operation) {
        if (round.isRemoved()) {
            round.operationTaken(operation.id());
        } else {
            round.operation(operation);
            courier.operation(operation, now);
        }
    }
}
