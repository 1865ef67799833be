package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorRound;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.ClaimRound;
import io.finback.controlplane.allocator.InverseNews;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.wire.Parts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One incarnation of the allocator: turns messages into decisions of an {@link AllocatorRound} and decisions into answers, which
 * wait in {@link #settle} until the round's event is journaled. Lives inside the actor; holds what is not durable.
 */
final class AllocatorDesk implements AllocatorMessage.Handler {
    private static final Duration LONGEST_REFUSAL = Duration.ofDays(365);

    /** One is answered per tick, offers come first; who comes on top hears nothing and asks again. */
    private static final int EXPLANATIONS_WAITING = 16;

    private record Subscriber(ActorRef<AllocationEvent> ref, Instant until) {}

    private final long epoch;
    private final OfferBook book;
    private final AllocatorActor.Collaborators with;
    private final AgentsDesk agents;
    private final TermsDesk terms;
    private final ViewNews news;
    private final Map<FrameworkId, Subscriber> subscribers = new HashMap<>();
    private final List<Runnable> answers = new ArrayList<>();
    private final Deque<AllocatorMessage.Explain> explaining = new ArrayDeque<>();
    private AllocatorState state;
    private AllocatorRound round;
    private Instant now;
    private boolean tick;

    /** {@code state} as it was recovered. */
    AllocatorDesk(AllocatorState state, AllocatorActor.Collaborators with, Instant now) {
        this.epoch = state.incarnation() + 1;
        this.with = with;
        this.book = new OfferBook(Long.toString(epoch, 36), with.settings().offers(), new Re2Texts());
        this.agents = new AgentsDesk(with.settings().removalRate(), state, now);
        this.terms = new TermsDesk(with.settings().repeat(), with.sessions());
        this.news = new ViewNews(epoch, with.views(), with.settings().viewDelay(), book, agents::speaks, now);
        this.now = now;
        this.state = state;
        this.round = new AllocatorRound(state, book, now);
    }

    /** Tells the sessions of all agents that this allocator has begun. */
    void begin() {
        terms.wakeAll(state, now);
    }

    /** Decides a batch. Returns what must be journaled before {@link #settle} may be called. */
    Optional<AllocatorEvent> decide(AllocatorState current, List<AllocatorMessage> messages, Instant at) {
        state = current;
        now = at;
        round = new AllocatorRound(current, book, at);
        if (current.incarnation() < epoch) {
            round.begin(epoch);
        }
        tick = false;
        answers.clear();
        messages.forEach(message -> message.deliver(this));
        Optional<AllocatorEvent> event = round.event();
        event.ifPresent(changes -> news.note(changes, current));
        return event;
    }

    /** Checks promise 2, says what was decided, and makes the offers that are due. */
    void settle(AllocatorState after) {
        state = after;
        round.check();
        for (AgentId agent : round.changedAgents()) {
            news.add(agent);
            tellWithdrawn(book.setOfferable(agent, agents.speaks(agent) && mayBeOffered(agent)));
        }
        tellWithdrawn(round.withdrawn());
        answers.forEach(Runnable::run);
        terms.update(round.changedAgents(), state, now);
        if (tick) {
            tellWithdrawn(book.expire(now));
            endLeases();
            pass();
            tellInverse(book.takeInverseNews());
            explainOne();
            terms.repeat(state, now);
            news.publish(state, now);
        }
    }

    private void pass() {
        boolean hadWork = book.hasWork();
        long start = System.nanoTime();
        List<Offered> made = book.pass(state, now);
        if (hadWork || !made.isEmpty()) {
            with.meter().passed(System.nanoTime() - start, made.size());
        }
        tellMade(made);
    }

    boolean hasWork() {
        return book.hasWork() || !explaining.isEmpty();
    }

    Instant nextDue() {
        Instant due = news.nextDue();
        for (Optional<Instant> other : List.of(book.nextDue(), agents.nextDue(), terms.nextDue())) {
            due = other.filter(due::isAfter).orElse(due);
        }
        return due;
    }

    @Override
    public void admit(AllocatorMessage.Admit message) {
        news.add(message.info().id());
        agents.admit(message, round)
                .ifPresent(reply -> answers.add(() -> message.replyTo().tell(reply)));
    }

    @Override
    public void markUnreachable(AllocatorMessage.MarkUnreachable message) {
        AgentId agent = message.agent();
        Optional<SessionReply> outdated = agents.outdated(agent, message.session(), round);
        if (outdated.isEmpty()) {
            news.add(agent);
            tellWithdrawn(book.setOfferable(agent, false));
        }
        outdated.or(() -> agents.markUnreachable(message, round, now))
                .ifPresent(reply -> answers.add(() -> message.replyTo().tell(reply)));
    }

    @Override
    public void setOffering(AllocatorMessage.SetOffering message) {
        AgentId agent = message.agent();
        Optional<SessionReply> outdated = agents.outdated(agent, message.session(), round);
        if (outdated.isPresent()) {
            answers.add(() -> message.replyTo().tell(outdated.get()));
        } else if (round.isKnown(agent)) {
            news.add(agent);
            agents.setSpeaking(agent, message.offering());
            tellWithdrawn(book.setOfferable(agent, message.offering() && round.mayBeOffered(agent)));
        }
    }

    @Override
    public void termsHeard(AllocatorMessage.TermsHeard message) {
        if (terms.heard(message.agent(), message.terms())) {
            if (message.terms().removed().isPresent()) {
                round.releaseAll(message.agent());
            } else if (!message.terms().destroyed().isEmpty()) {
                round.emptied(message.agent(), message.terms().destroyed());
            }
        }
    }

    @Override
    public void wakeSessions(AllocatorMessage.WakeSessions message) {
        answers.add(() -> terms.wakeAll(state, now));
    }

    @Override
    public void interest(AllocatorMessage.Interest message) {
        tellWithdrawn(book.join(message.framework(), message.spec()));
        subscribers.put(
                message.framework(),
                new Subscriber(message.replyTo(), now.plus(with.settings().lease())));
        answers.add(() -> message.replyTo().tell(new AllocationEvent.Welcome(epoch)));
    }

    @Override
    public void noInterest(AllocatorMessage.NoInterest message) {
        subscribers.remove(message.framework());
        book.leave(message.framework()).forEach(this::noteEnded);
    }

    @Override
    public void claim(AllocatorMessage.Claim message) {
        news.add(message.agent());
        List<ClaimRound.Step> steps = message.steps().stream()
                .map(step -> new ClaimRound.Step(
                        step.tasks().stream()
                                .map(task -> new ClaimRound.Wish(task.task(), task.resources()))
                                .toList(),
                        step.change()))
                .toList();
        ClaimRound.Outcome outcome = round.claim(new ClaimRound.Request(
                message.framework(),
                message.agent(),
                message.offers(),
                steps,
                bounded(message.refuse()),
                message.claimant().roles(),
                message.claimant().principal(),
                message.claimant().mayShare()));
        List<AllocationEvent.RefusedTask> refused = new ArrayList<>();
        outcome.refused()
                .forEach((task, why) ->
                        refused.add(new AllocationEvent.RefusedTask(task, refusal(why.why()), why.message())));
        List<AllocationEvent.RefusedChange> failed = new ArrayList<>();
        outcome.failed()
                .forEach((id, why) ->
                        failed.add(new AllocationEvent.RefusedChange(id, refusal(why.why()), why.message())));
        AllocationEvent reply = new AllocationEvent.ClaimAnswered(
                message.number(), message.agent(), outcome.granted(), refused, outcome.applied(), failed);
        answers.add(() -> message.replyTo().tell(reply));
    }

    @Override
    public void decline(AllocatorMessage.Decline message) {
        round.decline(message.framework(), message.offers(), bounded(message.refuse()))
                .forEach(this::noteEnded);
    }

    @Override
    public void answerInverse(AllocatorMessage.AnswerInverse message) {
        book.answerInverse(
                message.framework(), message.inverseOffers(), message.accepted(), now, bounded(message.refuse()));
        news.notePool();
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
        OperatorReply reply = OperatorDesk.decide(message.command(), round.operator());
        answers.add(() -> message.replyTo().tell(reply));
    }

    @Override
    public void describe(AllocatorMessage.Describe message) {
        answers.add(() -> news.describe(message.replyTo(), state));
    }

    @Override
    public void explain(AllocatorMessage.Explain message) {
        if (explaining.size() < EXPLANATIONS_WAITING) {
            explaining.add(message);
        }
    }

    @Override
    public void tick(AllocatorMessage.Tick message) {
        tick = true;
        agents.giveUpDue(round, now, (replyTo, reply) -> answers.add(() -> replyTo.tell(reply)));
    }

    private void explainOne() {
        AllocatorMessage.Explain next = explaining.poll();
        if (next != null) {
            next.replyTo().tell(new AllocatorMessage.Explained(book.explain(next.role(), next.framework())));
        }
    }

    private boolean mayBeOffered(AgentId agent) {
        return state.agent(agent)
                .filter(entry -> entry.record().isOpen() && !state.isDown(entry.spec()))
                .isPresent();
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
            book.leave(framework).forEach(this::noteEnded);
        }
    }

    private void noteEnded(Offered offer) {
        news.add(offer.agent());
    }

    private void tellWithdrawn(List<Offered> withdrawn) {
        Map<FrameworkId, List<OfferId>> ids = new LinkedHashMap<>();
        for (Offered offer : withdrawn) {
            ids.computeIfAbsent(offer.framework(), id -> new ArrayList<>()).add(offer.id());
            noteEnded(offer);
        }
        ids.forEach((framework, list) ->
                Parts.of(list).forEach(part -> tell(framework, new AllocationEvent.OffersWithdrawn(epoch, part))));
    }

    private void tellMade(List<Offered> made) {
        Map<FrameworkId, List<AllocationEvent.Made>> offers = new LinkedHashMap<>();
        for (Offered offer : made) {
            news.add(offer.agent());
            AgentSpec spec = state.agent(offer.agent()).orElseThrow().spec();
            offers.computeIfAbsent(offer.framework(), id -> new ArrayList<>())
                    .add(new AllocationEvent.Made(
                            offer.id(),
                            offer.agent(),
                            spec.hostname(),
                            offer.resources(),
                            spec.attributes(),
                            offer.role(),
                            spec.httpPort(),
                            spec.domain(),
                            state.unavailability(spec)));
        }
        offers.forEach((framework, list) ->
                Parts.of(list).forEach(part -> tell(framework, new AllocationEvent.OffersMade(epoch, part))));
    }

    private void tellInverse(InverseNews inverse) {
        Map<FrameworkId, List<OfferId>> ended = new LinkedHashMap<>();
        inverse.ended().forEach(offer -> ended.computeIfAbsent(offer.framework(), id -> new ArrayList<>())
                .add(offer.id()));
        ended.forEach((framework, list) ->
                Parts.of(list).forEach(part -> tell(framework, new AllocationEvent.InverseWithdrawn(epoch, part))));
        Map<FrameworkId, List<AllocationEvent.Inverse>> made = new LinkedHashMap<>();
        inverse.made().forEach(offer -> made.computeIfAbsent(offer.framework(), id -> new ArrayList<>())
                .add(new AllocationEvent.Inverse(offer.id(), offer.agent(), offer.unavailability())));
        made.forEach((framework, list) ->
                Parts.of(list).forEach(part -> tell(framework, new AllocationEvent.InverseMade(epoch, part))));
        if (!made.isEmpty() || !ended.isEmpty()) {
            news.notePool();
        }
    }

    private void tell(FrameworkId framework, AllocationEvent event) {
        Subscriber subscriber = subscribers.get(framework);
        if (subscriber != null) {
            subscriber.ref().tell(event);
        }
    }

    private static AllocationEvent.Refusal refusal(ClaimRound.Why why) {
        return switch (why) {
            case INVALID_OFFERS -> AllocationEvent.Refusal.INVALID_OFFERS;
            case AGENT_REMOVED -> AllocationEvent.Refusal.AGENT_REMOVED;
            case AGENT_DISCONNECTED -> AllocationEvent.Refusal.AGENT_DISCONNECTED;
            case INVALID -> AllocationEvent.Refusal.INVALID;
        };
    }

    private static Duration bounded(Duration refuse) {
        return refuse.isNegative()
                ? Duration.ofSeconds(5)
                : refuse.compareTo(LONGEST_REFUSAL) > 0 ? LONGEST_REFUSAL : refuse;
    }
}
