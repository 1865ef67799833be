package io.finback.controlplane.service;

import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Placement;
import io.finback.controlplane.placement.Preemption;
import io.finback.controlplane.placement.Request;
import io.finback.controlplane.scheduler.Demand;
import io.finback.resources.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Ends what may be ended for what has waited for long. An agent on which something was ended is held for whom it was ended, so that
 * nobody else takes the place. Forgets its holds when the scheduler moves to another master: the place may go to another app then.
 * Confined to the scheduler's actor.
 */
final class Preemptor {
    private static final Duration SEARCH_EVERY = Duration.ofSeconds(1);
    /** As Aurora's. */
    private static final Duration HOLD = Duration.ofMinutes(5);
    /** Apps searched for at once. */
    private static final int BATCH = 5;

    private record Hold(String group, Instant until) {}

    /** What is to end, for whom. */
    record Order(String group, Preemption.Slot slot) {}

    private final Duration delay;
    private final Map<String, Instant> waitingSince = new HashMap<>();
    private final Map<AgentId, Hold> holds = new HashMap<>();
    private Instant searchedAt = Instant.EPOCH;
    private Instant lookedAt = Instant.EPOCH;

    /** {@code delay}: how long an instance finds no place before others are ended for it. */
    Preemptor(Duration delay) {
        this.delay = delay;
    }

    Optional<String> heldFor(AgentId agent, Instant now) {
        return Optional.ofNullable(holds.get(agent))
                .filter(hold -> now.isBefore(hold.until()))
                .map(Hold::group);
    }

    /** True once in a while: where nothing is offered at all there is no cycle, and somebody may wait for long. */
    boolean looks(Instant now) {
        if (now.isBefore(lookedAt.plus(SEARCH_EVERY))) {
            return false;
        }
        lookedAt = now;
        return true;
    }

    /** Takes note of a cycle and says what has to end now. {@code waits}: apps that still wait. */
    List<Order> after(
            Placement cycle,
            List<Demand> due,
            List<Assignment> assignments,
            Predicate<String> waits,
            Supplier<List<Preemption.Victim>> victims,
            Instant now) {
        holds.values().removeIf(hold -> !now.isBefore(hold.until()));
        assignments.forEach(a -> holds.remove(a.candidate().agent(), holdOf(a)));
        Set<String> unplaced = new HashSet<>(cycle.unplaced());
        waitingSince.keySet().removeIf(group -> !waits.test(group));
        assignments.forEach(a -> waitingSince.remove(a.group()));
        unplaced.forEach(group -> waitingSince.putIfAbsent(group, now));
        if (now.isBefore(searchedAt.plus(SEARCH_EVERY))) {
            return List.of();
        }
        Set<String> served = new HashSet<>();
        holds.values().forEach(hold -> served.add(hold.group()));
        List<Demand> late = due.stream()
                .filter(d -> unplaced.contains(d.appId()) && !served.contains(d.appId()))
                .filter(d ->
                        !now.isBefore(waitingSince.getOrDefault(d.appId(), now).plus(delay)))
                .sorted((a, b) -> Integer.compare(b.priority(), a.priority()))
                .limit(BATCH)
                .toList();
        if (late.isEmpty()) {
            return List.of();
        }
        searchedAt = now;
        return search(cycle, late, victims.get(), now);
    }

    private List<Order> search(Placement cycle, List<Demand> late, List<Preemption.Victim> all, Instant now) {
        List<Order> orders = new ArrayList<>();
        if (all.isEmpty()) {
            return orders;
        }
        Map<AgentId, Candidate> free = cycle.left();
        for (Demand demand : late) {
            List<Preemption.Victim> mine = all.stream()
                    .filter(v -> !demand.preemptible() || v.priority() < demand.priority())
                    .filter(v -> heldFor(v.agent(), now).isEmpty())
                    .toList();
            Optional<Request> rest = cycle.rest(demand.appId());
            rest.flatMap(request -> Preemption.find(request, free, mine)).ifPresent(slot -> {
                holds.put(slot.agent(), new Hold(demand.appId(), now.plus(HOLD)));
                orders.add(new Order(demand.appId(), slot));
            });
        }
        return orders;
    }

    private Hold holdOf(Assignment assignment) {
        Hold hold = holds.get(assignment.candidate().agent());
        return hold != null && hold.group().equals(assignment.group()) ? hold : new Hold("", Instant.EPOCH);
    }
}
