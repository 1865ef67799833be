package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Who speaks for the framework: one scheduler at a time, for as long as it is connected and its failover timeout afterwards. Decides
 * which calls are heard at all.
 */
final class SubscriptionDesk {
    private static final String REMOVED = "Framework has been removed";

    /** What the desk needs of its actor. */
    interface Host {
        String address(ActorRef<SchedulerEvent> scheduler);

        void watch(ActorRef<SchedulerEvent> scheduler);

        void unwatch(ActorRef<SchedulerEvent> scheduler);

        /** True if the scheduler's connection went because its master is going, or is gone. */
        boolean wentWithItsMaster(ActorRef<SchedulerEvent> scheduler);
    }

    private final Turn turn;
    private final Host host;
    private final OfferDesk offers;
    /** The connection is from the journal, and nothing has been heard over it. */
    private boolean restored;
    /** No framework is removed before; it could not come back while there was no master. */
    private Instant notBefore = Instant.EPOCH;

    SubscriptionDesk(Turn turn, Host host, OfferDesk offers) {
        this.turn = turn;
        this.host = host;
        this.offers = offers;
    }

    /** Takes up what an earlier incarnation had: the connection, or the wait for one. */
    void recovered(Optional<ActorRef<SchedulerEvent>> scheduler) {
        scheduler.ifPresent(ref -> {
            restored = true;
            connect(ref);
        });
        Duration again = turn.round()
                .subscription()
                .map(subscription -> subscription.info().failoverTimeout())
                .orElse(Duration.ZERO);
        Duration grace = turn.settings().returnGrace();
        notBefore = turn.now().plus(again.compareTo(grace) < 0 ? again : grace);
    }

