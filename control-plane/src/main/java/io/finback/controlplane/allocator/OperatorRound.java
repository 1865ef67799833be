package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.MachineId;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.RoleName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Decides what operators command. Each command is carried out wholly or, with a {@link Refusal}, not at all. */
public final class OperatorRound {
    private final Draft draft;
    private final OfferBook book;
    private final Instant now;
    private final List<Offered> withdrawn;

    OperatorRound(Draft draft, OfferBook book, Instant now, List<Offered> withdrawn) {
        this.draft = draft;
        this.book = book;
        this.now = now;
        this.withdrawn = withdrawn;
    }

    /** Roles not named keep theirs. Offers to the roles named end, so that the next pass goes by the new weights. */
    public Optional<Refusal> setWeights(Map<String, Double> weights) {
        for (Map.Entry<String, Double> entry : weights.entrySet()) {
            Optional<String> wrong = RoleName.problem(entry.getKey());
            if (wrong.isPresent()) {
                return Optional.of(Refusal.invalid(wrong.get()));
            }
            double weight = entry.getValue();
            if (!(weight > 0) || Double.isInfinite(weight)) {
                return Optional.of(
                        Refusal.invalid("weight of role '" + entry.getKey() + "': " + weight + " (expected: > 0)"));
            }
        }
        weights.forEach(draft::setWeight);
        withdraw(offer -> weights.containsKey(offer.role()));
        return Optional.empty();
    }

    /**
     * All or none. Offers that would break a new limit end, and so do others' offers when a new guarantee cannot be met without.
     *
     * @param force even below what is consumed, and above what the pool has
     */
    public Optional<Refusal> setQuotas(List<Quota> quotas, boolean force) {
        Optional<Refusal> refusal = QuotaRules.refusalOf(quotas, draft, force);
        if (refusal.isPresent()) {
            return refusal;
        }
        quotas.forEach(draft::setQuota);
        Set<String> changed = new HashSet<>();
        quotas.forEach(quota -> changed.add(quota.role()));
        boolean guaranteed =
                quotas.stream().anyMatch(quota -> !quota.guarantees().isEmpty());
        withdraw(offer -> guaranteed || changed.contains(Accounts.topOf(offer.role())));
        return Optional.empty();
    }

    /** In order, each on what the earlier ones have left. Offers of the agent end as far as they are in the way. */
    public Optional<Refusal> changeResources(
            AgentId id, List<ResourceOperation> operations, Optional<String> principal) {
        Optional<Draft.Agent> known =
                draft.agent(id).filter(agent -> agent.record().goneAt().isEmpty());
        if (known.isEmpty()) {
            return Optional.of(Refusal.invalid("agent: " + id + " (expected: a known agent)"));
        }
        Draft.Agent agent = known.get();
        List<ResourceOperation> due = operations.stream()
                .filter(operation -> !draft.hasApplied(nameOf(operation)))
                .toList();
        // First with what is free, then with one offer less at a time: every operation is tried before anything is
        // changed.
        List<Offered> standing = book.offersOn(id);
        for (int ended = 0; ended <= standing.size(); ended++) {
            Resources budget = agent.unallocated();
            for (Offered offer : standing.subList(ended, standing.size())) {
                budget = budget.minus(ResourceMath.present(offer.resources(), budget));
            }
            Trial trial = attempt(agent, budget, due, principal);
            if (trial.refusal().isEmpty()) {
                standing.subList(0, ended)
                        .forEach(offer -> withdrawn.addAll(book.remove(offer.framework(), List.of(offer.id()))));
                trial.conversions().forEach(agent::convert);
                due.forEach(operation -> draft.setApplied(nameOf(operation)));
                book.touch(id);
                return Optional.empty();
            }
            if (trial.refusal().get().why() != Refusal.Why.CONFLICT) {
                return trial.refusal();
            }
            if (ended == standing.size()) {
                return Optional.of(
                        absentOrInUse(agent, due, principal, trial.refusal().get()));
            }
        }
        throw new IllegalStateException("unreachable");
    }

    private static Refusal absentOrInUse(
            Draft.Agent agent, List<ResourceOperation> operations, Optional<String> principal, Refusal refusal) {
        boolean absent = attempt(agent, agent.record().total(), operations, principal)
                .refusal()
                .filter(why -> why.why() == Refusal.Why.CONFLICT)
                .isPresent();
        return absent ? new Refusal(Refusal.Why.ABSENT, refusal.message()) : refusal;
    }

    private record Trial(List<Conversions.Conversion> conversions, Optional<Refusal> refusal) {}

    private static Trial attempt(
            Draft.Agent agent, Resources free, List<ResourceOperation> operations, Optional<String> principal) {
        List<Conversions.Conversion> conversions = new ArrayList<>();
        Resources budget = free;
        Resources total = agent.record().total();
        for (ResourceOperation operation : operations) {
            Conversions.Verdict verdict = Conversions.of(
                    operation, budget, total, agent.sharedInUse(), Conversions.Asker.operator(principal));
            if (verdict.conversion().isEmpty()) {
                return new Trial(
                        List.of(),
                        Optional.of(
                                verdict.lacking()
                                        ? Refusal.conflict(verdict.refusal())
                                        : Refusal.invalid(verdict.refusal())));
            }
            budget = verdict.conversion().get().applyTo(budget);
            total = verdict.conversion().get().applyTo(total);
            conversions.add(verdict.conversion().get());
        }
        return new Trial(conversions, Optional.empty());
    }

