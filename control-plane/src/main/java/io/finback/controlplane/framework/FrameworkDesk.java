package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
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
 * One incarnation of a framework: decides message after message against a {@link FrameworkRound}, and what to say about it through
 * {@link Outbound}. Lives inside the actor; holds what is not durable.
 */
final class FrameworkDesk implements FrameworkHandler, AllocationEvent.Handler {
    /** What the desk needs of its actor. */
    interface Host {
        String address(ActorRef<SchedulerEvent> scheduler);

        void watch(ActorRef<SchedulerEvent> scheduler);

        void unwatch(ActorRef<SchedulerEvent> scheduler);
    }

    private final FrameworkId id;
    private final Outbound out;
    private final AgentDesk agents;
    private final Host host;
    private final ViewFeed feed;
    private final Set<OfferId> outstanding = new LinkedHashSet<>();
    private final Set<TaskId> maybeLaunched = new LinkedHashSet<>();
    private long allocatorEpoch;
    private boolean suppressed;
    private boolean tick;
    private FrameworkRound round;
    private Instant now = Instant.EPOCH;

    FrameworkDesk(FrameworkId id, long epoch, Outbound out, Host host, ActorRef<FrameworkDelta> views) {
        this.id = id;
        this.out = out;
        this.host = host;
        this.feed = new ViewFeed(id, epoch, views);
        this.round = new FrameworkRound(new FrameworkState());
        this.agents = new AgentDesk(out, round);
    }

    /** Takes up what an earlier incarnation left unanswered. */
    void recovered(FrameworkState state, Optional<ActorRef<SchedulerEvent>> scheduler, Instant at) {
        now = at;
        scheduler.ifPresent(this::connect);
        Map<List<OfferId>, List<TaskRecord>> unclaimed = new LinkedHashMap<>();
        for (TaskRecord record : state.tasks()) {
            feed.changed(record.info().id());
            if (record.isTerminal()) {
                out.release(record.info().id(), now);
            } else if (record.isUnreported()) {
                maybeLaunched.add(record.info().id());
                unclaimed
                        .computeIfAbsent(record.offers(), offers -> new ArrayList<>())
                        .add(record);
            } else if (record.killWanted()) {
                out.kill(record, now);
            }
            record.unacknowledged().forEach(status -> out.update(status, now));
        }
        state.ended().forEach(record -> out.release(record.info().id(), now));
        unclaimed.forEach((offers, records) -> {
            TaskRecord one = records.get(0);
            List<TaskInfo> tasks = records.stream().map(TaskRecord::info).toList();
            out.claim(offers, one.info().agent(), tasks, one.refuse(), now);
        });
        out.flush();
    }

    /** Decides a batch. Returns what must be journaled before {@link #settle} may be called. */
    Optional<FrameworkEvent> decide(FrameworkState state, List<FrameworkMessage> messages, Instant at) {
        now = at;
        round = new FrameworkRound(state);
        agents.begin(round, at);
        tick = false;
        messages.forEach(message -> message.deliver(this));
        if (tick) {
            out.repeat(round, now);
            if (out.scheduler().isPresent()) {
                out.interest(suppressed);
            }
        }
        return round.event();
    }

    /** Says what was decided. */
    void settle(FrameworkState state) {
        out.flush();
        round.changed().forEach(feed::changed);
        feed.settle(state, out.scheduler().isPresent(), tick);
    }

    boolean hasNews() {
        return feed.hasNews();
    }

    // -- what schedulers call --

    @Override
    public void subscribe(SchedulerCall.Subscribe call) {
        if (round.isTornDown()) {
            out.tell(call.scheduler(), new SchedulerEvent.Disconnected("framework has been removed"));
            return;
        }
        boolean same = out.scheduler().equals(Optional.of(call.scheduler()));
        boolean sameInfo = round.subscription()
                .map(known -> known.info().equals(call.info()))
                .orElse(false);
        if (!same || !sameInfo) {
            round.subscribe(new FrameworkEvent.Subscribed(call.info(), host.address(call.scheduler()), now));
        }
        if (!same) {
            disconnect("another scheduler has subscribed");
            connect(call.scheduler());
        }
        out.tellScheduler(new SchedulerEvent.Subscribed(id));
        if (!same) {
            round.tasks().forEach(record -> record.unacknowledged().forEach(status -> out.update(status, now)));
        }
    }

