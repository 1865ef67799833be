package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.security.Rules;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One incarnation of a framework: decides message after message against a {@link FrameworkRound}, each at the desk that it concerns.
 * Lives inside the actor; holds what is not durable.
 */
final class FrameworkDesk implements FrameworkHandler, AllocationEvent.Handler {
    private static final Duration PACE = Duration.ofMillis(Courier.PACE_MILLIS);

    private final Turn turn;
    private final OfferDesk offers;
    private final AcceptDesk accepts;
    private final SubscriptionDesk subscriptions;
    private final TaskDesk tasks;
    private final AgentDesk agents;
    private final ViewFeed feed;
    private boolean opened;
    private boolean tick;
    private Instant drainedAt = Instant.EPOCH;
    private List<Long> lazily = List.of();

    FrameworkDesk(
            FrameworkId id,
            FrameworkSettings settings,
            Outbound out,
            OfferTraces traces,
            SubscriptionDesk.Host host,
            Function<AgentId, AgentStanding> standing,
            ActorRef<FrameworkDelta> views,
            Rules rules) {
        this.turn = new Turn(id, settings, out, traces, rules);
        this.offers = new OfferDesk(turn);
        this.accepts = new AcceptDesk(turn, offers);
        this.subscriptions = new SubscriptionDesk(turn, host, offers);
        this.tasks = new TaskDesk(turn, standing);
        this.agents = new AgentDesk(turn);
        this.feed = new ViewFeed(id, views);
    }

    /** Takes up what an earlier incarnation left unanswered. */
    void recovered(FrameworkState state, Optional<ActorRef<SchedulerEvent>> scheduler, Instant at) {
        turn.begin(new FrameworkRound(state), at);
        subscriptions.recovered(scheduler);
        subscriptions.tellWhatWaits();
        state.claims().forEach(accepts::recovered);
        for (TaskRecord record : state.tasks()) {
            feed.changed(record.info().id());
            recovered(record, state.removed().isPresent());
        }
        state.ended().forEach(record -> {
            feed.changed(record.info().id());
            turn.out().release(record.info().id(), at);
        });
        state.operations().keySet().forEach(feed::operationChanged);
        turn.out().flush();
    }

    private void recovered(TaskRecord record, boolean removed) {
        TaskId id = record.info().id();
        if (record.isTerminal()) {
            turn.out().release(id, turn.now());
        } else if (!turn.claims().isPending(id)) {
            if (record.isUnreported()) {
                // Granted, and perhaps launched: the claim's answer is journaled with whatever comes next.
                turn.out().launch(record.info(), turn.now());
            }
            if (record.killWanted() || removed) {
                turn.out().killLater(id, turn.now());
            }
        }
    }

    /** Decides a batch. Returns what must be journaled before {@link #settle} may be called. */
    Optional<FrameworkEvent> decide(FrameworkState state, List<FrameworkMessage> messages, Instant at) {
        turn.begin(new FrameworkRound(state), at);
        tick = false;
        if (!opened && !isOver(state)) {
            turn.round().open();
        }
        messages.forEach(message -> message.deliver(this));
        if (tick) {
            subscriptions.removeIfDue();
            accepts.repeat();
            turn.out().repeat(turn.round(), at);
            if (turn.courier().scheduler().isPresent()) {
                offers.interest();
            }
        }
        if (tick || (turn.courier().hasBacklog() && !drainedAt.plus(PACE).isAfter(at))) {
            drainedAt = at;
            turn.courier().drain(turn.round(), at, tasks::answer);
        }
        lazily = turn.claims().takeAnswered();
        Optional<FrameworkEvent> event = turn.round().event(lazily);
        if (event.isEmpty()) {
            turn.claims().giveBack(lazily);
        }
        opened |= event.isPresent();
        return event;
    }

    /** Says what was decided. {@code journaled}: the number of the last event, which names this incarnation's news. */
    void settle(FrameworkState state, long journaled) {
        turn.out().flush();
        turn.round().changed().forEach(feed::changed);
        turn.round().changedOperations().forEach(feed::operationChanged);
        feed.settle(state, journaled, turn.courier().scheduler().isPresent(), tick);
    }

    boolean hasNews() {
        return feed.hasNews() || turn.courier().hasBacklog() || turn.out().hasBacklog();
    }

    /** Acknowledgements this incarnation has ignored. */
    long strayAcknowledgements() {
        return tasks.strayAcknowledgements();
    }

    /** Nobody uses the entity and nothing is known of the framework, or nothing is left to do for it. */
    boolean isIdle(FrameworkState state) {
        return turn.courier().scheduler().isEmpty()
                && isOver(state)
                && turn.out().isQuiet();
    }

    /** There is nothing that could still happen to it: a new incarnation is not worth an event. */
    private static boolean isOver(FrameworkState state) {
        return state.isVoid() || (state.removed().isPresent() && state.tasks().isEmpty());
    }

