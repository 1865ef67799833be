package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that is durable of one agent, but what its tasks hold. Immutable.
 *
 * @param spec as the agent last described itself
 * @param admittedAt when it was first admitted
 * @param lostAt since when it is unreachable; empty: it is not
 * @param total {@code spec.total()} with every dynamic reservation and volume applied; the allocator is their one owner
 * @param session the number of its newest session; only ever grows
 * @param deactivated an operator forbids offers of it
 * @param drain an operator wants it empty
 * @param goneAt an operator says it will never come back; the record lives on until its last task is released
 * @param destroyed volumes that are no more, and that the agent has not said to have emptied yet
 */
public record AgentRecord(
        AgentSpec spec,
        Instant admittedAt,
        Optional<Instant> lostAt,
        Resources total,
        long session,
        boolean deactivated,
        Optional<Drain> drain,
        Optional<Instant> goneAt,
        List<PersistentVolume> destroyed) {

    /**
     * An operator's wish that the agent be empty.
     *
     * @param maxGrace the longest a task may take to end; empty: as long as it asks for
     * @param markGone when empty, the agent is gone for good
     * @param drainedAt when its last task ended; empty: there are some left
     */
    public record Drain(Optional<Duration> maxGrace, boolean markGone, Instant since, Optional<Instant> drainedAt) {
        public Drain drained(Instant at) {
            return new Drain(maxGrace, markGone, since, Optional.of(at));
        }
    }

    /** The total and the destroyed volumes may be missing in what an earlier version has written: nothing was reserved then. */
    public AgentRecord(
            AgentSpec spec,
            Instant admittedAt,
            Optional<Instant> lostAt,
            @Nullable Resources total,
            long session,
            boolean deactivated,
            Optional<Drain> drain,
            Optional<Instant> goneAt,
            @Nullable List<PersistentVolume> destroyed) {
        this.spec = spec;
        this.admittedAt = admittedAt;
        this.lostAt = lostAt;
        this.total = total == null ? spec.total() : total;
        this.session = session;
        this.deactivated = deactivated;
        this.drain = drain;
        this.goneAt = goneAt;
        this.destroyed = destroyed == null ? List.of() : List.copyOf(destroyed);
    }

    public AgentRecord(
            AgentSpec spec,
            Instant admittedAt,
            Optional<Instant> lostAt,
            Resources total,
            long session,
            boolean deactivated,
            Optional<Drain> drain,
            Optional<Instant> goneAt) {
        this(spec, admittedAt, lostAt, total, session, deactivated, drain, goneAt, List.of());
    }

    public static AgentRecord admitted(AgentSpec spec, Instant at) {
        return new AgentRecord(spec, at, Optional.empty(), spec.total(), 0, false, Optional.empty(), Optional.empty());
    }

    public AgentId id() {
        return spec.id();
    }

    /** It answers as far as is journaled, and is not gone: it counts as part of the pool. */
    public boolean isCounted() {
        return lostAt.isEmpty() && goneAt.isEmpty();
    }

    /** It may be offered as far as is journaled. */
    public boolean isOpen() {
        return isCounted() && !deactivated && drain.isEmpty();
    }

    /** Its tasks are being ended. */
    public boolean isDraining() {
        return drain.filter(wish -> wish.drainedAt().isEmpty()).isPresent();
    }

    AgentRecord withSpec(AgentSpec changed, Resources changedTotal) {
        return new AgentRecord(
                changed, admittedAt, Optional.empty(), changedTotal, session, deactivated, drain, goneAt, destroyed);
    }

    AgentRecord withLostAt(Instant at) {
        return new AgentRecord(
                spec, admittedAt, Optional.of(at), total, session, deactivated, drain, goneAt, destroyed);
    }

    AgentRecord withTotal(Resources changed) {
        return new AgentRecord(spec, admittedAt, lostAt, changed, session, deactivated, drain, goneAt, destroyed);
    }

    AgentRecord withSession(long number) {
        return new AgentRecord(spec, admittedAt, lostAt, total, number, deactivated, drain, goneAt, destroyed);
    }

    AgentRecord withDeactivated(boolean closed) {
        return new AgentRecord(spec, admittedAt, lostAt, total, session, closed, drain, goneAt, destroyed);
    }

    AgentRecord withDrain(Optional<Drain> wish) {
        return new AgentRecord(spec, admittedAt, lostAt, total, session, deactivated, wish, goneAt, destroyed);
    }

    AgentRecord withGoneAt(Instant at) {
        return new AgentRecord(
                spec, admittedAt, lostAt, total, session, deactivated, drain, Optional.of(at), destroyed);
    }

    AgentRecord withDestroyed(List<PersistentVolume> volumes) {
        return new AgentRecord(spec, admittedAt, lostAt, total, session, deactivated, drain, goneAt, volumes);
    }
}
