package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Asks frameworks to leave machines that will be unavailable: one inverse offer per framework and agent stands while the framework has tasks there.
 * It ends when it is answered, when it is due, when the unavailability changes, and when the framework has nothing left there. Who has
 * answered is not asked again for as long as he said. Answers are advice for operators: nothing is taken from anybody. Source:
 * apache/mesos {@code docs/maintenance.md}.
 */
final class InverseBook {
    private final String idPrefix;
    private final Duration timeout;
    private long nextId;
    private final Map<OfferId, InverseOffered> standing = new LinkedHashMap<>();
    private final Map<AgentId, Watched> watched = new LinkedHashMap<>();
    private final List<InverseOffered> made = new ArrayList<>();
    private final List<InverseOffered> ended = new ArrayList<>();

    private static final class Watched {
        private final Unavailability unavailability;
        private final Map<FrameworkId, InverseOffered> asked = new LinkedHashMap<>();
        private final Map<FrameworkId, InverseAnswer> answers = new LinkedHashMap<>();
        private final Map<FrameworkId, Instant> quietUntil = new LinkedHashMap<>();

        Watched(Unavailability unavailability) {
            this.unavailability = unavailability;
        }
    }

    InverseBook(String idPrefix, Duration timeout) {
        this.idPrefix = idPrefix;
        this.timeout = timeout;
    }

    /** Whether the agent's machine will be unavailable, as far as {@link #update} was told. */
    boolean isWatched(AgentId agent) {
        return watched.containsKey(agent);
    }

    /** Agents whose machines will be unavailable. */
    Set<AgentId> agents() {
        return new HashSet<>(watched.keySet());
    }

    /** How it stands with this agent: when it is unavailable, and which connected frameworks have tasks on it. */
    void update(AgentId agent, Optional<Unavailability> unavailability, Set<FrameworkId> holders, Instant now) {
        Watched known = watched.get(agent);
        if (known != null && !unavailability.equals(Optional.of(known.unavailability))) {
            List.copyOf(known.asked.values()).forEach(this::end);
            watched.remove(agent);
            known = null;
        }
        if (unavailability.isEmpty()) {
            return;
        }
        if (known == null) {
            known = new Watched(unavailability.get());
            watched.put(agent, known);
        }
        for (InverseOffered offer : List.copyOf(known.asked.values())) {
            if (!holders.contains(offer.framework())) {
                end(offer);
            }
        }
        known.quietUntil.values().removeIf(until -> !until.isAfter(now));
        known.answers.keySet().retainAll(holders);
        for (FrameworkId framework : holders) {
            if (!known.asked.containsKey(framework) && !known.quietUntil.containsKey(framework)) {
                ask(framework, agent, known, now);
            }
        }
    }

    /** Ends the framework's inverse offers of these ids and notes the answer; others are ignored. Returns whose agents were answered. */
    List<AgentId> answer(FrameworkId framework, List<OfferId> ids, boolean accepted, Instant now, Duration refuse) {
        List<AgentId> agents = new ArrayList<>();
        for (OfferId id : ids) {
            InverseOffered offer = standing.get(id);
            if (offer == null || !offer.framework().equals(framework)) {
                continue;
            }
            remove(offer);
            agents.add(offer.agent());
            Watched agent = watched.get(offer.agent());
            if (agent != null) {
                agent.answers.put(framework, new InverseAnswer(framework, accepted, now));
                if (!refuse.isZero()) {
                    agent.quietUntil.put(framework, now.plus(refuse));
                }
            }
        }
        return agents;
    }

    /** The framework is gone: nothing is asked of it, and it has no one to tell. */
    void leave(FrameworkId framework) {
        for (Watched agent : watched.values()) {
            InverseOffered offer = agent.asked.get(framework);
            if (offer != null) {
                remove(offer);
            }
            agent.quietUntil.remove(framework);
        }
    }

    /** Ends what nobody answered, and returns the agents to be looked at again: those, and those whose frameworks were quiet long enough. */
    List<AgentId> expire(Instant now) {
        List<AgentId> due = new ArrayList<>();
        for (InverseOffered offer : List.copyOf(standing.values())) {
            if (offer.expiresAt().isAfter(now)) {
                break;
            }
            end(offer);
            due.add(offer.agent());
        }
        watched.forEach((agent, state) -> {
            if (state.quietUntil.values().stream().anyMatch(until -> !until.isAfter(now))) {
                due.add(agent);
            }
        });
        return due;
    }

    Optional<Instant> nextDue() {
        Optional<Instant> offer = standing.values().stream().findFirst().map(InverseOffered::expiresAt);
        Optional<Instant> quiet = watched.values().stream()
                .flatMap(agent -> agent.quietUntil.values().stream())
                .min(Instant::compareTo);
        return offer.isPresent() && quiet.isPresent()
                ? offer.filter(at -> at.isBefore(quiet.get())).or(() -> quiet)
                : offer.or(() -> quiet);
    }

    List<InverseAnswer> answers(AgentId agent) {
        Watched known = watched.get(agent);
        return known == null ? List.of() : List.copyOf(known.answers.values());
    }

    List<InverseOffered> standing() {
        return List.copyOf(standing.values());
    }

    InverseNews takeNews() {
        InverseNews news = new InverseNews(List.copyOf(made), List.copyOf(ended));
        made.clear();
        ended.clear();
        return news;
    }

    private void ask(FrameworkId framework, AgentId agent, Watched watch, Instant now) {
        InverseOffered offer = new InverseOffered(
                OfferId.of(idPrefix + "-I" + nextId++), framework, agent, watch.unavailability, now.plus(timeout));
        standing.put(offer.id(), offer);
        watch.asked.put(framework, offer);
        made.add(offer);
    }

    private void end(InverseOffered offer) {
        remove(offer);
        ended.add(offer);
    }

    private void remove(InverseOffered offer) {
        standing.remove(offer.id());
        Watched agent = watched.get(offer.agent());
        if (agent != null) {
            agent.asked.remove(offer.framework());
        }
    }
}
