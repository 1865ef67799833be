package io.finback.controlplane.placement;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Where one waiting instance would stand if others ended. Nothing is ended for a place that is not certain: what an agent has free together
 * with what its victims hold has gone through a placement cycle of its own, rules and ports included. Pure. Source: Apache Aurora's
 * preemptor.
 */
public final class Preemption {
    /** Agents looked at: each takes some placements of one instance. */
    private static final int MAX_AGENTS = 2_000;

    private Preemption() {}

    /**
     * A running instance that may be ended for others.
     *
     * @param held what it holds, ports included
     */
    public record Victim(String group, String taskId, AgentId agent, Spot spot, Resources held, int priority) {}

    /** Where to place an instance, and what has to end first; at least one. */
    public record Slot(AgentId agent, String host, List<Victim> victims) {
        public Slot {
            victims = List.copyOf(victims);
        }
    }

    /**
     * The slot with fewest victims, and among those with the least important ones; empty: there is none.
     *
     * @param request one that waits; whether it may preempt at all is not asked here
     * @param free what is offered and not used, by agent; an agent without an offer has nothing free
     * @param victims those that this request may end
     */
    public static Optional<Slot> find(Request request, Map<AgentId, Candidate> free, List<Victim> victims) {
        if (request.waiting().isEmpty()) {
            return Optional.empty();
        }
        Request one = request.withWaiting(request.waiting().subList(0, 1));
        Map<AgentId, List<Victim>> byAgent = new LinkedHashMap<>();
        victims.stream()
                .filter(victim -> !victim.group().equals(request.group()))
                .forEach(victim -> byAgent.computeIfAbsent(victim.agent(), agent -> new ArrayList<>())
                        .add(victim));
        return byAgent.values().stream()
                .limit(MAX_AGENTS)
                .flatMap(there ->
                        slot(one, Optional.ofNullable(free.get(there.get(0).agent())), there).stream())
                .min(Comparator.<Slot>comparingInt(slot -> slot.victims().size())
                        .thenComparingInt(slot -> slot.victims().stream()
                                .mapToInt(Victim::priority)
                                .sum())
                        .thenComparing(slot -> slot.agent().value()));
    }

    /** As few of those on one agent as it takes: the least important first, and among equals the largest. */
    private static Optional<Slot> slot(Request one, Optional<Candidate> free, List<Victim> there) {
        List<Victim> order = new ArrayList<>(there);
        order.sort(Comparator.comparingInt(Victim::priority)
                .thenComparing(victim -> -victim.held().milli(Resources.CPUS))
                .thenComparing(victim -> -victim.held().milli(Resources.MEM))
                .thenComparing(Victim::taskId));
        Victim first = order.get(0);
        Resources room = free.map(Candidate::resources).orElse(Resources.EMPTY);
        List<Victim> ended = new ArrayList<>();
        for (Victim victim : order) {
            room = room.plus(victim.held());
            ended.add(victim);
            Candidate candidate = new Candidate(
                    OfferId.of("preemption"),
                    first.agent(),
                    free.map(Candidate::spot).orElse(first.spot()),
                    one.role(),
                    room,
                    free.map(Candidate::leaving).orElse(false),
                    free.flatMap(Candidate::heldFor));
            if (!new Placement(List.of(candidate), new SplittableRandom(0))
                    .place(List.of(one))
                    .isEmpty()) {
                return Optional.of(new Slot(first.agent(), first.spot().host(), ended));
            }
        }
        return Optional.empty();
    }
}
