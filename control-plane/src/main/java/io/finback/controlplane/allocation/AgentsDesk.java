package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorRound;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import io.finback.wire.Parts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** The allocator's conversation with the agents' sessions. Holds what is not durable of it. */
final class AgentsDesk {
    /** The newest registration of an agent, gathered until all parts are there. */
    private static final class Attempt {
        private final String name;
        private final SortedMap<Integer, AllocatorMessage.Admit> parts = new TreeMap<>();
        private long session;

        private Attempt(String name) {
            this.name = name;
        }
    }

    private final Optional<RemovalRate> rate;
    private final Map<AgentId, Attempt> attempts = new HashMap<>();
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
    List<SessionReply> admit(AllocatorMessage.Admit part, AllocatorRound round) {
        AgentId agent = part.info().id();
        Attempt attempt = attempts.get(agent);
        if (attempt == null || !attempt.name.equals(part.attempt())) {
            attempt = new Attempt(part.attempt());
            attempts.put(agent, attempt);
        }
        attempt.parts.put(part.part(), part);
        if (attempt.parts.size() < part.parts()) {
            return List.of();
        }
        List<Holding> running = new ArrayList<>();
        for (AllocatorMessage.Admit each : attempt.parts.values()) {
            for (AllocatorMessage.RunningTask task : each.running()) {
                running.add(new Holding(
                        new TaskKey(task.framework(), task.task()), agent, task.resources(), task.role()));
            }
        }
        attempt.parts.clear();
        if (attempt.session < round.sessionOf(agent) || attempt.session == 0) {
            attempt.session = round.nextSession(agent, part.lastSession());
        }
        AllocatorRound.Admission admission = round.admit(spec(part.info()), running, attempt.session);
        return admission.match(
                admitted -> {
                    speaking.add(agent);
                    removals.remove(agent);
                    return inParts(part.attempt(), admitted);
                },
                refused -> List.of(new SessionReply.AdmitRefused(part.attempt(), refused.reason(), refused.shutDown())));
    }

    /** The agent answers, or is silent. Returns whether it is to be heard: it is not from a ghost. */
    boolean setSpeaking(AllocatorMessage.SetOffering message, AllocatorRound round) {
        AgentId agent = message.agent();
        if (!round.isKnown(agent) || message.session() < round.sessionOf(agent)) {
            return false;
        }
        if (message.offering()) {
            speaking.add(agent);
            removals.remove(agent);
        } else {
            speaking.remove(agent);
        }
        return true;
    }

    /** Gives the agent up, or has it wait its turn: then nothing is answered yet. */
    Optional<SessionReply> markUnreachable(AllocatorMessage.MarkUnreachable message, AllocatorRound round, Instant now) {
        AgentId agent = message.agent();
        if (message.session() < round.sessionOf(agent)) {
            return Optional.empty();
        }
        speaking.remove(agent);
        boolean mustWait = rate.isPresent()
                && round.isReachable(agent)
                && (removalAllowedAt.isAfter(now) || !removals.isEmpty());
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

    int waitingRemovals() {
        return removals.size();
    }

    private SessionReply giveUp(AllocatorMessage.MarkUnreachable message, AllocatorRound round, Instant now) {
        boolean fresh = round.isReachable(message.agent());
        Set<FrameworkId> concerned = new LinkedHashSet<>();
        round.lose(message.agent()).forEach(task -> concerned.add(task.framework()));
        if (fresh) {
            rate.ifPresent(limit -> removalAllowedAt = limit.after(now));
        }
        return new SessionReply.MarkedUnreachable(message.session(), List.copyOf(concerned));
    }

    /** Half of what a message may have for each of the two lists. */
    private static List<SessionReply> inParts(String attempt, AllocatorRound.Admitted admitted) {
        List<List<SessionReply.HeldTasks>> held = cut(admitted.held());
        List<List<SessionReply.HeldTasks>> unplaced = cut(admitted.unplaced());
        int parts = Math.max(1, Math.max(held.size(), unplaced.size()));
        List<SessionReply> replies = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            replies.add(new SessionReply.Admitted(
                    attempt,
                    admitted.record().session(),
                    i,
                    parts,
                    i < held.size() ? held.get(i) : List.of(),
                    i < unplaced.size() ? unplaced.get(i) : List.of()));
        }
        return replies;
    }

    private static List<List<SessionReply.HeldTasks>> cut(List<TaskKey> keys) {
        List<List<SessionReply.HeldTasks>> parts = new ArrayList<>();
        Parts.of(keys).forEach(part -> {
            Map<FrameworkId, List<TaskId>> tasks = new LinkedHashMap<>();
            part.forEach(key -> tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>())
                    .add(key.task()));
            List<SessionReply.HeldTasks> held = new ArrayList<>();
            tasks.forEach((framework, list) -> held.add(new SessionReply.HeldTasks(framework, list)));
            parts.add(held);
        });
        return parts;
    }

    private static AgentSpec spec(AgentInfo info) {
        return new AgentSpec(
                info.id(),
                info.hostname(),
                info.httpPort(),
                info.resources(),
                info.attributes(),
                info.version(),
                info.domain());
    }
}
