package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorRound;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.wire.AgentInfo;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The allocator's conversation with the agents' sessions: numbers them, hears who speaks, and gives silent agents up, no faster than
 * {@link RemovalRate} allows. Holds what is not durable of it.
 */
final class AgentsDesk {
    /** A question for admission, and the number it was answered with. */
    private record Asked(String ask, long session) {}

    private final Optional<RemovalRate> rate;
    private final AdmitParts parts = new AdmitParts();
    private final Map<AgentId, Asked> asked = new HashMap<>();
    private final Set<AgentId> speaking = new LinkedHashSet<>();
    private final LinkedHashMap<AgentId, AllocatorMessage.MarkUnreachable> removals = new LinkedHashMap<>();
    private Instant removalAllowedAt;

    AgentsDesk(Optional<RemovalRate> rate, AllocatorState state, Instant now) {
        this.rate = rate;
        // A failover is no reason to give agents up faster.
        this.removalAllowedAt = state.agents().stream()
                .flatMap(entry -> entry.lostAt().stream())
                .max(Instant::compareTo)
                .flatMap(last -> rate.map(limit -> limit.after(last)))
                .orElse(now);
    }

    /** The agent's session says that it may be offered. */
    boolean speaks(AgentId agent) {
        return speaking.contains(agent);
    }

    /** What to answer once it is journaled; nothing while parts are missing. */
    Optional<SessionReply> admit(AllocatorMessage.Admit part, AllocatorRound round) {
        return parts.add(part).map(whole -> admitWhole(whole, round));
    }

    private SessionReply admitWhole(AllocatorMessage.Admit message, AllocatorRound round) {
        AgentId agent = message.info().id();
        List<Holding> running = message.running().stream()
                .map(task ->
                        new Holding(new TaskKey(task.framework(), task.task()), agent, task.resources(), task.role()))
                .toList();
        return round.admit(spec(message.info()), running, number(message, round))
                .<SessionReply>match(
                        admitted -> {
                            long session = admitted.record().session();
                            asked.put(agent, new Asked(message.ask(), session));
                            speaking.add(agent);
                            removals.remove(agent);
                            return new SessionReply.Admitted(
                                    message.ask(),
                                    session,
                                    TermsDesk.terms(admitted.record(), false),
                                    HeldByFramework.of(admitted.held()),
                                    HeldByFramework.of(admitted.unplaced()));
                        },
                        refused -> new SessionReply.AdmitRefused(message.ask(), refused.reason(), refused.removed()));
    }

    /** The same as before for the same question, as long as the answer is still the newest. */
    private long number(AllocatorMessage.Admit message, AllocatorRound round) {
        AgentId agent = message.info().id();
        long newest = round.sessionOf(agent);
        Asked before = asked.get(agent);
        boolean again = before != null
                && before.ask().equals(message.ask())
                && before.session() == newest
                && message.lastSession() < newest;
        return again ? newest : round.nextSession(agent, message.lastSession());
    }

    /** What is wrong with the number of a session that speaks; empty: nothing. */
    Optional<SessionReply> outdated(AgentId agent, long session, AllocatorRound round) {
        long newest = round.sessionOf(agent);
        return session < newest ? Optional.of(new SessionReply.Outdated(newest)) : Optional.empty();
    }

    /** The agent answers, or is silent. */
    void setSpeaking(AgentId agent, boolean speaks) {
        if (speaks) {
            speaking.add(agent);
            removals.remove(agent);
        } else {
            speaking.remove(agent);
        }
    }

    /** Gives the agent up, or has it wait its turn: then nothing is answered yet. */
    Optional<SessionReply> markUnreachable(
            AllocatorMessage.MarkUnreachable message, AllocatorRound round, Instant now) {
        AgentId agent = message.agent();
        speaking.remove(agent);
        boolean mustWait =
                rate.isPresent() && round.isReachable(agent) && (removalAllowedAt.isAfter(now) || !removals.isEmpty());
        if (mustWait) {
            removals.put(agent, message);
            return Optional.empty();
        }
        return Optional.of(giveUp(message, round, now));
    }

    /** Gives up those whose turn has come. */
    void giveUpDue(AllocatorRound round, Instant now, BiConsumer<ActorRef<SessionReply>, SessionReply> answer) {
        while (!removals.isEmpty() && !removalAllowedAt.isAfter(now)) {
            AllocatorMessage.MarkUnreachable next = removals.values().iterator().next();
            removals.remove(next.agent());
            answer.accept(next.replyTo(), giveUp(next, round, now));
        }
    }

    Optional<Instant> nextDue() {
        return removals.isEmpty() ? Optional.empty() : Optional.of(removalAllowedAt);
    }

    private SessionReply giveUp(AllocatorMessage.MarkUnreachable message, AllocatorRound round, Instant now) {
        if (round.isReachable(message.agent())) {
            rate.ifPresent(limit -> removalAllowedAt = limit.after(now));
        }
        List<TaskKey> held = round.lose(message.agent());
        return new SessionReply.MarkedUnreachable(message.session(), HeldByFramework.of(held));
    }

    private static AgentSpec spec(AgentInfo info) {
        return new AgentSpec(
                info.id(),
                info.hostname(),
                info.httpPort(),
                info.resources(),
                info.attributes(),
                info.version(),
                info.domain(),
                info.isolators());
    }
}