    // -- what schedulers call --

    @Override
    public void subscribe(SchedulerCall.Subscribe call) {
        subscriptions.subscribe(call);
    }

    @Override
    public void accept(SchedulerCall.Accept call) {
        heard(call.caller(), () -> accepts.accept(call));
    }

    @Override
    public void decline(SchedulerCall.Decline call) {
        heard(call.caller(), () -> offers.decline(call));
    }

    @Override
    public void answerInverse(SchedulerCall.AnswerInverse call) {
        heard(call.caller(), () -> offers.answerInverse(call));
    }

    @Override
    public void suppress(SchedulerCall.Suppress call) {
        heard(call.caller(), () -> offers.suppress(call));
    }

    @Override
    public void revive(SchedulerCall.Revive call) {
        heard(call.caller(), () -> offers.revive(call));
    }

    @Override
    public void kill(SchedulerCall.Kill call) {
        heard(call.caller(), () -> tasks.kill(call));
    }

    @Override
    public void acknowledge(SchedulerCall.Acknowledge call) {
        heard(call.caller(), () -> tasks.acknowledge(call));
    }

    @Override
    public void acknowledgeOperation(SchedulerCall.AcknowledgeOperation call) {
        heard(call.caller(), () -> tasks.acknowledgeOperation(call));
    }

    @Override
    public void reconcile(SchedulerCall.Reconcile call) {
        heard(call.caller(), () -> tasks.reconcile(call));
    }

    @Override
    public void reconcileOperations(SchedulerCall.ReconcileOperations call) {
        heard(call.caller(), () -> tasks.reconcileOperations(call));
    }

    @Override
    public void update(SchedulerCall.Update call) {
        heard(call.caller(), () -> subscriptions.update(call));
    }

    @Override
    public void message(SchedulerCall.Message call) {
        heard(call.caller(), () -> tasks.message(call));
    }

    @Override
    public void shutdownExecutor(SchedulerCall.ShutdownExecutor call) {
        heard(call.caller(), () -> tasks.shutdown(call));
    }

    @Override
    public void toNobody(SchedulerCall.ToNobody call) {
        heard(call.caller(), () -> turn.done(call.caller()));
    }

    @Override
    public void teardown(SchedulerCall.Teardown call) {
        if (call.byOperator()) {
            subscriptions.teardown(call);
        } else {
            heard(call.caller(), () -> subscriptions.teardown(call));
        }
    }

    private void heard(Caller caller, Runnable then) {
        subscriptions.refusal(caller).ifPresentOrElse(refused -> turn.answer(caller, refused), then);
    }

    // -- what agents' sessions report --

    @Override
    public void agentBack(AgentReport.AgentBack report) {
        agents.agentBack(report);
    }

    @Override
    public void agentGone(AgentReport.AgentGone report) {
        agents.agentGone(report.agent(), report.session(), report.removed());
    }

    @Override
    public void dropped(AgentReport.Dropped report) {
        agents.dropped(report.tasks(), report.reason(), report.message());
    }

    @Override
    public void updates(AgentReport.Updates report) {
        agents.updates(report);
    }

    @Override
    public void received(AgentReport.Received report) {
        agents.received(report);
    }

    @Override
    public void executorMessage(AgentReport.ExecutorMessage report) {
        turn.courier().tell(new SchedulerEvent.ExecutorMessage(report.agent(), report.executor(), report.data()));
    }

    // -- what the allocator says --

    @Override
    public void fromAllocator(FrameworkSignal.FromAllocator signal) {
        signal.event().deliver(this);
    }

    @Override
    public void welcome(AllocationEvent.Welcome event) {
        offers.epoch(event.epoch());
    }

    @Override
    public void offersMade(AllocationEvent.OffersMade event) {
        offers.made(event);
    }

    @Override
    public void offersWithdrawn(AllocationEvent.OffersWithdrawn event) {
        offers.withdrawn(event);
    }

    @Override
    public void inverseMade(AllocationEvent.InverseMade event) {
        offers.inverseMade(event);
    }

    @Override
    public void inverseWithdrawn(AllocationEvent.InverseWithdrawn event) {
        offers.inverseWithdrawn(event);
    }

    @Override
    public void claimAnswered(AllocationEvent.ClaimAnswered event) {
        accepts.answered(event);
    }

    @Override
    public void released(AllocationEvent.Released event) {
        event.tasks().forEach(turn.out()::released);
    }

    // -- the rest --

    @Override
    public void schedulerGone(FrameworkSignal.SchedulerGone signal) {
        subscriptions.gone(signal.scheduler());
    }

    @Override
    public void describe(FrameworkSignal.Describe signal) {
        feed.describeTo(signal.replyTo());
    }

    @Override
    public void wake(FrameworkSignal.Wake signal) {
        // To be there is all that is asked.
    }

    @Override
    public void tick(FrameworkSignal.Tick signal) {
        tick = true;
    }
}
