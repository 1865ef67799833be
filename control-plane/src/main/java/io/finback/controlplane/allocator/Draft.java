package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The state as it will be once the batch under way is journaled: what the batch has changed so far lies over {@link AllocatorState},
 * which stays as it is. {@link #event} is the difference.
 */
final class Draft {
    private final AllocatorState state;
    private final Map<AgentId, Agent> agents = new LinkedHashMap<>();
    private final Set<TaskKey> released = new LinkedHashSet<>();
    private final Map<TaskKey, Holding> claimed = new LinkedHashMap<>();
    private final Map<String, Double> weights = new LinkedHashMap<>();
    private final Map<String, Quota> quotas = new LinkedHashMap<>();
    private final Set<String> operations = new LinkedHashSet<>();
    private Optional<Maintenance> maintenance = Optional.empty();
    private long incarnation;

    /** One agent that the batch touches. */
    static final class Agent {
        private AgentRecord record;
        private Resources unallocated;
        private int taskCount;
        private final Map<Special, Integer> sharedUse;

        private Agent(AgentRecord record, Resources unallocated, int taskCount, Map<Special, Integer> sharedUse) {
            this.record = record;
            this.unallocated = unallocated;
            this.taskCount = taskCount;
            this.sharedUse = sharedUse;
        }

        AgentRecord record() {
            return record;
        }

        /** Total minus allocated, and every shared volume. */
        Resources unallocated() {
            return unallocated;
        }

        boolean isIdle() {
            return taskCount == 0;
        }

        Resources sharedInUse() {
            Resources sum = Resources.EMPTY;
            for (Special volume : sharedUse.keySet()) {
                sum = sum.plus(Resources.of(volume.kind(), volume.amount()));
            }
            return sum;
        }

        Resources allocated() {
            return record.total().minus(unallocated).plus(sharedInUse());
        }

        void convert(Conversions.Conversion conversion) {
            record = record.withTotal(conversion.applyTo(record.total()));
            List<PersistentVolume> destroyed = new ArrayList<>(PersistentVolume.in(conversion.consumed()));
            destroyed.removeAll(PersistentVolume.in(conversion.produced()));
            destroyed.removeAll(record.destroyed());
            if (!destroyed.isEmpty()) {
                destroyed.addAll(record.destroyed());
                record = record.withDestroyed(destroyed);
            }
            unallocated = conversion.applyTo(unallocated);
        }

        void set(AgentRecord next) {
            record = next;
        }

        /** Gives it other resources; what tasks hold must be within them. */
        void become(AgentRecord next) {
            Resources held = record.total().minus(unallocated);
            unallocated = next.total().minus(held);
            record = next;
        }
    }

    Draft(AllocatorState state) {
        this.state = state;
    }

    AllocatorState state() {
        return state;
    }

    Optional<AgentRecord> record(AgentId id) {
        Agent mine = agents.get(id);
        return mine != null ? Optional.of(mine.record) : state.agent(id).map(AllocatorState.Entry::record);
    }

    /** The agent, to be changed. */
    Optional<Agent> agent(AgentId id) {
        Agent mine = agents.get(id);
        if (mine != null) {
            return Optional.of(mine);
        }
        return state.agent(id).map(entry -> {
            Agent copy = new Agent(
                    entry.record(), entry.unallocated(), entry.tasks().size(), new HashMap<>(entry.sharedUse()));
            agents.put(id, copy);
            return copy;
        });
    }

    Agent add(AgentRecord record) {
        Agent agent = new Agent(record, record.total(), 0, new HashMap<>());
        agents.put(record.id(), agent);
        return agent;
    }

    Optional<Holding> holding(TaskKey key) {
        Holding mine = claimed.get(key);
        if (mine != null) {
            return Optional.of(mine);
        }
        return released.contains(key) ? Optional.empty() : state.holding(key);
    }

    void claim(Holding holding) {
        Agent agent = agent(holding.agent()).orElseThrow();
        agent.unallocated = agent.unallocated.minus(ResourceMath.exclusive(holding.resources()));
        agent.taskCount++;
        ResourceMath.shared(holding.resources())
                .special()
                .forEach(volume -> agent.sharedUse.merge(volume, 1, Integer::sum));
        claimed.put(holding.key(), holding);
    }

    /** Returns what the task held; empty: nothing. */
    Optional<Holding> release(TaskKey key) {
        Optional<Holding> held = holding(key);
        held.ifPresent(holding -> {
            if (claimed.remove(key) == null) {
                released.add(key);
            }
            Agent agent = agent(holding.agent()).orElseThrow();
            agent.unallocated = agent.unallocated.plus(ResourceMath.exclusive(holding.resources()));
            agent.taskCount--;
            ResourceMath.shared(holding.resources())
                    .special()
                    .forEach(volume ->
                            agent.sharedUse.computeIfPresent(volume, (kind, uses) -> uses == 1 ? null : uses - 1));
        });
        return held;
    }

    /** O(tasks of the agent + claims of the batch). */
    List<TaskKey> tasksOn(AgentId agent) {
        Set<TaskKey> tasks = new LinkedHashSet<>();
        state.agent(agent).ifPresent(entry -> tasks.addAll(entry.tasks()));
        tasks.removeAll(released);
        claimed.values().stream()
                .filter(holding -> holding.agent().equals(agent))
                .forEach(holding -> tasks.add(holding.key()));
        return List.copyOf(tasks);
    }

    void setWeight(String role, double weight) {
        weights.put(role, weight);
    }

    void setQuota(Quota quota) {
        quotas.put(quota.role(), quota);
    }

    Optional<Quota> quota(String role) {
        Quota mine = quotas.get(role);
        return mine != null ? Optional.of(mine).filter(quota -> !quota.isDefault()) : state.quota(role);
    }

    List<Quota> allQuotas() {
        Map<String, Quota> all = new LinkedHashMap<>();
        state.quotas().forEach(quota -> all.put(quota.role(), quota));
        all.putAll(quotas);
        return List.copyOf(all.values());
    }

    Maintenance maintenance() {
        return maintenance.orElseGet(state::maintenance);
    }

    boolean isDown(AgentSpec spec) {
        return maintenance.map(next -> new Machines(next).isDown(spec)).orElseGet(() -> state.isDown(spec));
    }

    void setMaintenance(Maintenance next) {
        maintenance = Optional.of(next);
    }

    boolean hasApplied(String operation) {
        return operations.contains(operation) || state.hasApplied(operation);
    }

    void setApplied(String operation) {
        operations.add(operation);
    }

    void setIncarnation(long number) {
        incarnation = number;
    }

    /** Agents the batch has looked at to change them. */
    Set<AgentId> touched() {
        return agents.keySet();
    }

    /** What changed, as one event. */
    AllocatorEvent event() {
        List<AgentRecord> changed = new ArrayList<>();
        List<AllocatorEvent.SessionNumber> sessions = new ArrayList<>();
        agents.forEach((id, agent) -> {
            Optional<AgentRecord> before = state.agent(id).map(AllocatorState.Entry::record);
            if (before.isPresent() && before.get().equals(agent.record)) {
                return;
            }
            if (before.isPresent()
                    && before.get().withSession(agent.record.session()).equals(agent.record)) {
                sessions.add(new AllocatorEvent.SessionNumber(id, agent.record.session()));
            } else {
                changed.add(agent.record);
            }
        });
        return new AllocatorEvent(
                List.copyOf(released),
                List.of(),
                List.of(),
                List.copyOf(claimed.values()),
                changed,
                sessions,
                weights,
                List.copyOf(quotas.values()),
                maintenance,
                List.copyOf(operations),
                incarnation);
    }
}
