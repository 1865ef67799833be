package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is not durable of a pool: outstanding offers, filters, who wants offers, which agents may be offered. Lost on failover, on
 * purpose: offers are void then. Mutable, not thread-safe.
 *
 * <p>The face of the volatile half: {@link Enrolment} knows who wants what, {@link Sync} reads what the {@link AllocatorState} says, {@link
 * Pass} decides who is offered what, by the fair order of {@link RoleTree} and what {@link Headroom} leaves, {@link Offers} keeps what was
 * offered, and {@link InverseBook} what was asked back.
 */
public final class OfferBook {
    private final OfferPolicy policy;
    private final Board board;
    private final Offers offers;
    private final Enrolment enrolment;
    private final Sync sync;
    private final Pass pass;
    private final InverseBook inverse;

    /** An empty book that knows no regular expressions. */
    public OfferBook(String idPrefix, OfferPolicy policy) {
        this(idPrefix, policy, TextMatcher.NONE);
    }

    /**
     * An empty book.
     *
     * @param idPrefix differs in every incarnation, so that an offer id is never used twice
     * @param matcher for the regular expressions in offer constraints
     */
    public OfferBook(String idPrefix, OfferPolicy policy, TextMatcher matcher) {
        this.policy = policy;
        this.board = new Board(policy, matcher);
        this.offers = new Offers(idPrefix, board);
        this.enrolment = new Enrolment(board, offers);
        this.sync = new Sync(board);
        this.pass = new Pass(board, offers::make);
        this.inverse = new InverseBook(idPrefix, policy.timeout());
    }

    /**
     * The framework wants this from now on; whatever it said before is replaced. Repeating it changes nothing. Returns the offers that end
     * because it gave up their role.
     */
    public List<Offered> join(FrameworkId framework, ClientSpec spec) {
        if (!isJoined(framework)) {
            inverse.agents().forEach(this::touch);
        }
        return enrolment.join(framework, spec);
    }

    /** The framework is gone: its offers and filters end. */
    public List<Offered> leave(FrameworkId framework) {
        inverse.leave(framework);
        return enrolment.leave(framework);
    }

    /** Forgets the framework's filters of these roles; none named: of all. */
    public void revive(FrameworkId framework, Set<String> roles) {
        enrolment.revive(framework, roles);
    }

    /** Allows or forbids offers of this agent; forbidding returns those that end. */
    public List<Offered> setOfferable(AgentId agent, boolean allowed) {
        Slot slot = board.slots.get(agent);
        if (allowed) {
            if (!slot.isOfferable) {
                slot.isOfferable = true;
                board.touch(slot);
            }
            return List.of();
        }
        slot.isOfferable = false;
        return withdraw(agent);
    }

    /** Ends every offer of this agent. */
    public List<Offered> withdraw(AgentId agent) {
        touch(agent);
        return offers.removeAll(board.slots.get(agent).offers);
    }

    /** Ends those offers of the agent that hold any of these volumes. */
    public List<Offered> withdrawHolding(AgentId agent, List<Special> volumes) {
        return offers.removeAll(liveOn(agent)
                .filter(live -> volumes.stream().anyMatch(volume -> holds(live.offered(), volume)))
                .toList());
    }

    /** The agent's outstanding offers. */
    public List<Offered> offersOn(AgentId agent) {
        return liveOn(agent).map(LiveOffer::offered).toList();
    }

    /** The offers of these ids if all of them stand, differ, and are for one role of the framework on this agent; else nothing. */
    public Optional<List<Offered>> standing(FrameworkId framework, AgentId agent, List<OfferId> ids) {
        return offers.find(framework, agent, ids);
    }

    /** Ends those of these offers that are the framework's, and returns them. */
    public List<Offered> remove(FrameworkId framework, List<OfferId> ids) {
        return offers.remove(framework, ids);
    }

    /** The framework does not want to see this much of this agent in this role until then. */
    public void filter(FrameworkId framework, String role, AgentId agent, Resources refused, Instant until) {
        Client client = board.clients.get(framework);
        Seat seat = client == null ? null : client.seats.get(role);
        Slot slot = board.slots.find(agent);
        if (seat != null && slot != null) {
            board.filters.add(slot, seat, refused, ceilMillis(until));
        }
    }

    /** Something changed on this agent, or for this framework. */
    public void touch(AgentId agent, FrameworkId framework) {
        touch(agent);
    }

