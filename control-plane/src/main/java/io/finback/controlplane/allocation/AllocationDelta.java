package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.AgentSpec;
import io.finback.resources.Resources;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * News for the views. Every item is complete in itself, so that receiving one twice or out of order does no harm: the larger
 * ({@code epoch}, {@code number}) wins.
 *
 * @param epoch the allocator's incarnation
 * @param number counts the deltas of one incarnation; a gap, or an unknown epoch, means: ask with {@link AllocatorMessage.Describe}
 */
public record AllocationDelta(long epoch, long number, List<Agent> agents) implements WireMessage {
    public AllocationDelta {
        agents = List.copyOf(agents);
    }

    /**
     * One agent as it is now.
     *
     * @param active it answers and may be offered
     * @param lostAt since when it is unreachable; empty: it is not
     */
    public record Agent(
            AgentSpec spec,
            Instant admittedAt,
            Optional<Instant> lostAt,
            boolean active,
            Resources allocated,
            Resources offered) {}
}