    /** No new work, and the agent's tasks are to be killed; drained when the last has ended. Repeated, it changes the terms. */
    public Optional<Refusal> drain(AgentId id, Optional<Duration> maxGrace, boolean markGone) {
        Optional<Draft.Agent> agent = draft.agent(id);
        Optional<Refusal> refusal = refusalToClose(id, agent);
        if (refusal.isPresent()) {
            return refusal;
        }
        if (maxGrace.filter(Duration::isNegative).isPresent()) {
            return Optional.of(Refusal.invalid("max_grace_period: " + maxGrace.get() + " (expected: >= 0)"));
        }
        AgentRecord record = agent.orElseThrow().record();
        Instant since = record.drain().map(AgentRecord.Drain::since).orElse(now);
        agent.orElseThrow()
                .set(record.withDeactivated(true)
                        .withDrain(Optional.of(new AgentRecord.Drain(maxGrace, markGone, since, Optional.empty()))));
        close(id);
        emptied(id);
        return Optional.empty();
    }

    /** No new work. */
    public Optional<Refusal> deactivate(AgentId id) {
        Optional<Draft.Agent> agent = draft.agent(id);
        Optional<Refusal> refusal = refusalToClose(id, agent);
        if (refusal.isPresent()) {
            return refusal;
        }
        agent.orElseThrow().set(agent.orElseThrow().record().withDeactivated(true));
        close(id);
        return Optional.empty();
    }

    /** Ends a deactivation or a drain that is over. */
    public Optional<Refusal> reactivate(AgentId id) {
        Optional<Draft.Agent> agent = draft.agent(id);
        Optional<Refusal> refusal = refusalToClose(id, agent);
        if (refusal.isPresent()) {
            return refusal;
        }
        AgentRecord record = agent.orElseThrow().record();
        if (!record.deactivated()) {
            return Optional.of(Refusal.invalid("agent: " + id + " is not deactivated"));
        }
        if (record.isDraining()) {
            return Optional.of(Refusal.invalid("agent: " + id + " is still DRAINING (expected: DRAINED)"));
        }
        agent.orElseThrow().set(record.withDeactivated(false).withDrain(Optional.empty()));
        book.touch(id);
        return Optional.empty();
    }

    /** The agent never comes back. What its tasks hold is released as their frameworks hear of it. */
    public Optional<Refusal> markGone(AgentId id) {
        Optional<Draft.Agent> agent = draft.agent(id);
        if (agent.isEmpty()) {
            return draft.state().goneAt(id).isPresent()
                    ? Optional.empty()
                    : Optional.of(new Refusal(Refusal.Why.NOT_FOUND, "agent: " + id + " (expected: a known agent)"));
        }
        goneForGood(id, agent.get());
        return Optional.empty();
    }

    /** Replaces the schedule. */
    public Optional<Refusal> setMaintenance(MaintenanceSchedule schedule) {
        Optional<String> wrong = draft.maintenance().refusalOf(schedule);
        if (wrong.isPresent()) {
            return wrong.map(Refusal::invalid);
        }
        draft.setMaintenance(draft.maintenance().withSchedule(schedule));
        return Optional.empty();
    }

    /** Their agents are to shut down, and what runs there is over. Reservations and volumes stay for when they are up again. */
    public Optional<Refusal> bringDown(List<MachineId> machines) {
        Optional<String> wrong = draft.maintenance().refusalToBringDown(machines);
        if (wrong.isPresent()) {
            return wrong.map(Refusal::invalid);
        }
        draft.setMaintenance(draft.maintenance().withDown(machines));
        for (AllocatorState.Entry entry : draft.state().agents()) {
            AgentId id = entry.record().id();
            if (draft.isDown(entry.spec())) {
                draft.agent(id)
                        .filter(agent -> agent.record().isCounted())
                        .ifPresent(agent -> agent.set(agent.record().withLostAt(now)));
                close(id);
            }
        }
        return Optional.empty();
    }

    /** Their agents may come back; the machines leave the schedule. */
    public Optional<Refusal> bringUp(List<MachineId> machines) {
        Optional<String> wrong = draft.maintenance().refusalToBringUp(machines);
        if (wrong.isPresent()) {
            return wrong.map(Refusal::invalid);
        }
        draft.setMaintenance(draft.maintenance().withUp(machines));
        return Optional.empty();
    }

    /** Notes that a draining agent has no tasks left, if that is so. */
    void emptied(AgentId id) {
        Optional<Draft.Agent> idle =
                draft.agent(id).filter(agent -> agent.isIdle() && agent.record().isDraining());
        idle.ifPresent(agent -> {
            AgentRecord.Drain drain = agent.record().drain().orElseThrow();
            agent.set(agent.record().withDrain(Optional.of(drain.drained(now))));
            if (drain.markGone()) {
                goneForGood(id, agent);
            }
        });
    }

    private void goneForGood(AgentId id, Draft.Agent agent) {
        if (agent.record().goneAt().isEmpty()) {
            agent.set(agent.record().withGoneAt(now));
        }
        close(id);
    }

    private void close(AgentId id) {
        withdrawn.addAll(book.setOfferable(id, false));
    }

    private static Optional<Refusal> refusalToClose(AgentId id, Optional<Draft.Agent> agent) {
        if (agent.isEmpty()) {
            return Optional.of(Refusal.invalid("agent: " + id + " (expected: a known agent)"));
        }
        return agent.get().record().goneAt().isPresent()
                ? Optional.of(Refusal.conflict("agent: " + id + " is being marked gone"))
                : Optional.empty();
    }

    private void withdraw(Predicate<Offered> which) {
        List<Offered> ending = book.outstanding().stream().filter(which).toList();
        ending.forEach(offer -> withdrawn.addAll(book.remove(offer.framework(), List.of(offer.id()))));
    }

    private static String nameOf(ResourceOperation operation) {
        return "operator " + operation.id();
    }
}
