package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorRound;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One incarnation of the allocator: turns messages into decisions of an {@link AllocatorRound} and decisions into answers, which
 * wait in {@link #settle} until the round's event is journaled. Lives inside the actor; holds what is not durable.
 */
final class AllocatorDesk implements AllocatorMessage.Handler {
    /** Offers and views travel in parts well below Artery's frame of 256 KiB. */
    private static final int PART = 200;

    private static final Duration LONGEST_REFUSAL = Duration.ofDays(365);

    private record Subscriber(ActorRef<AllocationEvent> ref, Instant until) {}

    private final long epoch;
    private final OfferBook book;
    private final Duration lease;
    private final Map<AgentId, Long> sessions = new HashMap<>();
    private final Map<AgentId, String> asks = new HashMap<>();
    private final AdmitParts admitParts = new AdmitParts();
    private final Set<AgentId> active = new LinkedHashSet<>();
    private final Map<FrameworkId, Subscriber> subscribers = new HashMap<>();
    private final Set<AgentId> news = new LinkedHashSet<>();
    private final List<Runnable> answers = new ArrayList<>();
    private final List<ActorRef<AllocationDelta>> describeTo = new ArrayList<>();
    private final ActorRef<AllocationDelta> views;
    private long deltaNumber;
    private AllocatorState state;
    private AllocatorRound round;
    private Instant now;
    private boolean tick;

    AllocatorDesk(long epoch, AllocatorSettings settings, ActorRef<AllocationDelta> views, Instant now) {
        this.epoch = epoch;
        this.book = new OfferBook(Long.toString(epoch, 36), settings.offers());
        this.lease = settings.lease();
        this.views = views;
        this.now = now;
        this.state = new AllocatorState();
        this.round = new AllocatorRound(state, book, now);
    }

    /** Decides a batch. Returns what must be journaled before {@link #settle} may be called. */
    Optional<AllocatorEvent> decide(AllocatorState current, List<AllocatorMessage> messages, Instant at) {
        state = current;
        now = at;
        round = new AllocatorRound(current, book, at);
        tick = false;
        answers.clear();
        describeTo.clear();
        messages.forEach(message -> message.deliver(this));
        return round.event();
    }

    /** Checks promise 2, says what was decided, and makes the offers that are due. */
    void settle(AllocatorState after) {
        state = after;
        round.check();
        news.addAll(round.changedAgents());
        tellWithdrawn(round.withdrawn());
        answers.forEach(Runnable::run);
        describeTo.forEach(to -> tellViews(to, allAgents(), deltaNumber));
        if (tick) {
            tellWithdrawn(book.expire(now));
            endLeases();
            tellMade(book.pass(state, now));
            publish();
        }
    }

    boolean hasWork() {
        return book.hasWork() || !news.isEmpty();
    }

    Optional<Instant> nextDue() {
        return book.nextDue();
    }

    @Override
    public void admit(AllocatorMessage.Admit message) {
        admitParts.add(message).ifPresent(this::admitWhole);
    }

    private void admitWhole(AllocatorMessage.Admit message) {
        AgentId agent = message.info().id();
        List<Holding> running = message.running().stream()
                .map(task -> new Holding(new TaskKey(task.framework(), task.task()), agent, task.resources()))
                .toList();
        SessionReply reply = round.admit(spec(message.info()), running)
                .<SessionReply>match(
                        admitted -> {
                            long session = number(agent, message);
                            allow(agent, true);
                            return new SessionReply.Admitted(
                                    message.ask(),
                                    session,
                                    AgentTerms.NONE,
                                    byFramework(admitted.held()),
                                    byFramework(admitted.unplaced()));
                        },
                        refused -> new SessionReply.AdmitRefused(message.ask(), refused.reason(), false));
        answers.add(() -> message.replyTo().tell(reply));
    }

    @Override
    public void markUnreachable(AllocatorMessage.MarkUnreachable message) {
        if (isGhost(message.agent(), message.session())) {
            outdated(message.agent(), message.replyTo());
            return;
        }
        active.remove(message.agent());
        news.add(message.agent());
        SessionReply reply =
                new SessionReply.MarkedUnreachable(message.session(), byFramework(round.lose(message.agent())));
        answers.add(() -> message.replyTo().tell(reply));
    }

    @Override
    public void setOffering(AllocatorMessage.SetOffering message) {
        if (isGhost(message.agent(), message.session())) {
            outdated(message.agent(), message.replyTo());
        } else {
            allow(message.agent(), message.offering());
        }
    }

    @Override
    public void interest(AllocatorMessage.Interest message) {
        tellWithdrawn(book.join(message.framework(), message.spec()));
        subscribers.put(message.framework(), new Subscriber(message.replyTo(), now.plus(lease)));
        answers.add(() -> message.replyTo().tell(new AllocationEvent.Welcome(epoch)));
    }

    @Override
    public void noInterest(AllocatorMessage.NoInterest message) {
        subscribers.remove(message.framework());
        book.leave(message.framework()).forEach(offer -> news.add(offer.agent()));
    }

    @Override
    public void claim(AllocatorMessage.Claim message) {
        List<AllocatorRound.Wish> wishes = message.steps().stream()
                .flatMap(step -> step.tasks().stream())
                .map(task -> new AllocatorRound.Wish(task.task(), task.resources()))
                .toList();
        AllocatorRound.ClaimOutcome outcome =
                round.claim(message.framework(), message.agent(), message.offers(), wishes, bounded(message.refuse()));
        news.add(message.agent());
        List<AllocationEvent.RefusedTask> refused = new ArrayList<>();
        outcome.refused()
                .forEach((task, why) -> refused.add(
                        why == AllocatorRound.ClaimRefusal.TASK_INVALID
                                ? new AllocationEvent.RefusedTask(
                                        task,
                                        AllocationEvent.Refusal.INVALID,
                                        "the offers hold less than the task needs")
                                : new AllocationEvent.RefusedTask(
                                        task, AllocationEvent.Refusal.INVALID_OFFERS, "the offers no longer stand")));
        List<AllocationEvent.RefusedChange> failed = message.steps().stream()
                .flatMap(step -> step.change().stream())
                .map(change -> new AllocationEvent.RefusedChange(
                        change.id(), AllocationEvent.Refusal.INVALID, "not supported"))
                .toList();
        AllocationEvent reply = new AllocationEvent.ClaimAnswered(
                message.number(), message.agent(), outcome.granted(), refused, List.of(), failed);
        answers.add(() -> message.replyTo().tell(reply));
    }

    @Override
    public void decline(AllocatorMessage.Decline message) {
        round.decline(message.framework(), message.offers(), bounded(message.refuse()));
    }

    @Override
    public void answerInverse(AllocatorMessage.AnswerInverse message) {
        // No inverse offers are made yet.
    }

    @Override
    public void revive(AllocatorMessage.Revive message) {
        book.revive(message.framework(), message.roles());
    }

    @Override
    public void release(AllocatorMessage.Release message) {
        message.tasks().forEach(task -> round.release(new TaskKey(message.framework(), task)));
        answers.add(() -> message.replyTo().tell(new AllocationEvent.Released(message.tasks())));
    }

    @Override
    public void operate(AllocatorMessage.Operate message) {
        answers.add(() ->
                message.replyTo().tell(new OperatorReply.Refused(OperatorReply.Why.UNAVAILABLE, "not supported")));
    }

    @Override
    public void describe(AllocatorMessage.Describe message) {
        describeTo.add(message.replyTo());
    }

    @Override
    public void tick(AllocatorMessage.Tick message) {
        tick = true;
    }

    @Override
    public void termsHeard(AllocatorMessage.TermsHeard message) {
        // No terms are made yet.
    }

    private boolean isGhost(AgentId agent, long session) {
        return session < sessions.getOrDefault(agent, 0L);
    }

    private void outdated(AgentId agent, ActorRef<SessionReply> replyTo) {
        long newest = sessions.getOrDefault(agent, 0L);
        answers.add(() -> replyTo.tell(new SessionReply.Outdated(newest)));
    }

    private long number(AgentId agent, AllocatorMessage.Admit message) {
        long newest = sessions.getOrDefault(agent, 0L);
        if (message.ask().equals(asks.put(agent, message.ask())) && message.lastSession() < newest) {
            return newest;
        }
        // The epoch only until numbers are journaled: it stands for those an earlier allocator has given.
        long number = Math.max(Math.max(newest, epoch), message.lastSession()) + 1;
        sessions.put(agent, number);
        return number;
    }

    private void allow(AgentId agent, boolean offering) {
        if (offering ? active.add(agent) : active.remove(agent)) {
            news.add(agent);
        }
        tellWithdrawn(book.setOfferable(agent, offering));
    }

    private void endLeases() {
        List<FrameworkId> ended = new ArrayList<>();
        subscribers.forEach((framework, subscriber) -> {
            if (subscriber.until().isBefore(now)) {
                ended.add(framework);
            }
        });
        for (FrameworkId framework : ended) {
            subscribers.remove(framework);
            book.leave(framework).forEach(offer -> news.add(offer.agent()));
        }
    }

    private void tellWithdrawn(List<Offered> withdrawn) {
        Map<FrameworkId, List<OfferId>> ids = new LinkedHashMap<>();
        for (Offered offer : withdrawn) {
            ids.computeIfAbsent(offer.framework(), id -> new ArrayList<>()).add(offer.id());
            news.add(offer.agent());
        }
        ids.forEach((framework, list) -> tell(framework, new AllocationEvent.OffersWithdrawn(epoch, list)));
    }

    private void tellMade(List<Offered> made) {
        Map<FrameworkId, List<AllocationEvent.Made>> offers = new LinkedHashMap<>();
        for (Offered offer : made) {
            news.add(offer.agent());
            AgentSpec spec = state.agent(offer.agent()).orElseThrow().spec();
            List<AllocationEvent.Made> list = offers.computeIfAbsent(offer.framework(), id -> new ArrayList<>());
            list.add(new AllocationEvent.Made(
                    offer.id(),
                    offer.agent(),
                    spec.hostname(),
                    offer.resources(),
                    spec.attributes(),
                    offer.role(),
                    spec.httpPort(),
                    spec.domain(),
                    Optional.empty()));
            if (list.size() == PART) {
                tell(offer.framework(), new AllocationEvent.OffersMade(epoch, list));
                list.clear();
            }
        }
        offers.forEach((framework, list) -> {
            if (!list.isEmpty()) {
                tell(framework, new AllocationEvent.OffersMade(epoch, list));
            }
        });
    }

    private void tell(FrameworkId framework, AllocationEvent event) {
        Subscriber subscriber = subscribers.get(framework);
        if (subscriber != null) {
            subscriber.ref().tell(event);
        }
    }

    private void publish() {
        List<AllocationDelta.Agent> changed = new ArrayList<>();
        news.forEach(agent -> state.agent(agent).ifPresent(entry -> changed.add(describe(entry))));
        news.clear();
        tellViews(views, changed, ++deltaNumber);
    }

    private void tellViews(ActorRef<AllocationDelta> to, List<AllocationDelta.Agent> agents, long number) {
        for (int from = 0; from == 0 || from < agents.size(); from += PART) {
            to.tell(new AllocationDelta(
                    epoch,
                    number,
                    agents.subList(from, Math.min(agents.size(), from + PART)),
                    Optional.of(AllocationDelta.Pool.EMPTY),
                    from + PART >= agents.size()));
        }
    }

    private List<AllocationDelta.Agent> allAgents() {
        return state.agents().stream().map(this::describe).toList();
    }

    private AllocationDelta.Agent describe(AllocatorState.Entry entry) {
        AgentId id = entry.spec().id();
        return new AllocationDelta.Agent(
                entry.spec(),
                entry.admittedAt(),
                entry.lostAt(),
                active.contains(id) && entry.lostAt().isEmpty(),
                entry.allocated(),
                book.offered(id));
    }

    private static Duration bounded(Duration refuse) {
        return refuse.isNegative()
                ? Duration.ofSeconds(5)
                : refuse.compareTo(LONGEST_REFUSAL) > 0 ? LONGEST_REFUSAL : refuse;
    }

    private static AgentSpec spec(AgentInfo info) {
        return new AgentSpec(
                info.id(),
                info.hostname(),
                info.httpPort(),
                info.resources(),
                info.attributes(),
                info.version(),
                info.domain());
    }

    private static List<SessionReply.HeldTasks> byFramework(List<TaskKey> keys) {
        Map<FrameworkId, List<TaskId>> tasks = new LinkedHashMap<>();
        keys.forEach(key ->
                tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>()).add(key.task()));
        List<SessionReply.HeldTasks> held = new ArrayList<>();
        tasks.forEach((framework, list) -> held.add(new SessionReply.HeldTasks(framework, list)));
        return held;
    }
}
