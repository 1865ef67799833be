package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
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

/**
 * What is durable of a pool: its agents, and which task holds what where. A fold over {@link AllocatorEvent}s and nothing else.
 *
 * <p>Mutable and not thread-safe, unlike our values: every sum is kept up to date by the change that touches it, so that a claim
 * costs the same with ten agents and with ten thousand. {@link #snapshot} gives the immutable form. Allocated never exceeds an
 * agent's total: an event that would make it so throws ({@link Resources#minus}) and leaves this object unusable.
 */
public final class AllocatorState {
    private final Map<AgentId, Entry> agents = new LinkedHashMap<>();
    private final Map<TaskKey, Holding> holdings = new HashMap<>();
    private final Map<FrameworkId, Sums> held = new HashMap<>();
    private final Sums total = new Sums();
    private long totalVersion;

    /** One agent; the view is live, the values in it are immutable. */
    public static final class Entry {
        private AgentSpec spec;
        private final Instant admittedAt;
        private Optional<Instant> lostAt;
        private Resources unallocated;
        private final Set<TaskKey> tasks = new LinkedHashSet<>();

        private Entry(AgentSpec spec, Instant admittedAt, Optional<Instant> lostAt) {
            this.spec = spec;
            this.admittedAt = admittedAt;
            this.lostAt = lostAt;
            this.unallocated = spec.total();
        }

        public AgentSpec spec() {
            return spec;
        }

        public Instant admittedAt() {
            return admittedAt;
        }

        public Optional<Instant> lostAt() {
            return lostAt;
        }

        /** Total minus allocated; part of it may be offered. */
        public Resources unallocated() {
            return unallocated;
        }

        public Resources allocated() {
            return spec.total().minus(unallocated);
        }

        public Set<TaskKey> tasks() {
            return Collections.unmodifiableSet(tasks);
        }
    }

    public static AllocatorState of(AllocatorSnapshot snapshot) {
        AllocatorState state = new AllocatorState();
        for (AllocatorSnapshot.Agent agent : snapshot.agents()) {
            state.put(new Entry(agent.spec(), agent.admittedAt(), agent.lostAt()));
        }
        snapshot.holdings().forEach(state::claim);
        return state;
    }

    /** An immutable copy. O(agents + tasks), references only. */
    public AllocatorSnapshot snapshot() {
        List<AllocatorSnapshot.Agent> copies = new ArrayList<>(agents.size());
        agents.values()
                .forEach(entry -> copies.add(new AllocatorSnapshot.Agent(entry.spec, entry.admittedAt, entry.lostAt)));
        return new AllocatorSnapshot(copies, new ArrayList<>(holdings.values()));
    }

    /** Folds one event in and returns this. O(size of the event). */
    public AllocatorState apply(AllocatorEvent event) {
        event.released().forEach(this::release);
        event.admitted().forEach(this::admit);
        for (AllocatorEvent.AgentLost lost : event.lost()) {
            entry(lost.agent()).lostAt = Optional.of(lost.at());
        }
        event.claimed().forEach(this::claim);
        return this;
    }

    public Optional<Entry> agent(AgentId id) {
        return Optional.ofNullable(agents.get(id));
    }

    public Collection<Entry> agents() {
        return Collections.unmodifiableCollection(agents.values());
    }

    public Optional<Holding> holding(TaskKey key) {
        return Optional.ofNullable(holdings.get(key));
    }

    public int holdingCount() {
        return holdings.size();
    }

    /** Thousandths of {@code name} that the framework's tasks hold. */
    long heldMilli(FrameworkId framework, String name) {
        Sums sums = held.get(framework);
        return sums == null ? 0 : sums.milli(name);
    }

    Sums total() {
        return total;
    }

    /** Changes whenever the pool's total does, which moves every framework's share. */
    long totalVersion() {
        return totalVersion;
    }

    private void admit(AllocatorEvent.AgentAdmitted admitted) {
        Entry entry = agents.get(admitted.spec().id());
        if (entry == null) {
            put(new Entry(admitted.spec(), admitted.at(), Optional.empty()));
            return;
        }
        Resources allocated = entry.allocated();
        total.subtract(entry.spec.total());
        total.add(admitted.spec().total());
        totalVersion++;
        entry.spec = admitted.spec();
        entry.lostAt = Optional.empty();
        entry.unallocated = entry.spec.total().minus(allocated);
    }

    private void put(Entry entry) {
        agents.put(entry.spec.id(), entry);
        total.add(entry.spec.total());
        totalVersion++;
    }

    private void release(TaskKey key) {
        Holding holding = holdings.remove(key);
        if (holding == null) {
            return;
        }
        Entry entry = entry(holding.agent());
        entry.unallocated = entry.unallocated.plus(holding.resources());
        entry.tasks.remove(key);
        Sums sums = held.computeIfAbsent(key.framework(), id -> new Sums());
        sums.subtract(holding.resources());
    }

    private void claim(Holding holding) {
        if (holdings.putIfAbsent(holding.key(), holding) != null) {
            throw new IllegalStateException("task: " + holding.key() + " claimed twice");
        }
        Entry entry = entry(holding.agent());
        entry.unallocated = entry.unallocated.minus(holding.resources());
        entry.tasks.add(holding.key());
        held.computeIfAbsent(holding.key().framework(), id -> new Sums()).add(holding.resources());
    }

    private Entry entry(AgentId id) {
        Entry entry = agents.get(id);
        if (entry == null) {
            throw new IllegalStateException("agent: " + id + " (expected: an admitted one)");
        }
        return entry;
    }
}
