package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.Parts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Tells frameworks of tasks that have to end because of what an operator said of their agent, and agents that are not wanted any more,
 * again and again until nothing is held there. Which those are is found in the durable state, so that it goes on after a failover.
 */
final class Evictions {
    /** How often an agent is told that holds nothing any more: it answers by ending, which is not seen from here. */
    private static final int TELL_IDLE = 5;

    private final Duration repeat;
    private final BiConsumer<FrameworkId, AllocationEvent> frameworks;
    private final BiConsumer<AgentId, AgentSessionMessage> sessions;
    private final Set<AgentId> emptying = new LinkedHashSet<>();
    private final Map<AgentId, Integer> unwanted = new LinkedHashMap<>();
    private Instant nextAt = Instant.MAX;

    Evictions(
            Duration repeat,
            BiConsumer<FrameworkId, AllocationEvent> frameworks,
            BiConsumer<AgentId, AgentSessionMessage> sessions) {
        this.repeat = repeat;
        this.frameworks = frameworks;
        this.sessions = sessions;
    }

    /** These agents may have changed. What is new is told at once. */
    void update(Set<AgentId> agents, AllocatorState state, Instant now) {
        for (AgentId agent : agents) {
            boolean known = emptying.contains(agent) || unwanted.containsKey(agent);
            if (mustEmpty(agent, state)) {
                emptying.add(agent);
            } else {
                emptying.remove(agent);
            }
            if (isUnwanted(agent, state)) {
                unwanted.putIfAbsent(agent, TELL_IDLE);
            } else {
                unwanted.remove(agent);
            }
            if (!known && (emptying.contains(agent) || unwanted.containsKey(agent))) {
                tell(agent, state);
            }
        }
        schedule(now);
    }

    /** Tells again what is due. */
    void repeat(AllocatorState state, Instant now) {
        if (nextAt.isAfter(now)) {
            return;
        }
        Set<AgentId> all = new LinkedHashSet<>(emptying);
        all.addAll(unwanted.keySet());
        all.forEach(agent -> tell(agent, state));
        unwanted.values().removeIf(left -> left <= 0);
        nextAt = Instant.MAX;
        schedule(now);
    }

    /** An agent that is not wanted has made itself heard. */
    void heardFrom(AgentId agent, String reason) {
        sessions.accept(agent, new EvictAgent(agent, reason));
    }

    Optional<Instant> nextDue() {
        return nextAt.equals(Instant.MAX) ? Optional.empty() : Optional.of(nextAt);
    }

    private void schedule(Instant now) {
        if (emptying.isEmpty() && unwanted.isEmpty()) {
            nextAt = Instant.MAX;
        } else if (nextAt.equals(Instant.MAX)) {
            nextAt = now.plus(repeat);
        }
    }

    private void tell(AgentId agent, AllocatorState state) {
        Optional<AllocatorState.Entry> entry = state.agent(agent);
        boolean over = isUnwanted(agent, state);
        if (over) {
            sessions.accept(agent, new EvictAgent(
                    agent,
                    state.goneAt(agent).isPresent() ? "marked gone by an operator" : "machine is down for maintenance"));
            boolean idle = entry.map(known -> known.tasks().isEmpty()).orElse(true);
            unwanted.merge(agent, idle ? -1 : 0, Integer::sum);
        }
        entry.ifPresent(known -> byFramework(known.tasks()).forEach((framework, tasks) -> Parts.of(tasks)
                .forEach(part -> frameworks.accept(framework, event(known.record(), part, over)))));
    }

    private static AllocationEvent event(AgentRecord record, List<TaskId> tasks, boolean over) {
        if (over) {
            return new AllocationEvent.AgentGone(record.id(), tasks);
        }
        AgentRecord.Drain drain = record.drain().orElseThrow();
        return new AllocationEvent.KillWanted(record.id(), tasks, drain.maxGrace(), drain.markGone());
    }

    private static boolean mustEmpty(AgentId agent, AllocatorState state) {
        return state.agent(agent)
                .filter(entry -> !entry.tasks().isEmpty())
                .filter(entry -> entry.record().isDraining() || isUnwanted(agent, state))
                .isPresent();
    }

    private static boolean isUnwanted(AgentId agent, AllocatorState state) {
        return state.goneAt(agent).isPresent()
                || state.agent(agent).filter(entry -> state.isDown(entry.spec())).isPresent();
    }

    private static Map<FrameworkId, List<TaskId>> byFramework(Set<TaskKey> keys) {
        Map<FrameworkId, List<TaskId>> tasks = new LinkedHashMap<>();
        keys.forEach(key -> tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>())
                .add(key.task()));
        return tasks;
    }
}