    @Override
    public void accept(SchedulerCall.Accept call) {
        outstanding.removeAll(call.offers());
        Optional<String> wrong =
                round.isTornDown() ? Optional.of("framework has been removed") : Accepts.check(id, call);
        if (wrong.isPresent()) {
            answer(call.caller(), new CallAnswer.Refused(CallAnswer.Why.INVALID, wrong.get()));
            return;
        }
        List<TaskInfo> fresh = call.launches().stream()
                .filter(task -> round.task(task.id()).isEmpty()
                        && round.ended(task.id()).isEmpty())
                .toList();
        answer(call.caller(), new CallAnswer.Done());
        if (fresh.isEmpty()) {
            out.tellAllocator(new AllocatorMessage.Decline(id, call.offers(), call.refuse()));
            return;
        }
        round.accept(call.offers(), call.refuse(), fresh, now);
        out.claim(call.offers(), fresh.get(0).agent(), fresh, call.refuse(), now);
    }

    @Override
    public void decline(SchedulerCall.Decline call) {
        outstanding.removeAll(call.offers());
        out.tellAllocator(new AllocatorMessage.Decline(id, call.offers(), call.refuse()));
    }

    @Override
    public void suppress(SchedulerCall.Suppress call) {
        suppressed = true;
        out.interest(true);
    }

    @Override
    public void revive(SchedulerCall.Revive call) {
        suppressed = false;
        out.interest(false);
        out.tellAllocator(new AllocatorMessage.Revive(id, call.roles()));
    }

    @Override
    public void kill(SchedulerCall.Kill call) {
        Optional<TaskRecord> record = round.task(call.task());
        if (record.isEmpty()) {
            out.tellScheduler(new SchedulerEvent.Update(answerAbout(call.task(), call.agent())));
        } else if (!record.get().isTerminal()) {
            wantKill(record.get(), call.grace());
        }
    }

    @Override
    public void acknowledge(SchedulerCall.Acknowledge call) {
        round.task(call.task()).ifPresent(record -> record.unacknowledged(call.uuid())
                .ifPresent(status -> acknowledged(record, status, call.uuid())));
    }

    @Override
    public void reconcile(SchedulerCall.Reconcile call) {
        List<TaskId> asked = call.tasks().isEmpty()
                ? round.tasks().stream().map(record -> record.info().id()).toList()
                : call.tasks().stream().map(SchedulerCall.Asked::task).toList();
        asked.forEach(task -> out.tellScheduler(new SchedulerEvent.Update(answerAbout(task, Optional.empty()))));
    }

    @Override
    public void teardown(SchedulerCall.Teardown call) {
        if (round.isTornDown()) {
            return;
        }
        round.tearDown();
        for (TaskRecord record : round.tasks()) {
            record.unacknowledged()
                    .forEach(status -> status.uuid().ifPresent(uuid -> acknowledged(record, status, uuid)));
            round.task(record.info().id())
                    .filter(left -> !left.isTerminal())
                    .ifPresent(left -> wantKill(left, Optional.empty()));
        }
        disconnect("framework has been removed");
    }

    @Override
    public void answerInverse(SchedulerCall.AnswerInverse call) {
        notYet(call.caller());
    }

    @Override
    public void acknowledgeOperation(SchedulerCall.AcknowledgeOperation call) {
        notYet(call.caller());
    }

    @Override
    public void reconcileOperations(SchedulerCall.ReconcileOperations call) {
        notYet(call.caller());
    }

    @Override
    public void update(SchedulerCall.Update call) {
        notYet(call.caller());
    }

    @Override
    public void toNobody(SchedulerCall.ToNobody call) {
        notYet(call.caller());
    }

    private void notYet(Caller caller) {
        answer(caller, new CallAnswer.Refused(CallAnswer.Why.INVALID, "not supported"));
    }

    private void answer(Caller caller, CallAnswer with) {
        caller.replyTo().ifPresent(to -> out.tell(to, with));
    }

    // -- what agents' sessions report --

    @Override
    public void agentBack(AgentReport.AgentBack report) {
        agents.agentBack(report, id);
    }

    @Override
    public void agentGone(AgentReport.AgentGone report) {
        agents.agentGone(report, id);
    }

    @Override
    public void dropped(AgentReport.Dropped report) {
        agents.dropped(report);
    }

    @Override
    public void updates(AgentReport.Updates report) {
        agents.updates(report);
    }

    @Override
    public void received(AgentReport.Received report) {
        agents.received(report);
    }

    // -- what the allocator says --

    @Override
    public void fromAllocator(FrameworkSignal.FromAllocator signal) {
        signal.event().deliver(this);
    }

    @Override
    public void welcome(AllocationEvent.Welcome event) {
        newEpoch(event.epoch());
    }

    @Override
    public void offersMade(AllocationEvent.OffersMade event) {
        newEpoch(event.epoch());
        List<Offer> offers = new ArrayList<>();
        for (AllocationEvent.Made made : event.offers()) {
            outstanding.add(made.id());
            offers.add(new Offer(
                    made.id(),
                    id,
                    made.agent(),
                    made.hostname(),
                    made.resources(),
                    made.attributes(),
                    made.role(),
                    made.httpPort(),
                    made.domain(),
                    made.unavailability()));
        }
        out.tellScheduler(new SchedulerEvent.Offers(offers));
    }

