package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorRuns;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Carries out accepts: the operations of one, in their order, on the combined resources of its offers. A reservation or volume made by
 * one operation is there for the next. An operation that is refused changes nothing; the later ones are tried all the same.
 *
 * <p>May be repeated: a task that holds its resources already is granted again, and a change that was applied is applied again in
 * name only, both without any offer.
 */
public final class ClaimRound {
    private final Draft draft;
    private final OfferBook book;
    private final Instant now;
    private final List<Offered> withdrawn;

    ClaimRound(Draft draft, OfferBook book, Instant now, List<Offered> withdrawn) {
        this.draft = draft;
        this.book = book;
        this.now = now;
        this.withdrawn = withdrawn;
    }

    /** One task of an accept. */
    public record Wish(TaskId task, Resources resources) {}

    /** One operation of an accept: resources for tasks, or (if present) a change of resources. */
    public record Step(List<Wish> tasks, Optional<ResourceOperation> change) {
        public Step {
            tasks = List.copyOf(tasks);
        }

        public static Step launch(List<Wish> tasks) {
            return new Step(tasks, Optional.empty());
        }

        public static Step change(ResourceOperation operation) {
            return new Step(List.of(), Optional.of(operation));
        }
    }

    /**
     * One accept.
     *
     * @param roles the framework's; it may reserve for these only
     * @param principal present: reservations and volumes must name it
     * @param mayShare it may create shared volumes
     * @param refuse for how long the rest of the offers is not offered to the framework again
     */
    public record Request(
            FrameworkId framework,
            AgentId agent,
            List<OfferId> offers,
            List<Step> steps,
            Duration refuse,
            Set<String> roles,
            Optional<String> principal,
            boolean mayShare) {
        public Request {
            offers = List.copyOf(offers);
            steps = List.copyOf(steps);
            roles = Set.copyOf(roles);
        }
    }

    /** Why a task got nothing, or a change was not made. */
    public enum Why {
        /** The offers do not stand (any more), are not the framework's, not on this agent, or not for one role. */
        INVALID_OFFERS,
        /** The agent is gone for good. */
        AGENT_REMOVED,
        /** The agent is unreachable. */
        AGENT_DISCONNECTED,
        /** The offers stand and hold less than is wanted, or it makes no sense. */
        INVALID
    }

    public record Refused(Why why, String message) {}

    /** Every task and every change is in exactly one of {@code granted}, {@code applied} and the two others. */
    public record Outcome(
            List<TaskId> granted,
            Map<TaskId, Refused> refused,
            List<String> applied,
            Map<String, Refused> failed,
            String role) {
        public Outcome {
            granted = List.copyOf(granted);
            refused = Map.copyOf(refused);
            applied = List.copyOf(applied);
            failed = Map.copyOf(failed);
        }
    }

    /** One accept under way. */
    private final class Progress {
        private final Request request;
        private final Optional<String> role;
        private Resources budget;
        private final List<TaskId> granted = new ArrayList<>();
        private final Map<TaskId, Refused> refused = new LinkedHashMap<>();
        private final List<String> applied = new ArrayList<>();
        private final Map<String, Refused> failed = new LinkedHashMap<>();

        private Progress(Request request, Optional<String> role, Resources budget) {
            this.request = request;
            this.role = role;
            this.budget = budget;
        }

        private void launch(Wish wish) {
            TaskKey key = new TaskKey(request.framework(), wish.task());
            Optional<Holding> held = draft.holding(key);
            if (held.isPresent() && held.get().agent().equals(request.agent())) {
                granted.add(wish.task());
            } else if (role.isEmpty()) {
                refused.put(wish.task(), noOffers(request));
            } else if (held.isPresent()) {
                refuse(
                        wish,
                        "task: " + wish.task() + " runs on agent " + held.get().agent()
                                + " (expected: an id not in use)");
            } else if (wish.resources().isEmpty() && !ExecutorRuns.isRun(wish.task())) {
                refuse(wish, "resources: none (expected: some)");
            } else if (!budget.contains(wish.resources())) {
                refuse(
                        wish,
                        "resources: " + wish.resources() + " lack "
                                + ResourceMath.missing(wish.resources(), budget)
                                + " (expected: within what is left of the offers, "
                                + (budget.isEmpty() ? "nothing" : budget) + ")");
            } else {
                draft.claim(new Holding(key, request.agent(), wish.resources(), role.get()));
                budget = budget.minus(ResourceMath.exclusive(wish.resources()));
                granted.add(wish.task());
            }
        }

        private void refuse(Wish wish, String message) {
            refused.put(wish.task(), new Refused(Why.INVALID, message));
        }

        private void change(ResourceOperation operation) {
            String id = request.framework() + " " + operation.id();
            if (draft.hasApplied(id)) {
                applied.add(operation.id());
                return;
            }
            if (role.isEmpty()) {
                failed.put(operation.id(), noOffers(request));
                return;
            }
            Draft.Agent agent = draft.agent(request.agent()).orElseThrow();
            Conversions.Asker asker =
                    new Conversions.Asker(Optional.of(request.roles()), request.principal(), request.mayShare());
            Conversions.Verdict verdict =
                    Conversions.of(operation, budget, agent.record().total(), agent.sharedInUse(), asker);
            if (verdict.conversion().isEmpty()) {
                failed.put(operation.id(), new Refused(Why.INVALID, verdict.refusal()));
                return;
            }
            withdrawShared(verdict.conversion().get().consumed());
            budget = verdict.conversion().get().applyTo(budget);
            agent.convert(verdict.conversion().get());
            draft.setApplied(id);
            applied.add(operation.id());
        }

        /** Others may have been offered the same shared volume. */
        private void withdrawShared(Resources consumed) {
            List<Special> volumes = ResourceMath.shared(consumed).special();
            if (!volumes.isEmpty()) {
                withdrawn.addAll(book.withdrawHolding(request.agent(), volumes));
            }
        }

        private Outcome outcome() {
            return new Outcome(granted, refused, applied, failed, role.orElse(""));
        }
    }

    Outcome claim(Request request) {
        Optional<List<Offered>> standing = book.standing(request.framework(), request.agent(), request.offers());
        Resources budget = Resources.EMPTY;
        for (Offered offer : book.remove(request.framework(), request.offers())) {
            budget = standing.isPresent() ? budget.plus(offer.resources()) : budget;
        }
        Progress progress =
                new Progress(request, standing.map(offers -> offers.get(0).role()), budget);
        for (Step step : request.steps()) {
            step.tasks().forEach(progress::launch);
            step.change().ifPresent(progress::change);
        }
        book.touch(request.agent(), request.framework());
        if (!request.refuse().isZero() && !progress.budget.isEmpty()) {
            progress.role.ifPresent(role -> book.filter(
                    request.framework(), role, request.agent(), progress.budget, now.plus(request.refuse())));
        }
        return progress.outcome();
    }

    private Refused noOffers(Request request) {
        AgentId agent = request.agent();
        Optional<AgentRecord> record = draft.record(agent);
        if (draft.state().goneAt(agent).isPresent()
                || record.flatMap(AgentRecord::goneAt).isPresent()) {
            return new Refused(Why.AGENT_REMOVED, "agent: " + agent + " is gone");
        }
        if (record.flatMap(AgentRecord::lostAt).isPresent()) {
            return new Refused(Why.AGENT_DISCONNECTED, "agent: " + agent + " is unreachable");
        }
        return new Refused(
                Why.INVALID_OFFERS,
                "offers: " + request.offers()
                        + " (expected: standing offers to this framework, each once, of one agent and role)");
    }
}
