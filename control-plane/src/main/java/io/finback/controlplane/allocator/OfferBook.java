package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.OfferConstraints.Group;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What is not durable of a pool: outstanding offers, filters, who wants offers, which agents may be offered. Lost on failover, on
 * purpose: offers are void then. Mutable, not thread-safe.
 *
 * <p>Keeps the books; in which order agents are handed out, {@link Pass} decides, by the fair order of {@link RoleTree} and what
 * {@link Headroom} leaves.
 */
public final class OfferBook {
    private final String idPrefix;
    private final OfferPolicy policy;
    private final Board board;
    private final Sync sync;
    private final Pass pass;
    private final Map<OfferId, LiveOffer> offers = new LinkedHashMap<>();
    private final List<Offered> made = new ArrayList<>();
    private long nextId;
    private Instant expiresAt = Instant.EPOCH;

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
        this.idPrefix = idPrefix;
        this.policy = policy;
        this.board = new Board(policy, matcher);
        this.sync = new Sync(board);
        this.pass = new Pass(board, this::make);
    }

    /**
     * The framework wants this from now on; whatever it said before is replaced. Repeating it changes nothing. Returns the offers that end
     * because it gave up their role.
     */
    public List<Offered> join(FrameworkId framework, ClientSpec spec) {
        Client client = board.client(framework);
        if (client.isJoined() && client.spec().equals(spec)) {
            return List.of();
        }
        boolean isNew = !client.isJoined();
        boolean canMore = isNew || !client.spec().capabilities().equals(spec.capabilities());
        client.join(spec);
        if (isNew) {
            sync.noteMoved(framework);
        }
        for (String role : spec.roles()) {
            Seat seat = board.seat(client, role);
            boolean isChanged = setFitness(seat, spec.constraints().byRole().get(role));
            isChanged |= setMinimum(seat, spec.minimums().get(role));
            if (client.wants(role)) {
                boolean isBack = !seat.stands;
                board.tree.activate(seat);
                if (isBack || isChanged || canMore) {
                    board.tree.rouse(seat);
                }
            } else {
                board.tree.deactivate(seat);
            }
        }
        return dropUnwanted(client);
    }

    /** The framework is gone: its offers and filters end. */
    public List<Offered> leave(FrameworkId framework) {
        Client client = board.clients.get(framework);
        if (client == null) {
            return List.of();
        }
        client.leave();
        return dropUnwanted(client);
    }

    /** Forgets the framework's filters of these roles; none named: of all. */
    public void revive(FrameworkId framework, Set<String> roles) {
        Client client = board.clients.get(framework);
        if (client != null) {
            for (Seat seat : client.seats.values()) {
                if (roles.isEmpty() || roles.contains(seat.role.name)) {
                    board.filters.forget(seat);
                    board.tree.rouse(seat);
                }
            }
        }
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
        Slot slot = board.slots.get(agent);
        board.touch(slot);
        return removeAll(slot.offers);
    }

    /** Ends those offers of the agent that hold any of these volumes. */
    public List<Offered> withdrawHolding(AgentId agent, List<Special> volumes) {
        Slot slot = board.slots.find(agent);
        if (slot == null) {
            return List.of();
        }
        List<LiveOffer> holding = slot.offers.stream()
                .filter(offer -> volumes.stream().anyMatch(volume -> !offer.offered()
                        .resources()
                        .amountOf(volume.kind())
                        .isEmpty()))
                .toList();
        return removeAll(holding);
    }

    /** The agent's outstanding offers. */
    public List<Offered> offersOn(AgentId agent) {
        Slot slot = board.slots.find(agent);
        return slot == null
                ? List.of()
                : slot.offers.stream().map(LiveOffer::offered).toList();
    }

    /** The offers of these ids if all of them stand, differ, and are for one role of the framework on this agent; else nothing. */
    public Optional<List<Offered>> standing(FrameworkId framework, AgentId agent, List<OfferId> ids) {
        List<Offered> found = new ArrayList<>();
        for (OfferId id : new LinkedHashSet<>(ids)) {
            LiveOffer live = offers.get(id);
            if (live == null
                    || !live.offered().framework().equals(framework)
                    || !live.offered().agent().equals(agent)
                    || (!found.isEmpty()
                            && !found.get(0).role().equals(live.offered().role()))) {
                return Optional.empty();
            }
            found.add(live.offered());
        }
        return ids.isEmpty() || found.size() != ids.size() ? Optional.empty() : Optional.of(found);
    }

    /** Ends those of these offers that are the framework's, and returns them. */
    public List<Offered> remove(FrameworkId framework, List<OfferId> ids) {
        List<Offered> removed = new ArrayList<>();
        for (OfferId id : ids) {
            LiveOffer live = offers.get(id);
            if (live != null && live.offered().framework().equals(framework)) {
                removed.add(remove(live));
            }
        }
        return removed;
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
        sync.noteMoved(framework);
    }

    /** Something changed on this agent. */
    public void touch(AgentId agent) {
        board.touch(board.slots.get(agent));
    }

    /** Ends the offers that are due. Those are the oldest: all offers live equally long. */
    public List<Offered> expire(Instant now) {
        List<LiveOffer> due = new ArrayList<>();
        for (LiveOffer live : offers.values()) {
            if (live.offered().expiresAt().isAfter(now)) {
                break;
            }
            due.add(live);
        }
        return removeAll(due);
    }

    /** Makes the offers that can be made. Cost grows with what changed since the last pass, not with the pool. */
    public List<Offered> pass(AllocatorState state, Instant now) {
        sync.read(state);
        expiresAt = now.plus(policy.timeout());
        List<Slot> agents = new ArrayList<>(board.dirty);
        pass.run(agents, now.toEpochMilli());
        agents.forEach(slot -> slot.isDirty = false);
        board.dirty.clear();
        List<Offered> result = List.copyOf(made);
        made.clear();
        return result;
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
        return offers.values().stream().map(LiveOffer::offered).toList();
    }

    public boolean hasWork() {
        return !board.dirty.isEmpty() || board.tree.isAnyAwake();
    }

    /** When something ends by itself next. */
    public Optional<Instant> nextDue() {
        OptionalLong filter = board.filters.nextEnd();
        Optional<Instant> end =
                filter.isPresent() ? Optional.of(Instant.ofEpochMilli(filter.getAsLong())) : Optional.empty();
        Optional<Instant> offer =
                offers.values().stream().findFirst().map(live -> live.offered().expiresAt());
        return end.isPresent() && offer.isPresent()
                ? end.filter(at -> at.isBefore(offer.get())).or(() -> offer)
                : end.or(() -> offer);
    }

    private void make(Slot slot, Seat seat, Portion portion) {
        Offered offered = new Offered(
                OfferId.of(idPrefix + "-O" + nextId++),
                seat.client.id,
                slot.id,
                portion.resources,
                expiresAt,
                seat.role.name);
        LiveOffer live = new LiveOffer(offered, seat, slot, portion);
        offers.put(offered.id(), live);
        slot.offers.add(live);
        seat.client.offers.add(live);
        slot.take(portion, board.nothing, board.names, policy);
        board.count(slot);
        board.headroom.charge(seat.role.allowance(), portion.chargeable);
        board.tree.add(seat, portion.scalars);
        board.tree.chosen(seat);
        made.add(offered);
    }

    private List<Offered> removeAll(Collection<LiveOffer> ending) {
        List<Offered> removed = new ArrayList<>();
        for (LiveOffer live : List.copyOf(ending)) {
            removed.add(remove(live));
        }
        return removed;
    }

    private Offered remove(LiveOffer live) {
        offers.remove(live.offered().id());
        live.slot().offers.remove(live);
        live.seat().client.offers.remove(live);
        board.headroom.discharge(live.seat().role.allowance(), live.portion().chargeable);
        board.tree.subtract(live.seat(), live.portion().scalars);
        board.touch(live.slot());
        return live.offered();
    }

    /** Ends what the client has in roles it is not in any more. */
    private List<Offered> dropUnwanted(Client client) {
        List<Offered> ended = new ArrayList<>();
        for (Seat seat : List.copyOf(client.seats.values())) {
            if (client.isJoined() && client.spec().roles().contains(seat.role.name)) {
                continue;
            }
            board.tree.deactivate(seat);
            board.filters.forget(seat);
            ended.addAll(removeAll(
                    client.offers.stream().filter(live -> live.seat() == seat).toList()));
            board.prune(seat);
        }
        return ended;
    }

    private boolean setFitness(Seat seat, @Nullable List<Group> constraints) {
        Fitness before = seat.fitness;
        if (constraints == null) {
            board.fitness.release(before);
            seat.fitness = null;
        } else {
            seat.fitness = board.fitness.exchange(before, constraints);
        }
        return seat.fitness != before;
    }

    private boolean setMinimum(Seat seat, @Nullable List<SortedMap<String, Long>> amounts) {
        if (amounts == null ? seat.minimum == null : seat.minimum != null && seat.minimum.isOf(amounts)) {
            return false;
        }
        board.setMinimum(seat, amounts == null ? null : new Minimum(amounts, board.names));
        return true;
    }

    private static long ceilMillis(Instant at) {
        long millis = at.toEpochMilli();
        return at.equals(Instant.ofEpochMilli(millis)) ? millis : millis + 1;
    }
}