    @Override
    public void offersWithdrawn(AllocationEvent.OffersWithdrawn event) {
        List<OfferId> gone = event.offers().stream().filter(outstanding::remove).toList();
        if (!gone.isEmpty()) {
            out.tellScheduler(new SchedulerEvent.Rescind(gone));
        }
    }

    @Override
    public void claimAnswered(AllocationEvent.ClaimAnswered event) {
        for (TaskId task : event.granted()) {
            if (out.claimAnswered(task)) {
                round.task(task).filter(record -> !record.isTerminal()).ifPresent(this::granted);
            }
        }
        for (AllocationEvent.RefusedTask refused : event.refused()) {
            if (out.claimAnswered(refused.task())) {
                round.task(refused.task())
                        .filter(record -> !record.isTerminal())
                        .ifPresent(record -> agents.say(
                                record,
                                refused.why() == AllocationEvent.Refusal.INVALID ? TaskState.ERROR : TaskState.LOST,
                                refused.why() == AllocationEvent.Refusal.INVALID ? "TASK_INVALID" : "INVALID_OFFERS",
                                refused.message()));
            }
        }
    }

    @Override
    public void inverseMade(AllocationEvent.InverseMade event) {
        out.tellScheduler(new SchedulerEvent.InverseOffers(event.offers().stream()
                .map(offer -> new SchedulerEvent.InverseOffer(offer.id(), id, offer.agent(), offer.unavailability()))
                .toList()));
    }

    @Override
    public void inverseWithdrawn(AllocationEvent.InverseWithdrawn event) {
        out.tellScheduler(new SchedulerEvent.RescindInverse(event.offers()));
    }

    @Override
    public void released(AllocationEvent.Released event) {
        event.tasks().forEach(out::released);
    }

    // -- the rest --

    @Override
    public void schedulerGone(FrameworkSignal.SchedulerGone signal) {
        if (out.scheduler().equals(Optional.of(signal.scheduler()))) {
            round.disconnect();
            out.setScheduler(Optional.empty());
            outstanding.clear();
            out.tellAllocator(new AllocatorMessage.NoInterest(id));
        }
    }

    @Override
    public void describe(FrameworkSignal.Describe signal) {
        feed.describeTo(signal.replyTo());
    }

    @Override
    public void tick(FrameworkSignal.Tick signal) {
        tick = true;
    }

    private void connect(ActorRef<SchedulerEvent> scheduler) {
        out.setScheduler(Optional.of(scheduler));
        host.watch(scheduler);
        suppressed = false;
        out.interest(false);
    }

    private void disconnect(String reason) {
        out.scheduler().ifPresent(old -> {
            host.unwatch(old);
            out.tellScheduler(new SchedulerEvent.Disconnected(reason));
            out.tellAllocator(new AllocatorMessage.NoInterest(id));
            out.setScheduler(Optional.empty());
        });
        outstanding.clear();
    }

    private void newEpoch(long newer) {
        if (newer != allocatorEpoch) {
            allocatorEpoch = newer;
            if (!outstanding.isEmpty()) {
                out.tellScheduler(new SchedulerEvent.Rescind(List.copyOf(outstanding)));
                outstanding.clear();
            }
        }
    }

    private void granted(TaskRecord record) {
        boolean neverLaunched = !maybeLaunched.remove(record.info().id());
        if (record.killWanted() && neverLaunched) {
            agents.say(record, TaskState.KILLED, "TASK_KILLED_DURING_LAUNCH", "killed before it was launched");
        } else if (record.isUnreported()) {
            out.launch(record.info(), now);
            if (record.killWanted()) {
                out.kill(record, now);
            }
        }
    }

    private void wantKill(TaskRecord record, Optional<Duration> grace) {
        if (!record.killWanted() || !record.killGrace().equals(grace)) {
            round.wantKill(record, grace);
        }
        if (!out.isClaiming(record.info().id())) {
            out.kill(record.withKill(grace), now);
        }
    }

    private void acknowledged(TaskRecord record, TaskStatus status, String uuid) {
        TaskRecord latest = round.task(record.info().id()).orElse(record);
        round.acknowledge(latest, uuid);
        out.acknowledged(record.info().id(), latest.acknowledged(uuid).unacknowledged(), now);
        if (status.source() != TaskStatus.Source.MASTER) {
            out.acknowledgeToAgent(status);
        }
    }

    private TaskStatus answerAbout(TaskId task, Optional<AgentId> agent) {
        return round.task(task)
                .or(() -> round.ended(task))
                .map(record -> Statuses.reconciled(record.latest()))
                .orElseGet(() -> Statuses.unknown(task, id, agent, now));
    }
}
