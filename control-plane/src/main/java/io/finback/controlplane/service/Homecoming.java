package io.finback.controlplane.service;

import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.scheduler.Demand;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Brings instances back to their volumes: before all others are placed, as there is one place for each and no other. Constraints were
 * asked when the volumes were made. For one cycle; confined to one thread.
 */
final class Homecoming {
    private final List<Candidate> candidates;
    private final OfferStock offers;
    private final RandomGenerator random;

    Homecoming(List<Candidate> candidates, OfferStock offers, RandomGenerator random) {
        this.candidates = new ArrayList<>(candidates);
        this.offers = offers;
        this.random = random;
    }

    List<Assignment> place(List<Demand> demands) {
        List<Assignment> assignments = new ArrayList<>();
        for (Demand demand : demands) {
            for (Demand.Bound bound : demand.terms().bound()) {
                if (demand.waiting().contains(bound.taskId())) {
                    place(demand, bound).ifPresent(assignments::add);
                }
            }
        }
        return assignments;
    }

    /** What others may have now. */
    List<Candidate> left() {
        return List.copyOf(candidates);
    }

    private Optional<Assignment> place(Demand demand, Demand.Bound bound) {
        for (int i = 0; i < candidates.size(); i++) {
            Candidate candidate = candidates.get(i);
            boolean here = candidate.agent().value().equals(bound.agentId())
                    && candidate.role().equals(demand.terms().role())
                    && !candidate.leaving();
            Optional<Offer> offer = here ? offers.get(candidate.offer()) : Optional.empty();
            Optional<List<Integer>> ports = offer.filter(o -> o.resources().contains(bound.home()))
                    .flatMap(o -> ports(demand, candidate.resources().ports()));
            if (ports.isPresent()) {
                Ranges numbers = Ranges.ofValues(ports.get());
                Resources left = candidate.resources().minus(Resources.EMPTY.withPorts(numbers));
                candidates.set(i, rest(candidate, left));
                return Optional.of(new Assignment(
                        demand.appId(),
                        bound.taskId(),
                        candidate,
                        ports.get(),
                        bound.home().withPorts(numbers)));
            }
        }
        return Optional.empty();
    }

    private static Candidate rest(Candidate candidate, Resources left) {
        return new Candidate(
                candidate.offer(),
                candidate.agent(),
                candidate.spot(),
                candidate.role(),
                left,
                candidate.leaving(),
                candidate.heldFor());
    }

    /** One for each that the demand names; empty: not all are free. */
    private Optional<List<Integer>> ports(Demand demand, Ranges offered) {
        List<Integer> fixed = demand.requirePorts()
                ? demand.ports().stream().filter(port -> port != 0).toList()
                : List.of();
        if (!offered.contains(Ranges.ofValues(fixed))) {
            return Optional.empty();
        }
        Ranges free = offered.minus(Ranges.ofValues(fixed));
        int any = demand.ports().size() - fixed.size();
        if (free.size() < any) {
            return Optional.empty();
        }
        List<Integer> ports = new ArrayList<>();
        long start = any == 0 ? 0 : random.nextLong(free.size());
        for (int port : demand.ports()) {
            boolean exact = demand.requirePorts() && port != 0;
            ports.add(exact ? port : (int) free.nth(start++ % free.size()).orElseThrow());
        }
        return Optional.of(ports);
    }

    /** What to say of a demand of which some wait for their volumes; empty: none does. */
    static Optional<String> note(Demand demand) {
        return demand.terms().bound().stream()
                .filter(bound -> demand.waiting().contains(bound.taskId()))
                .findFirst()
                .map(bound ->
                        "an instance waits for its volumes on " + bound.host() + " (agent " + bound.agentId() + ")");
    }
}
