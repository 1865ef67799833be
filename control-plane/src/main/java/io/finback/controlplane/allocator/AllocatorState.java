package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is durable of a pool: its agents, which task holds what where, weights, quotas and maintenance. A fold over {@link
 * AllocatorEvent}s and nothing else.
 *
 * <p>Mutable and not thread-safe, unlike our values: every sum is kept up to date by the change that touches it, so that a claim
 * costs the same with ten agents and with ten thousand. {@link #snapshot} gives the immutable form. Allocated never exceeds an
 * agent's total: an event that would make it so throws ({@link Resources#minus}) and leaves this object unusable.
 */
public final class AllocatorState {
    /** Gone agents and applied operations that are remembered. Source: Mesos {@code --registry_max_agent_count}. */
    static final int MAX_REMEMBERED = 102_400;

    private final Map<AgentId, Entry> agents = new LinkedHashMap<>();
    private final Map<TaskKey, Holding> holdings = new HashMap<>();
    private final Accounts accounts = new Accounts();
    private final Sums total = new Sums();
    private final LinkedHashMap<AgentId, Instant> gone = new LinkedHashMap<>();
    private final SortedMap<String, Double> weights = new TreeMap<>();
    private final SortedMap<String, Quota> quotas = new TreeMap<>();
    private final LinkedHashSet<String> operations = new LinkedHashSet<>();
    private Machines machines = new Machines(Maintenance.NONE);
    private long incarnation;
    private long totalVersion;
    private long policyVersion;

    /** One agent; the view is live, the values in it are immutable. */
    public static final class Entry {
        private AgentRecord record;
        private Resources unallocated;
        private final Set<TaskKey> tasks = new LinkedHashSet<>();
        private final Map<Special, Integer> sharedUse = new HashMap<>();

        private Entry(AgentRecord record) {
            this.record = record;
            this.unallocated = record.total();
        }

        public AgentRecord record() {
            return record;
        }

        public AgentSpec spec() {
            return record.spec();
        }

        public Instant admittedAt() {
            return record.admittedAt();
        }

        public Optional<Instant> lostAt() {
            return record.lostAt();
        }

        /** All it has, dynamic reservations and volumes applied. */
        public Resources total() {
            return record.total();
        }

        /** Total minus allocated, and every shared volume, used or not; part of it may be offered. */
        public Resources unallocated() {
            return unallocated;
        }

        /** What tasks hold; a shared volume counts once. */
        public Resources allocated() {
            Resources sum = record.total().minus(unallocated);
            for (Special volume : sharedUse.keySet()) {
                sum = sum.plus(Resources.of(volume.kind(), volume.amount()));
            }
            return sum;
        }

        /** The shared volumes that tasks use, and how many use each. */
        Map<Special, Integer> sharedUse() {
            return Collections.unmodifiableMap(sharedUse);
        }

        public Set<TaskKey> tasks() {
            return Collections.unmodifiableSet(tasks);
        }

        private void claim(Holding holding) {
            requireWithin(holding.resources(), unallocated);
            unallocated = unallocated.minus(ResourceMath.exclusive(holding.resources()));
            tasks.add(holding.key());
            ResourceMath.shared(holding.resources())
                    .special()
                    .forEach(volume -> sharedUse.merge(volume, 1, Integer::sum));
        }

        private void release(Holding holding) {
            unallocated = unallocated.plus(ResourceMath.exclusive(holding.resources()));
            tasks.remove(holding.key());
            ResourceMath.shared(holding.resources())
                    .special()
                    .forEach(volume -> sharedUse.computeIfPresent(volume, (key, uses) -> uses == 1 ? null : uses - 1));
        }

        private static void requireWithin(Resources amount, Resources there) {
            if (!there.contains(amount)) {
                throw new IllegalArgumentException("resources: " + amount + " not contained in " + there);
            }
        }

        private void become(AgentRecord next) {
            Resources allocated = allocated();
            requireWithin(allocated, next.total());
            unallocated = next.total().minus(ResourceMath.exclusive(allocated));
            record = next;
        }
    }

    public static AllocatorState of(AllocatorSnapshot snapshot) {
        AllocatorState state = new AllocatorState();
        snapshot.gone().forEach(agent -> state.gone.put(agent.agent(), agent.at()));
        snapshot.agents().forEach(state::put);
        snapshot.holdings().forEach(state::claim);
        state.weights.putAll(snapshot.weights());
        snapshot.quotas().forEach(quota -> state.quotas.put(quota.role(), quota));
        state.machines = new Machines(snapshot.maintenance());
        state.operations.addAll(snapshot.operations());
        state.incarnation = snapshot.incarnation();
        return state;
    }

    /** An immutable copy. O(agents + tasks), references only. */
    public AllocatorSnapshot snapshot() {
        List<AgentRecord> records = new ArrayList<>(agents.size());
        agents.values().forEach(entry -> records.add(entry.record));
        List<AllocatorSnapshot.Gone> goneAgents = new ArrayList<>(gone.size());
        gone.forEach((agent, at) -> goneAgents.add(new AllocatorSnapshot.Gone(agent, at)));
        return new AllocatorSnapshot(
                records,
                new ArrayList<>(holdings.values()),
                goneAgents,
                weights,
                new ArrayList<>(quotas.values()),
                machines.maintenance(),
                new ArrayList<>(operations),
                incarnation);
    }

    /** Folds one event in and returns this. O(size of the event). */
    public AllocatorState apply(AllocatorEvent event) {
        Set<AgentId> emptied = new LinkedHashSet<>();
        event.released().forEach(key -> release(key).ifPresent(emptied::add));
        event.admitted().forEach(this::admit);
        event.lost().forEach(lost -> put(entry(lost.agent()).record.withLostAt(lost.at())));
        event.agents().forEach(this::put);
        event.sessions().forEach(known -> {
            Entry entry = entry(known.agent());
            entry.record = entry.record.withSession(known.session());
        });
        event.claimed().forEach(this::claim);
        event.agents().forEach(record -> emptied.add(record.id()));
        emptied.forEach(this::removeIfGone);
        weights.putAll(event.weights());
        event.quotas().forEach(quota -> {
            quotas.remove(quota.role());
            if (!quota.isDefault()) {
                quotas.put(quota.role(), quota);
            }
        });
        event.maintenance().ifPresent(next -> machines = new Machines(next));
        if (!event.weights().isEmpty()
                || !event.quotas().isEmpty()
                || event.maintenance().isPresent()) {
            policyVersion++;
        }
        operations.addAll(event.operations());
        while (operations.size() > MAX_REMEMBERED) {
            operations.remove(operations.iterator().next());
        }
        incarnation = Math.max(incarnation, event.incarnation());
        return this;
    }

    public Optional<Entry> agent(AgentId id) {
        return Optional.ofNullable(agents.get(id));
    }

    /** In the order of their admission. */
    public Collection<Entry> agents() {
        return Collections.unmodifiableCollection(agents.values());
    }

    public Optional<Holding> holding(TaskKey key) {
        return Optional.ofNullable(holdings.get(key));
    }

    public int holdingCount() {
        return holdings.size();
    }

    public Collection<Holding> holdings() {
        return Collections.unmodifiableCollection(holdings.values());
    }

    /** When an operator declared the agent gone; the last {@value #MAX_REMEMBERED} are remembered. */
    public Optional<Instant> goneAt(AgentId agent) {
        return Optional.ofNullable(gone.get(agent));
    }

    /** Of this role; 1 unless set. */
    public double weight(String role) {
        return weights.getOrDefault(role, 1.0);
    }

    /** Those that were ever set. */
    public SortedMap<String, Double> weights() {
        return Collections.unmodifiableSortedMap(weights);
    }

    public Optional<Quota> quota(String role) {
        return Optional.ofNullable(quotas.get(role));
    }

    public Collection<Quota> quotas() {
        return Collections.unmodifiableCollection(quotas.values());
    }

    public Maintenance maintenance() {
        return machines.maintenance();
    }

    /** When the agent's machine is not to be counted on, if that is scheduled. */
    public Optional<Unavailability> unavailability(AgentSpec agent) {
        return machines.unavailability(agent);
    }

    /** The agent's machine is down for maintenance. */
    public boolean isDown(AgentSpec agent) {
        return machines.isDown(agent);
    }

    public boolean hasApplied(String operation) {
        return operations.contains(operation);
    }

    /** Counts the allocators there have been; grows with every start. */
    public long incarnation() {
        return incarnation;
    }

    /** What tasks hold that is accounted to exactly this role, scalar name to thousandths. */
    public SortedMap<String, Long> allocated(String role) {
        return accounts.ofRole(role).quantities();
    }

    /** What counts to the quota of this top-level role: what its tree holds, and what is reserved for it and not held. */
    public SortedMap<String, Long> consumed(String topLevelRole) {
        return accounts.consumed(topLevelRole).quantities();
    }

    Accounts accounts() {
        return accounts;
    }

    /** Of every agent that answers, as far as is journaled. */
    Sums total() {
        return total;
    }

    /** Changes whenever the pool's total does, which moves every framework's share. */
    long totalVersion() {
        return totalVersion;
    }

    /** Changes whenever a weight, a quota or the maintenance schedule does. */
    long policyVersion() {
        return policyVersion;
    }

    private void admit(AllocatorEvent.AgentAdmitted admitted) {
        Entry entry = agents.get(admitted.spec().id());
        put(
                entry == null
                        ? AgentRecord.admitted(admitted.spec(), admitted.at())
                        : entry.record.withSpec(admitted.spec(), admitted.spec().total()));
    }

    private void put(AgentRecord record) {
        Entry entry = agents.get(record.id());
        if (entry == null) {
            entry = new Entry(record);
            agents.put(record.id(), entry);
            count(record, true);
        } else {
            AgentRecord before = entry.record;
            boolean same =
                    before.isCounted() == record.isCounted() && before.total().equals(record.total());
            if (!same) {
                count(before, false);
            }
            entry.become(record);
            if (!same) {
                count(record, true);
            }
        }
        record.goneAt().ifPresent(at -> {
            gone.putIfAbsent(record.id(), at);
            while (gone.size() > MAX_REMEMBERED) {
                gone.remove(gone.keySet().iterator().next());
            }
        });
    }

    private void count(AgentRecord record, boolean in) {
        if (!record.isCounted()) {
            return;
        }
        totalVersion++;
        if (in) {
            total.add(record.total());
            accounts.addTotal(record.total());
        } else {
            total.subtract(record.total());
            accounts.subtractTotal(record.total());
        }
    }

    private void removeIfGone(AgentId agent) {
        Entry entry = agents.get(agent);
        if (entry != null && entry.record.goneAt().isPresent() && entry.tasks.isEmpty()) {
            agents.remove(agent);
        }
    }

    private Optional<AgentId> release(TaskKey key) {
        Holding holding = holdings.remove(key);
        if (holding == null) {
            return Optional.empty();
        }
        entry(holding.agent()).release(holding);
        accounts.release(holding);
        return Optional.of(holding.agent());
    }

    private void claim(Holding holding) {
        if (holdings.putIfAbsent(holding.key(), holding) != null) {
            throw new IllegalStateException("task: " + holding.key() + " claimed twice");
        }
        entry(holding.agent()).claim(holding);
        accounts.claim(holding);
    }

    private Entry entry(AgentId id) {
        Entry entry = agents.get(id);
        if (entry == null) {
            throw new IllegalStateException("agent: " + id + " (expected: an admitted one)");
        }
        return entry;
    }
}