    /** Something changed on this agent. */
    public void touch(AgentId agent) {
        board.touch(board.slots.get(agent));
    }

    /** Ends the offers that are due. */
    public List<Offered> expire(Instant now) {
        inverse.expire(now).forEach(this::touch);
        return offers.expire(now);
    }

    /** Makes the offers that can be made. Cost grows with what changed since the last pass, not with the pool. */
    public List<Offered> pass(AllocatorState state, Instant now) {
        sync.read(state);
        offers.setExpiry(now.plus(policy.timeout()));
        List<Slot> agents = new ArrayList<>(board.dirty);
        pass.run(agents, now.toEpochMilli());
        for (Slot slot : agents) {
            slot.isDirty = false;
            if (slot.unavailability.isPresent() || inverse.isWatched(slot.id)) {
                inverse.update(slot.id, slot.unavailability, connectedOn(state, slot.id), now);
            }
        }
        board.dirty.clear();
        return offers.takeMade();
    }

    /** The inverse offers that were made, and those that ended without the framework's doing, since this was asked last. */
    public InverseNews takeInverseNews() {
        return inverse.takeNews();
    }

    /** Whether the framework leaves in time; unknown inverse offers are ignored. It is not asked again for {@code refuse}. */
    public void answerInverse(
            FrameworkId framework, List<OfferId> ids, boolean accepted, Instant now, Duration refuse) {
        inverse.answer(framework, ids, accepted, now, refuse).forEach(this::touch);
    }

    /** Agents whose machines will be unavailable. */
    public Set<AgentId> agentsToLeave() {
        return inverse.agents();
    }

    /** What frameworks on this agent have said to its being unavailable. */
    public List<InverseAnswer> inverseAnswers(AgentId agent) {
        return inverse.answers(agent);
    }

    /** In the order they were made. */
    public List<InverseOffered> outstandingInverse() {
        return inverse.standing();
    }

    /** Throws unless offered + allocated &lt;= total on this agent. */
    public void check(AllocatorState.Entry entry) {
        Resources offered = offered(entry.spec().id());
        if (!entry.unallocated().contains(offered)) {
            throw new IllegalStateException("agent " + entry.spec().id() + ": offered " + offered
                    + " (expected: within the free " + entry.unallocated() + ")");
        }
    }

    /** What is offered of this agent; shared volumes do not count. */
    public Resources offered(AgentId agent) {
        Slot slot = board.slots.find(agent);
        return slot == null ? Resources.EMPTY : slot.offered();
    }

    /** In the order they were made. */
    public Collection<Offered> outstanding() {
        return offers.all();
    }

    public boolean hasWork() {
        return !board.dirty.isEmpty() || board.tree.isAnyAwake();
    }

    /** When something ends by itself next. */
    public Optional<Instant> nextDue() {
        OptionalLong filter = board.filters.nextEnd();
        return Stream.of(
                        filter.isPresent()
                                ? Optional.of(Instant.ofEpochMilli(filter.getAsLong()))
                                : Optional.<Instant>empty(),
                        offers.nextEnd(),
                        inverse.nextDue())
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    /** Why this role, or only this framework in it, is offered nothing, or what it is offered; as of the last pass. O(agents). */
    public Explanation explain(String role, Optional<FrameworkId> framework) {
        return new Explainer(board).explain(role, framework);
    }

    private boolean isJoined(FrameworkId framework) {
        Client client = board.clients.get(framework);
        return client != null && client.isJoined();
    }

    private Set<FrameworkId> connectedOn(AllocatorState state, AgentId agent) {
        Set<FrameworkId> frameworks = new LinkedHashSet<>();
        state.agent(agent).ifPresent(entry -> entry.tasks().forEach(task -> frameworks.add(task.framework())));
        frameworks.removeIf(framework -> !isJoined(framework));
        return frameworks;
    }

    private Stream<LiveOffer> liveOn(AgentId agent) {
        Slot slot = board.slots.find(agent);
        return slot == null ? Stream.empty() : List.copyOf(slot.offers).stream();
    }

    private static boolean holds(Offered offer, Special volume) {
        return !offer.resources().amountOf(volume.kind()).isEmpty();
    }

    private static long ceilMillis(Instant at) {
        long millis = at.toEpochMilli();
        return at.equals(Instant.ofEpochMilli(millis)) ? millis : millis + 1;
    }
}
