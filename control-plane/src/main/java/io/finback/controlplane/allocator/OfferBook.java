package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is not durable of a pool: outstanding offers, filters, who wants offers, which agents may be offered. Lost on failover, on
 * purpose: offers are void then. Mutable, not thread-safe.
 *
 * <p>A {@link #pass} looks only at agents something happened to since the last one. Each of them goes whole to the neediest
 * framework that has not refused it.
 */
public final class OfferBook {
    private final String idPrefix;
    private final OfferPolicy policy;
    private long nextId;
    private final Map<OfferId, Offered> offers = new LinkedHashMap<>();
    private final Map<AgentId, Set<OfferId>> byAgent = new HashMap<>();
    private final Map<AgentId, Resources> offeredOn = new HashMap<>();
    private final Map<FrameworkId, Client> clients = new HashMap<>();
    private final Filters filters = new Filters();
    private final Sorter sorter = new DominantShareSorter();
    private final Set<AgentId> offerable = new HashSet<>();
    private final Set<AgentId> dirty = new LinkedHashSet<>();
    private final Set<FrameworkId> moved = new HashSet<>();
    private boolean allDirty;
    private long seenTotalVersion = -1;

    private static final class Client {
        private boolean suppressed;
        private final Set<OfferId> offers = new LinkedHashSet<>();
        private final Sums offered = new Sums();
    }

    /**
     * An empty book.
     *
     * @param idPrefix differs in every incarnation, so that an offer id is never used twice
     */
    public OfferBook(String idPrefix, OfferPolicy policy) {
        this.idPrefix = idPrefix;
        this.policy = policy;
    }

    /** The framework wants offers (or, suppressed, none). Repeating it changes nothing. */
    public void join(FrameworkId framework, boolean suppressed) {
        Client client = clients.get(framework);
        if (client == null) {
            client = new Client();
            clients.put(framework, client);
            sorter.add(framework);
            moved.add(framework);
            allDirty |= !suppressed;
        } else if (client.suppressed && !suppressed) {
            allDirty = true;
        }
        client.suppressed = suppressed;
    }

    /** The framework is gone: its offers and filters end. */
    public List<Offered> leave(FrameworkId framework) {
        Client client = clients.get(framework);
        if (client == null) {
            return List.of();
        }
        List<Offered> ended = removeAll(client.offers);
        filters.removeAll(framework);
        clients.remove(framework);
        sorter.remove(framework);
        return ended;
    }

    /** Forgets the framework's filters. */
    public void revive(FrameworkId framework) {
        filters.removeAll(framework);
        allDirty |= clients.containsKey(framework);
    }

    /** Allows or forbids offers of this agent; forbidding returns those that end. */
    public List<Offered> setOfferable(AgentId agent, boolean allowed) {
        if (allowed) {
            if (offerable.add(agent)) {
                dirty.add(agent);
            }
            return List.of();
        }
        offerable.remove(agent);
        return withdraw(agent);
    }

    /** Ends every offer of this agent. */
    public List<Offered> withdraw(AgentId agent) {
        dirty.add(agent);
        return removeAll(byAgent.getOrDefault(agent, Set.of()));
    }

    /** The offers of these ids if all of them stand, differ, and are the framework's on this agent; else nothing. */
    public Optional<List<Offered>> standing(FrameworkId framework, AgentId agent, List<OfferId> ids) {
        List<Offered> found = new ArrayList<>();
        for (OfferId id : new LinkedHashSet<>(ids)) {
            Offered offer = offers.get(id);
            if (offer == null
                    || !offer.framework().equals(framework)
                    || !offer.agent().equals(agent)) {
                return Optional.empty();
            }
            found.add(offer);
        }
        return ids.isEmpty() || found.size() != ids.size() ? Optional.empty() : Optional.of(found);
    }

    /** Ends those of these offers that are the framework's, and returns them. */
    public List<Offered> remove(FrameworkId framework, List<OfferId> ids) {
        List<Offered> removed = new ArrayList<>();
        for (OfferId id : ids) {
            Offered offer = offers.get(id);
            if (offer != null && offer.framework().equals(framework)) {
                removed.add(remove(offer));
            }
        }
        return removed;
    }

    /** The framework does not want to see this much of this agent until then. */
    public void filter(FrameworkId framework, AgentId agent, Resources refused, Instant until) {
        filters.add(framework, agent, refused, until);
    }

    /** Something changed on this agent, or for this framework. */
    public void touch(AgentId agent, FrameworkId framework) {
        dirty.add(agent);
        moved.add(framework);
    }

    /** Something changed on this agent. */
    public void touch(AgentId agent) {
        dirty.add(agent);
    }

    /** The agent's outstanding offers. */
    public List<Offered> offersOn(AgentId agent) {
        return byAgent.getOrDefault(agent, Set.of()).stream()
                .map(id -> offers.get(id))
                .toList();
    }

    /** Ends those offers of the agent that hold any of these volumes. */
    public List<Offered> withdrawHolding(AgentId agent, List<Special> volumes) {
        List<OfferId> holding = offersOn(agent).stream()
                .filter(offer -> volumes.stream()
                        .anyMatch(volume ->
                                !offer.resources().amountOf(volume.kind()).isEmpty()))
                .map(Offered::id)
                .toList();
        return removeAll(holding);
    }

    /** Ends the offers that are due. Those are the oldest: all offers live equally long. */
    public List<Offered> expire(Instant now) {
        List<OfferId> due = new ArrayList<>();
        for (Offered offer : offers.values()) {
            if (offer.expiresAt().isAfter(now)) {
                break;
            }
            due.add(offer.id());
        }
        return removeAll(due);
    }

    /** Makes the offers that can be made. Cost grows with what changed since the last pass, not with the pool. */
    public List<Offered> pass(AllocatorState state, Instant now) {
        dirty.addAll(filters.expire(now));
        refreshShares(state);
        Iterable<AllocatorState.Entry> candidates = candidates(state);
        dirty.clear();
        allDirty = false;
        List<Offered> made = new ArrayList<>();
        for (AllocatorState.Entry entry : candidates) {
            AgentId agent = entry.spec().id();
            if (entry.lostAt().isPresent() || !offerable.contains(agent)) {
                continue;
            }
            // Throws if more is offered than is free: promise 2, checked where it would be broken.
            Resources free = entry.unallocated().minus(offered(agent));
            if (policy.isWorthOffering(free)) {
                choose(agent, free).ifPresent(framework -> made.add(offer(state, framework, agent, free, now)));
            }
        }
        return made;
    }

    /** Throws unless offered + allocated &lt;= total on this agent. */
    public void check(AllocatorState.Entry entry) {
        if (!entry.unallocated().contains(offered(entry.spec().id()))) {
            throw new IllegalStateException("agent " + entry.spec().id() + ": offered "
                    + offered(entry.spec().id()) + " (expected: within the free " + entry.unallocated() + ")");
        }
    }

    public Resources offered(AgentId agent) {
        return offeredOn.getOrDefault(agent, Resources.EMPTY);
    }

    public Collection<Offered> outstanding() {
        return Collections.unmodifiableCollection(offers.values());
    }

    public boolean hasWork() {
        return allDirty || !dirty.isEmpty();
    }

    /** When something ends by itself next. */
    public Optional<Instant> nextDue() {
        Optional<Instant> filter = filters.nextEnd();
        Optional<Instant> offer = offers.values().stream().findFirst().map(Offered::expiresAt);
        return filter.isPresent() && offer.isPresent()
                ? filter.filter(end -> end.isBefore(offer.get())).or(() -> offer)
                : filter.or(() -> offer);
    }

    private Iterable<AllocatorState.Entry> candidates(AllocatorState state) {
        if (allDirty) {
            return state.agents();
        }
        List<AllocatorState.Entry> entries = new ArrayList<>(dirty.size());
        dirty.forEach(agent -> state.agent(agent).ifPresent(entries::add));
        return entries;
    }

    private Optional<FrameworkId> choose(AgentId agent, Resources free) {
        for (FrameworkId framework : sorter.inOrder()) {
            Client client = clients.get(framework);
            if (client != null && !client.suppressed && !filters.blocks(framework, agent, free)) {
                return Optional.of(framework);
            }
        }
        return Optional.empty();
    }

    private Offered offer(
            AllocatorState state, FrameworkId framework, AgentId agent, Resources resources, Instant now) {
        Offered offer = new Offered(
                OfferId.of(idPrefix + "-O" + nextId++), framework, agent, resources, now.plus(policy.timeout()), "*");
        offers.put(offer.id(), offer);
        byAgent.computeIfAbsent(agent, id -> new LinkedHashSet<>()).add(offer.id());
        offeredOn.merge(agent, resources, Resources::plus);
        Client client = client(framework);
        client.offers.add(offer.id());
        client.offered.add(resources);
        sorter.update(framework, share(state, framework));
        return offer;
    }

    private List<Offered> removeAll(Collection<OfferId> ids) {
        List<Offered> removed = new ArrayList<>();
        for (OfferId id : List.copyOf(ids)) {
            Offered offer = offers.get(id);
            if (offer != null) {
                removed.add(remove(offer));
            }
        }
        return removed;
    }

    private Offered remove(Offered offer) {
        offers.remove(offer.id());
        Set<OfferId> here = byAgent.getOrDefault(offer.agent(), new HashSet<>());
        here.remove(offer.id());
        if (here.isEmpty()) {
            byAgent.remove(offer.agent());
            offeredOn.remove(offer.agent());
        } else {
            offeredOn.put(offer.agent(), offered(offer.agent()).minus(offer.resources()));
        }
        Client client = client(offer.framework());
        client.offers.remove(offer.id());
        client.offered.subtract(offer.resources());
        touch(offer.agent(), offer.framework());
        return offer;
    }

    private Client client(FrameworkId framework) {
        return clients.computeIfAbsent(framework, id -> new Client());
    }

    private void refreshShares(AllocatorState state) {
        boolean all = seenTotalVersion != state.totalVersion();
        for (FrameworkId framework : all ? clients.keySet() : moved) {
            sorter.update(framework, share(state, framework));
        }
        seenTotalVersion = state.totalVersion();
        moved.clear();
    }

    private double share(AllocatorState state, FrameworkId framework) {
        Client client = clients.get(framework);
        double dominant = 0;
        for (String name : state.total().names()) {
            long all = state.total().milli(name);
            if (all > 0) {
                long mine = state.accounts().of("*", framework).milli(name) + (client == null ? 0 : client.offered.milli(name));
                dominant = Math.max(dominant, (double) mine / all);
            }
        }
        return dominant;
    }
}
