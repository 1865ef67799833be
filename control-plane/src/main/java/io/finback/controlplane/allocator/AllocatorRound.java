package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Decides one batch of commands, each against the state as the earlier ones will have left it, and gathers what they change into one
 * {@link #event}. The state itself is changed only by applying that event; offers, which are not durable, change at once.
 *
 * <p>Stated policy for an agent that comes back with other resources: it is admitted if everything its tasks hold still fits, and
 * refused otherwise. Its outstanding offers end in any case.
 */
public final class AllocatorRound {
    private final AllocatorState state;
    private final OfferBook book;
    private final Instant now;
    private final Map<AgentId, AllocatorEvent.AgentAdmitted> admitted = new LinkedHashMap<>();
    private final Map<AgentId, AllocatorEvent.AgentLost> lost = new LinkedHashMap<>();
    private final Set<TaskKey> released = new LinkedHashSet<>();
    private final Map<TaskKey, Holding> claimed = new LinkedHashMap<>();
    private final Map<AgentId, Resources> unallocated = new LinkedHashMap<>();
    private final List<Offered> withdrawn = new ArrayList<>();

    public AllocatorRound(AllocatorState state, OfferBook book, Instant now) {
        this.state = state;
        this.book = book;
        this.now = now;
    }

    /** What became of an agent that wants in. */
    public sealed interface Admission {
        <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused);
    }

    /**
     * It is in.
     *
     * @param held every task the allocator believes to be on this agent, the listed ones included
     * @param unplaced listed tasks for which there is no room, or which hold resources elsewhere: they must be killed
     */
    public record Admitted(List<TaskKey> held, List<TaskKey> unplaced) implements Admission {
        public Admitted {
            held = List.copyOf(held);
            unplaced = List.copyOf(unplaced);
        }

        @Override
        public <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused) {
            return admitted.apply(this);
        }
    }

    /** Nothing was changed. */
    public record Refused(String reason) implements Admission {
        @Override
        public <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused) {
            return refused.apply(this);
        }
    }

    /** Why a task got nothing. */
    public enum ClaimRefusal {
        /** The offers do not stand (any more), are not the framework's, or not on this agent. */
        INVALID_OFFERS,
        /** The offers stand and hold less than the task wants, or it wants nothing. */
        TASK_INVALID
    }

    /** One task of a claim. */
    public record Wish(TaskId task, Resources resources) {}

    /** Every wish is in exactly one of the two. */
    public record ClaimOutcome(List<TaskId> granted, Map<TaskId, ClaimRefusal> refused) {
        public ClaimOutcome {
            granted = List.copyOf(granted);
            refused = Map.copyOf(refused);
        }
    }

    /**
     * Admits the agent, or notes that it is back or has changed. {@code listed} are the tasks running on it: what the allocator did
     * not know of becomes held, so that it is not given away while it is in use; whose it is, its framework decides.
     */
    public Admission admit(AgentSpec spec, List<Holding> listed) {
        Optional<AllocatorState.Entry> entry = state.agent(spec.id());
        boolean known = entry.isPresent() || admitted.containsKey(spec.id());
        AgentSpec before = admitted.containsKey(spec.id())
                ? admitted.get(spec.id()).spec()
                : entry.map(AllocatorState.Entry::spec).orElse(spec);
        Resources allocated = before.total().minus(free(spec.id()).orElse(before.total()));
        if (!spec.total().contains(allocated)) {
            return new Refused("agent resources: " + spec.total() + " (expected: at least what its tasks hold, "
                    + allocated + ")");
        }
        withdrawn.addAll(book.withdraw(spec.id()));
        boolean back = entry.isPresent() && entry.get().lostAt().isPresent();
        if (!known || back || lost.containsKey(spec.id()) || !before.equals(spec)) {
            lost.remove(spec.id());
            admitted.put(spec.id(), new AllocatorEvent.AgentAdmitted(spec, now));
        }
        unallocated.put(spec.id(), spec.total().minus(allocated));
        List<TaskKey> unplaced = new ArrayList<>();
        for (Holding task : listed) {
            Optional<Holding> held = holding(task.key());
            if (held.isEmpty() && free(spec.id()).orElseThrow().contains(task.resources())) {
                claim(new Holding(task.key(), spec.id(), task.resources()));
            } else if (held.isEmpty() || !held.get().agent().equals(spec.id())) {
                unplaced.add(task.key());
            }
        }
        return new Admitted(tasksOn(spec.id()), unplaced);
    }

    /** The agent has been silent for too long. Returns what its tasks are; empty when the agent is unknown. */
    public List<TaskKey> lose(AgentId agent) {
        withdrawn.addAll(book.setOfferable(agent, false));
        Optional<AllocatorState.Entry> entry = state.agent(agent);
        boolean isLost = entry.isPresent() && entry.get().lostAt().isPresent() && !admitted.containsKey(agent);
        if (!isLost && (entry.isPresent() || admitted.containsKey(agent))) {
            lost.put(agent, new AllocatorEvent.AgentLost(agent, now));
        }
        return tasksOn(agent);
    }

    /**
     * Gives tasks what they wish for out of the framework's offers on this agent; the rest of the offers returns to the pool and is
     * not offered to the framework again for {@code refuse}. A task that holds its resources already is granted again without any
     * offer, so that a claim may be repeated.
     */
    public ClaimOutcome claim(
            FrameworkId framework, AgentId agent, List<OfferId> offerIds, List<Wish> wishes, Duration refuse) {
        boolean standing = book.standing(framework, agent, offerIds).isPresent();
        Resources budget = Resources.EMPTY;
        String role = "*";
        for (Offered offer : book.remove(framework, offerIds)) {
            role = offer.role();
            budget = standing ? budget.plus(offer.resources()) : budget;
        }
        List<TaskId> granted = new ArrayList<>();
        Map<TaskId, ClaimRefusal> refused = new LinkedHashMap<>();
        for (Wish wish : wishes) {
            TaskKey key = new TaskKey(framework, wish.task());
            Optional<Holding> held = holding(key);
            if (held.isPresent() && held.get().agent().equals(agent)) {
                granted.add(wish.task());
            } else if (!standing) {
                refused.put(wish.task(), ClaimRefusal.INVALID_OFFERS);
            } else if (held.isPresent() || wish.resources().isEmpty() || !budget.contains(wish.resources())) {
                refused.put(wish.task(), ClaimRefusal.TASK_INVALID);
            } else {
                claim(new Holding(key, agent, wish.resources()));
                budget = budget.minus(wish.resources());
                granted.add(wish.task());
            }
        }
        if (!refuse.isZero() && !budget.isEmpty()) {
            book.filter(framework, role, agent, budget, now.plus(refuse));
        }
        return new ClaimOutcome(granted, refused);
    }

    /** The framework does not want these; unknown offers are ignored. */
    public void decline(FrameworkId framework, List<OfferId> offers, Duration refuse) {
        for (Offered offer : book.remove(framework, offers)) {
            if (!refuse.isZero()) {
                book.filter(framework, offer.role(), offer.agent(), offer.resources(), now.plus(refuse));
            }
        }
    }

    /** The task has ended. Releasing what is not held changes nothing. */
    public void release(TaskKey key) {
        Optional<Holding> held = holding(key);
        if (held.isEmpty()) {
            return;
        }
        Holding holding = held.get();
        if (claimed.remove(key) == null) {
            released.add(key);
        }
        unallocated.put(holding.agent(), free(holding.agent()).orElseThrow().plus(holding.resources()));
        book.touch(holding.agent(), key.framework());
    }

    /** What has to be journaled; empty when nothing durable changed. */
    public Optional<AllocatorEvent> event() {
        AllocatorEvent event = new AllocatorEvent(
                List.copyOf(released),
                List.copyOf(admitted.values()),
                List.copyOf(lost.values()),
                List.copyOf(claimed.values()));
        return event.isEmpty() ? Optional.empty() : Optional.of(event);
    }

    /** Throws unless offered + allocated &lt;= total on every agent this round touched. Call it after the event was applied. */
    public void check() {
        unallocated.keySet().forEach(agent -> state.agent(agent).ifPresent(book::check));
    }

    /** Offers that ended without the framework's doing; it must be told. */
    public List<Offered> withdrawn() {
        return List.copyOf(withdrawn);
    }

    /** Agents whose description or reachability changed. */
    public Set<AgentId> changedAgents() {
        Set<AgentId> changed = new LinkedHashSet<>(admitted.keySet());
        changed.addAll(lost.keySet());
        changed.addAll(unallocated.keySet());
        return changed;
    }

    private void claim(Holding holding) {
        Resources free = free(holding.agent()).orElseThrow();
        unallocated.put(holding.agent(), free.minus(holding.resources()));
        claimed.put(holding.key(), holding);
        book.touch(holding.agent(), holding.key().framework());
    }

    private Optional<Holding> holding(TaskKey key) {
        Holding mine = claimed.get(key);
        if (mine != null) {
            return Optional.of(mine);
        }
        return released.contains(key) ? Optional.empty() : state.holding(key);
    }

    private Optional<Resources> free(AgentId agent) {
        Resources mine = unallocated.get(agent);
        return mine != null ? Optional.of(mine) : state.agent(agent).map(AllocatorState.Entry::unallocated);
    }

    private List<TaskKey> tasksOn(AgentId agent) {
        Set<TaskKey> tasks = new LinkedHashSet<>();
        state.agent(agent).ifPresent(entry -> tasks.addAll(entry.tasks()));
        tasks.removeAll(released);
        claimed.values().stream()
                .filter(holding -> holding.agent().equals(agent))
                .forEach(holding -> tasks.add(holding.key()));
        return List.copyOf(tasks);
    }
}
