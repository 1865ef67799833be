package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.resources.AgentId;
import io.finback.wire.AgentSessionMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Tells the sessions of agents what operators want of them, again and again until they say that everybody concerned has heard. What is
 * wanted is found in the durable state, so that it goes on after a failover.
 */
final class TermsDesk {
    /** How often it is told that nothing is wanted any more, which nobody confirms. */
    private static final int TELL_NONE = 3;

    private static final class Telling {
        private final AgentTerms terms;
        private int left;

        private Telling(AgentTerms terms, int left) {
            this.terms = terms;
            this.left = left;
        }
    }

    private final Duration repeat;
    private final BiConsumer<AgentId, AgentSessionMessage> sessions;
    private final Map<AgentId, AgentTerms> known = new HashMap<>();
    private final Map<AgentId, Telling> telling = new LinkedHashMap<>();
    private Instant nextAt = Instant.MAX;

    TermsDesk(Duration repeat, BiConsumer<AgentId, AgentSessionMessage> sessions) {
        this.repeat = repeat;
        this.sessions = sessions;
    }

    /** What operators want of the agent. */
    static AgentTerms terms(AgentRecord record, boolean down) {
        Optional<AgentTerms.Drain> drain =
                record.drain().map(wish -> new AgentTerms.Drain(wish.maxGrace(), wish.markGone()));
        Optional<String> removed = record.goneAt().isPresent()
                ? Optional.of("marked gone by an operator")
                : down ? Optional.of("machine is down for maintenance") : Optional.empty();
        return new AgentTerms(drain, removed, record.destroyed());
    }

    /** These agents may have changed. What is new is told at once. */
    void update(Set<AgentId> agents, AllocatorState state, Instant now) {
        for (AgentId agent : agents) {
            AgentTerms wanted = wanted(agent, state);
            if (!wanted.equals(known.getOrDefault(agent, AgentTerms.NONE))) {
                if (wanted.equals(AgentTerms.NONE)) {
                    known.remove(agent);
                } else {
                    known.put(agent, wanted);
                }
                telling.put(agent, new Telling(wanted, wanted.equals(AgentTerms.NONE) ? TELL_NONE : Integer.MAX_VALUE));
                tell(agent, state);
            }
        }
        schedule(now);
    }

    /** Everybody concerned has heard this. Returns whether it is what is wanted. */
    boolean heard(AgentId agent, AgentTerms terms) {
        boolean current = terms.equals(known.getOrDefault(agent, AgentTerms.NONE));
        if (current) {
            telling.remove(agent);
        }
        return current;
    }

    /** Tells again what is due. */
    void repeat(AllocatorState state, Instant now) {
        if (nextAt.isAfter(now)) {
            return;
        }
        new ArrayList<>(telling.keySet()).forEach(agent -> tell(agent, state));
        telling.values().removeIf(each -> each.left <= 0);
        nextAt = Instant.MAX;
        schedule(now);
    }

    /** Wakes the session of every agent, so that those are missed that do not come back. */
    void wakeAll(AllocatorState state, Instant now) {
        for (AllocatorState.Entry entry : state.agents()) {
            AgentId agent = entry.record().id();
            AgentTerms wanted = wanted(agent, state);
            if (!wanted.equals(AgentTerms.NONE)) {
                known.put(agent, wanted);
                telling.put(agent, new Telling(wanted, Integer.MAX_VALUE));
            }
            sessions.accept(agent, wake(agent, wanted, state));
        }
        schedule(now);
    }

    Optional<Instant> nextDue() {
        return nextAt.equals(Instant.MAX) ? Optional.empty() : Optional.of(nextAt);
    }

    private void tell(AgentId agent, AllocatorState state) {
        Telling each = telling.get(agent);
        if (each != null) {
            each.left--;
            sessions.accept(agent, wake(agent, each.terms, state));
        }
    }

    private void schedule(Instant now) {
        if (telling.isEmpty()) {
            nextAt = Instant.MAX;
        } else if (nextAt.equals(Instant.MAX)) {
            nextAt = now.plus(repeat);
        }
    }

    private static WakeSession wake(AgentId agent, AgentTerms terms, AllocatorState state) {
        Optional<AllocatorState.Entry> entry = state.agent(agent);
        List<SessionReply.HeldTasks> held = terms.removed().isPresent()
                ? entry.map(mine -> HeldByFramework.of(mine.tasks())).orElse(List.of())
                : List.of();
        return new WakeSession(agent, entry.map(mine -> mine.record().session()).orElse(0L), terms, held);
    }

    private static AgentTerms wanted(AgentId agent, AllocatorState state) {
        return state.agent(agent)
                .map(entry -> terms(entry.record(), state.isDown(entry.spec())))
                .orElseGet(() -> state.goneAt(agent).isPresent()
                        ? new AgentTerms(Optional.empty(), Optional.of("marked gone by an operator"))
                        : AgentTerms.NONE);
    }
}
