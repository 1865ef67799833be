package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.Quota;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * News for the views. Every item is complete in itself, so that receiving one twice or out of order does no harm: the larger
 * ({@code epoch}, {@code number}) wins.
 *
 * @param epoch the allocator's incarnation
 * @param number counts the deltas of one incarnation; a gap, or an unknown epoch, means: ask with {@link AllocatorMessage.Describe}
 * @param pool what is not of one agent; empty: as it was. An answer to a question for everything always has it
 * @param last nothing more follows of what is said at once: an answer to a question for everything comes in parts, and what none of
 *     them names is no more
 */
public record AllocationDelta(long epoch, long number, List<Agent> agents, Optional<Pool> pool, boolean last)
        implements WireMessage {

    /** {@code pool} and {@code last} are not known to an earlier version. */
    @SuppressWarnings("NullableOptional") // absent in what an earlier version sends
    public AllocationDelta(long epoch, long number, List<Agent> agents, @Nullable Optional<Pool> pool, boolean last) {
        this.epoch = epoch;
        this.number = number;
        this.agents = List.copyOf(agents);
        this.pool = pool == null ? Optional.empty() : pool;
        this.last = last;
    }

    public AllocationDelta(long epoch, long number, List<Agent> agents, Optional<Pool> pool) {
        this(epoch, number, agents, pool, false);
    }

    public AllocationDelta(long epoch, long number, List<Agent> agents) {
        this(epoch, number, agents, Optional.empty());
    }

    /**
     * One agent as it is now.
     *
     * @param active it answers and may be offered
     * @param lostAt since when it is unreachable; empty: it is not
     * @param total everything it has, dynamic reservations and volumes applied
     * @param deactivated an operator forbids offers of it
     * @param drain an operator wants it empty
     * @param goneAt it will never come back: views forget it
     * @param offers what of it stands in offers
     */
    public record Agent(
            AgentSpec spec,
            Instant admittedAt,
            Optional<Instant> lostAt,
            boolean active,
            Resources allocated,
            Resources offered,
            Resources total,
            boolean deactivated,
            Optional<Drain> drain,
            Optional<Instant> goneAt,
            List<Offered> offers) {

        /** What follows {@code offered} is not known to an earlier version. */
        @SuppressWarnings("NullableOptional") // as above
        public Agent(
                AgentSpec spec,
                Instant admittedAt,
                Optional<Instant> lostAt,
                boolean active,
                Resources allocated,
                Resources offered,
                @Nullable Resources total,
                boolean deactivated,
                @Nullable Optional<Drain> drain,
                @Nullable Optional<Instant> goneAt,
                @Nullable List<Offered> offers) {
            this.spec = spec;
            this.admittedAt = admittedAt;
            this.lostAt = lostAt;
            this.active = active;
            this.allocated = allocated;
            this.offered = offered;
            this.total = total == null ? spec.total() : total;
            this.deactivated = deactivated;
            this.drain = drain == null ? Optional.empty() : drain;
            this.goneAt = goneAt == null ? Optional.empty() : goneAt;
            this.offers = offers == null ? List.of() : List.copyOf(offers);
        }

        public Agent(
                AgentSpec spec,
                Instant admittedAt,
                Optional<Instant> lostAt,
                boolean active,
                Resources allocated,
                Resources offered) {
            this(
                    spec,
                    admittedAt,
                    lostAt,
                    active,
                    allocated,
                    offered,
                    spec.total(),
                    false,
                    Optional.empty(),
                    Optional.empty(),
                    List.of());
        }
    }

    /** A standing offer. */
    public record Offered(OfferId id, FrameworkId framework, String role, Resources resources) {}

    /**
     * An operator's wish that an agent be empty.
     *
     * @param drained its last task has ended
     */
    public record Drain(Optional<Duration> maxGrace, boolean markGone, Instant since, boolean drained) {}

    /**
     * What operators have said of the pool.
     *
     * @param weights role to weight; a role that is not in here weighs 1
     * @param down machines that were brought down
     */
    public record Pool(
            Map<String, Double> weights,
            List<Quota> quotas,
            MaintenanceSchedule schedule,
            List<MaintenanceSchedule.MachineId> down,
            List<InverseAnswer> inverse) {
        public static final Pool EMPTY = new Pool(Map.of(), List.of(), MaintenanceSchedule.EMPTY, List.of(), List.of());

        public Pool {
            weights = Map.copyOf(weights);
            quotas = List.copyOf(quotas);
            down = List.copyOf(down);
            inverse = List.copyOf(inverse);
        }
    }

    /** What a framework said to the wish that it leave a machine; {@code accepted} empty: nothing yet. */
    public record InverseAnswer(
            MaintenanceSchedule.MachineId machine, FrameworkId framework, Optional<Boolean> accepted, Instant at) {}
}