    /** Why the caller is not heard; empty: it is. In Mesos' order and words. */
    Optional<CallAnswer.Refused> refusal(Caller caller) {
        FrameworkRound round = turn.round();
        if (round.isVoid() || round.isRemoved()) {
            return refused(CallAnswer.Why.INVALID, "Framework cannot be found");
        }
        Optional<String> current = round.subscription().flatMap(FrameworkEvent.Subscribed::streamId);
        Optional<String> given = caller.streamId();
        if (current.isEmpty() && given.isEmpty()) {
            return Optional.empty();
        }
        if (!round.isConnected()) {
            return refused(CallAnswer.Why.NOT_SUBSCRIBED, "Framework is not subscribed");
        }
        if (current.isEmpty()) {
            return refused(CallAnswer.Why.NOT_SUBSCRIBED, "Framework is not connected via HTTP");
        }
        if (given.isEmpty()) {
            return refused(
                    CallAnswer.Why.INVALID, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
        }
        if (!given.equals(current)) {
            return refused(
                    CallAnswer.Why.INVALID,
                    "The stream ID '" + given.get()
                            + "' included in this request didn't match the stream ID currently associated with"
                            + " framework ID '" + turn.id() + "'");
        }
        restored = false;
        return Optional.empty();
    }

    void subscribe(SchedulerCall.Subscribe call) {
        FrameworkRound round = turn.round();
        Optional<FrameworkEvent.Subscribed> known = round.subscription();
        Optional<String> wrong = round.isRemoved()
                ? Optional.of(REMOVED)
                : SubscriptionRules.check(call.info(), call.suppressed(), call.constraints())
                        .or(() -> known.flatMap(before -> SubscriptionRules.change(before.info(), call.info())));
        if (wrong.isPresent()) {
            turn.courier().tell(call.scheduler(), new SchedulerEvent.Ended(wrong.get()));
            return;
        }
        FrameworkInfo info = known.map(before -> SubscriptionRules.merged(before.info(), call.info()))
                .orElse(call.info());
        if (turn.courier().scheduler().equals(Optional.of(call.scheduler()))) {
            known.filter(before -> !before.info().equals(info))
                    .ifPresent(before -> round.prefer(
                            new FrameworkEvent.Preferences(info, before.suppressed(), before.constraints())));
            turn.courier().tell(new SchedulerEvent.Subscribed(turn.id()));
            offers.interest();
            return;
        }
        round.subscribe(new FrameworkEvent.Subscribed(
                info,
                host.address(call.scheduler()),
                turn.now(),
                call.streamId(),
                call.suppressed(),
                call.constraints()));
        disconnect(Optional.of(new SchedulerEvent.Ended("Framework failed over")));
        restored = false;
        connect(call.scheduler());
        turn.courier().tell(new SchedulerEvent.Subscribed(turn.id()));
        tellWhatWaits();
    }

    void update(SchedulerCall.Update call) {
        FrameworkEvent.Subscribed before = turn.round().subscription().orElseThrow();
        Optional<String> wrong = SubscriptionRules.check(call.info(), call.suppressed(), call.constraints())
                .or(() -> SubscriptionRules.change(before.info(), call.info()))
                .or(() -> SubscriptionRules.fixed(before.info(), call.info()));
        if (wrong.isPresent()) {
            turn.answer(call.caller(), new CallAnswer.Refused(CallAnswer.Why.INVALID, wrong.get()));
            return;
        }
        FrameworkInfo info = SubscriptionRules.merged(before.info(), call.info());
        turn.round().prefer(new FrameworkEvent.Preferences(info, call.suppressed(), call.constraints()));
        turn.courier().tell(new SchedulerEvent.InfoChanged(info));
        offers.keepOnly(info.roles());
        offers.interest();
        turn.done(call.caller());
    }

    void teardown(SchedulerCall.Teardown call) {
        if (turn.round().isVoid() || turn.round().isRemoved()) {
            turn.answer(call.caller(), new CallAnswer.Refused(CallAnswer.Why.INVALID, "Framework cannot be found"));
            return;
        }
        remove(call.byOperator() ? "torn down by an operator" : "torn down by its scheduler");
        turn.done(call.caller());
    }

    /** The connection has ended. */
    void gone(ActorRef<SchedulerEvent> scheduler) {
        if (!turn.courier().scheduler().equals(Optional.of(scheduler))) {
            return;
        }
        boolean withMaster = restored || host.wentWithItsMaster(scheduler);
        Optional<Instant> removeAt = turn.round()
                .subscription()
                .filter(subscription -> subscription.streamId().isPresent())
                .map(subscription -> {
                    Duration timeout = subscription.info().failoverTimeout();
                    Duration least = withMaster ? turn.settings().returnGrace() : Duration.ZERO;
                    return turn.now().plus(timeout.compareTo(least) < 0 ? least : timeout);
                });
        turn.round().leave(new FrameworkEvent.Left(turn.now(), removeAt));
        disconnect(Optional.empty());
        removeIfDue();
    }

    /** Removes a framework that has not come back in time. */
    void removeIfDue() {
        boolean due = !turn.round().isRemoved()
                && turn.round()
                        .left()
                        .flatMap(FrameworkEvent.Left::removeAt)
                        .filter(at -> !at.isAfter(turn.now()) && !notBefore.isAfter(turn.now()))
                        .isPresent();
        if (due) {
            remove("did not come back within its failover timeout");
        }
    }

    /** Tells a scheduler that has (again) been found what it has not taken. */
    void tellWhatWaits() {
        turn.courier()
                .tellAgain(turn.round().unacknowledged().stream()
                        .map(record -> record.info().id())
                        .toList());
        turn.round().operations().stream()
                .filter(operation -> operation.uuid().isPresent())
                .forEach(operation -> turn.courier().operation(operation, turn.now()));
    }

    /** Kills what lives, which its agents are asked to do until it is done. Nobody hears of it. */
    private void remove(String reason) {
        turn.round().remove(new FrameworkEvent.Removed(turn.now(), reason));
        disconnect(Optional.of(new SchedulerEvent.Disconnected(REMOVED + ": " + reason)));
        for (TaskRecord record : turn.round().tasks()) {
            TaskId task = record.info().id();
            record.unacknowledged().forEach(status -> status.uuid()
                    .ifPresent(uuid -> turn.acknowledge(turn.round().task(task).orElse(record), status, uuid)));
            if (!record.isTerminal() && !turn.claims().isPending(task)) {
                turn.out().killLater(task, turn.now());
            }
        }
        turn.round().operations().forEach(operation -> turn.round().operationTaken(operation.id()));
    }

    private void connect(ActorRef<SchedulerEvent> scheduler) {
        turn.courier().connect(Optional.of(scheduler));
        host.watch(scheduler);
        offers.interest();
    }

    private void disconnect(Optional<SchedulerEvent> farewell) {
        turn.courier().scheduler().ifPresent(old -> {
            host.unwatch(old);
            farewell.ifPresent(turn.courier()::tell);
            turn.courier().connect(Optional.empty());
            offers.forget();
        });
    }

    private static Optional<CallAnswer.Refused> refused(CallAnswer.Why why, String message) {
        return Optional.of(new CallAnswer.Refused(why, message));
    }
}
