package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Decides one batch of commands, each against the state as the earlier ones will have left it, and gathers what they change into one
 * {@link #event}. The state itself is changed only by applying that event; offers, which are not durable, change at once.
 *
 * <p>Stated policy for an agent that comes back with other resources: it is admitted if everything its tasks hold still fits and all
 * that was reserved on it, and every volume, can still be made of what it has; it is refused otherwise, naming what does not fit. Its
 * outstanding offers end in any case.
 */
public final class AllocatorRound {
    private final Draft draft;
    private final OfferBook book;
    private final Instant now;
    private final List<Offered> withdrawn = new ArrayList<>();
    private final OperatorRound operator;
    private final ClaimRound claims;

    public AllocatorRound(AllocatorState state, OfferBook book, Instant now) {
        this.draft = new Draft(state);
        this.book = book;
        this.now = now;
        this.operator = new OperatorRound(draft, book, now, withdrawn);
        this.claims = new ClaimRound(draft, book, now, withdrawn);
    }

    /** What became of an agent that wants in. */
    public sealed interface Admission {
        <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused);
    }

    /**
     * It is in.
     *
     * @param record what is known of it now, its session number included
     * @param held every task the allocator believes to be on this agent, the listed ones included
     * @param unplaced listed tasks for which there is no room, or which hold resources elsewhere: they must be killed
     */
    public record Admitted(AgentRecord record, List<TaskKey> held, List<TaskKey> unplaced) implements Admission {
        public Admitted {
            held = List.copyOf(held);
            unplaced = List.copyOf(unplaced);
        }

        @Override
        public <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused) {
            return admitted.apply(this);
        }
    }

    /**
     * Nothing was changed.
     *
     * @param removed it is not wanted at all: gone for good, or its machine is down for maintenance
     */
    public record Refused(String reason, boolean removed) implements Admission {
        @Override
        public <R> R match(Function<Admitted, R> admitted, Function<Refused, R> refused) {
            return refused.apply(this);
        }
    }

    /** What operators may do. */
    public OperatorRound operator() {
        return operator;
    }

    /** Journals that this is a new incarnation. */
    public void begin(long incarnation) {
        draft.setIncarnation(incarnation);
    }

    /**
     * Admits the agent, or notes that it is back or has changed, and numbers its session. {@code listed} are the tasks running on it:
     * what the allocator did not know of becomes held, so that it is not given away while it is in use; whose it is, its framework
     * decides.
     *
     * @param session the number of the session that asks, see {@link #nextSession}
     */
    public Admission admit(AgentSpec spec, List<Holding> listed, long session) {
        Optional<String> unwanted = unwanted(spec);
        if (unwanted.isPresent()) {
            return new Refused(unwanted.get(), true);
        }
        Optional<Draft.Agent> known = draft.agent(spec.id());
        if (known.isPresent()) {
            Optional<String> misfit = readmit(known.get(), spec);
            if (misfit.isPresent()) {
                return new Refused(misfit.get(), false);
            }
        }
        Draft.Agent agent = known.orElseGet(() -> draft.add(AgentRecord.admitted(spec, now)));
        agent.set(agent.record().withSession(Math.max(session, agent.record().session())));
        withdrawn.addAll(book.withdraw(spec.id()));
        List<TaskKey> unplaced = new ArrayList<>();
        for (Holding task : listed) {
            Optional<Holding> held = draft.holding(task.key());
            if (held.isEmpty() && agent.unallocated().contains(task.resources())) {
                draft.claim(new Holding(task.key(), spec.id(), task.resources(), task.role()));
                book.touch(spec.id(), task.key().framework());
            } else if (held.isEmpty() || !held.get().agent().equals(spec.id())) {
                unplaced.add(task.key());
            }
        }
        return new Admitted(agent.record(), draft.tasksOn(spec.id()), unplaced);
    }

    /** What does not fit into what the agent has now; empty: all does, and it is readmitted. */
    private Optional<String> readmit(Draft.Agent agent, AgentSpec spec) {
        AgentRecord before = agent.record();
        Resources kept = ResourceMath.missing(before.total(), before.spec().total());
        Resources used = ResourceMath.missing(before.spec().total(), before.total());
        Resources lacking = ResourceMath.missing(used, spec.total());
        if (!lacking.isEmpty()) {
            return Optional.of("agent resources: " + spec.total() + " lack " + lacking
                    + " of what is reserved on it or made into volumes (expected: at least " + used + ")");
        }
        Resources total = spec.total().minus(used).plus(kept);
        Resources misfit = ResourceMath.missing(agent.allocated(), total);
        if (!misfit.isEmpty()) {
            return Optional.of("agent resources: " + spec.total() + " lack " + misfit
                    + " of what its tasks hold (expected: at least " + agent.allocated() + ")");
        }
        agent.become(before.withSpec(spec, total));
        return Optional.empty();
    }

    /** The newest session of the agent; 0: it never had one. */
    public long sessionOf(AgentId agent) {
        return draft.record(agent).map(AgentRecord::session).orElse(0L);
    }

    /** A number for a new session: larger than every one before, the agent's own memory included. */
    public long nextSession(AgentId agent, long lastSession) {
        // An absurd memory must not use up all numbers there are.
        long remembered = lastSession < Long.MAX_VALUE / 2 ? lastSession : 0;
        return Math.max(sessionOf(agent), remembered) + 1;
    }

    /** It is admitted, and neither unreachable nor gone. */
    public boolean isReachable(AgentId agent) {
        return draft.record(agent).filter(AgentRecord::isCounted).isPresent();
    }

    public boolean isKnown(AgentId agent) {
        return draft.record(agent).isPresent();
    }

    /** As far as operators and what is journaled allow. */
    public boolean mayBeOffered(AgentId agent) {
        return draft.record(agent)
                .filter(record -> record.isOpen() && !draft.isDown(record.spec()))
                .isPresent();
    }

    /** Why the agent must go; empty: it need not, or nothing is known of it. */
    public Optional<String> unwanted(AgentId agent) {
        Optional<AgentSpec> spec = draft.record(agent).map(AgentRecord::spec);
        return spec.isPresent()
                ? unwanted(spec.get())
                : draft.state().goneAt(agent).map(at -> "agent: " + agent + " was marked gone");
    }

    /** Why the agent must go; empty: it need not. */
    public Optional<String> unwanted(AgentSpec spec) {
        if (draft.state().goneAt(spec.id()).isPresent()
                || draft.record(spec.id()).flatMap(AgentRecord::goneAt).isPresent()) {
            return Optional.of("agent: " + spec.id() + " was marked gone (expected: an agent with a new id)");
        }
        return draft.isDown(spec)
                ? Optional.of("machine: " + spec.hostname() + " is down for maintenance (expected: brought up)")
                : Optional.empty();
    }

    /** Everybody concerned knows that what ran on this agent is over. Nothing happens to an agent that may still be running. */
    public void releaseAll(AgentId agent) {
        boolean over = draft.record(agent)
                .filter(record -> record.goneAt().isPresent() || draft.isDown(record.spec()))
                .isPresent();
        if (over) {
            draft.tasksOn(agent).forEach(this::release);
        }
    }

    /** The agent has emptied these volumes. */
    public void emptied(AgentId agent, List<PersistentVolume> volumes) {
        draft.agent(agent)
                .ifPresent(mine -> mine.set(mine.record()
                        .withDestroyed(mine.record().destroyed().stream()
                                .filter(volume -> !volumes.contains(volume))
                                .toList())));
    }

    /** The agent has been silent for too long. Returns what its tasks are; empty when the agent is unknown. */
    public List<TaskKey> lose(AgentId agent) {
        withdrawn.addAll(book.setOfferable(agent, false));
        draft.agent(agent)
                .filter(mine -> mine.record().isCounted())
                .ifPresent(mine -> mine.set(mine.record().withLostAt(now)));
        return draft.tasksOn(agent);
    }

    /** Carries out an accept. See {@link ClaimRound}. */
    public ClaimRound.Outcome claim(ClaimRound.Request request) {
        return claims.claim(request);
    }

    /** The framework does not want these; unknown offers are ignored. Returns those that ended. */
    public List<Offered> decline(FrameworkId framework, List<OfferId> offers, Duration refuse) {
        List<Offered> declined = book.remove(framework, offers);
        for (Offered offer : declined) {
            if (!refuse.isZero()) {
                book.filter(framework, offer.role(), offer.agent(), offer.resources(), now.plus(refuse));
            }
        }
        return declined;
    }

    /** The task has ended. Releasing what is not held changes nothing. */
    public void release(TaskKey key) {
        draft.release(key).ifPresent(holding -> {
            book.touch(holding.agent(), key.framework());
            operator.emptied(holding.agent());
        });
    }

    /** What has to be journaled; empty when nothing durable changed. */
    public Optional<AllocatorEvent> event() {
        AllocatorEvent event = draft.event();
        return event.isEmpty() ? Optional.empty() : Optional.of(event);
    }

    /** Throws unless offered + allocated &lt;= total on every agent this round touched. Call it after the event was applied. */
    public void check() {
        draft.touched().forEach(agent -> draft.state().agent(agent).ifPresent(book::check));
    }

    /** Offers that ended without the framework's doing; it must be told. */
    public List<Offered> withdrawn() {
        return List.copyOf(withdrawn);
    }

    /** Agents of which anything may have changed. */
    public Set<AgentId> changedAgents() {
        return draft.touched();
    }
}
