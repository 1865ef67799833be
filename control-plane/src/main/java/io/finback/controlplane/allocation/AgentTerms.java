package io.finback.controlplane.allocation;

import io.finback.resources.PersistentVolume;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What operators want of an agent, and what it has to be told. The allocator keeps it, the agent's session carries it out.
 *
 * @param drain present: no launch reaches the agent any more, and what runs there is killed
 * @param removed present: the agent is to end, its tasks are over, and this is why (marked gone, machine down)
 * @param destroyed volumes to be emptied
 */
public record AgentTerms(Optional<Drain> drain, Optional<String> removed, List<PersistentVolume> destroyed) {
    public static final AgentTerms NONE = new AgentTerms(Optional.empty(), Optional.empty());

    /** The volumes may be missing in what an earlier version says. */
    public AgentTerms(Optional<Drain> drain, Optional<String> removed, @Nullable List<PersistentVolume> destroyed) {
        this.drain = drain;
        this.removed = removed;
        this.destroyed = destroyed == null ? List.of() : List.copyOf(destroyed);
    }

    public AgentTerms(Optional<Drain> drain, Optional<String> removed) {
        this(drain, removed, List.of());
    }

    /**
     * The agent is to be empty.
     *
     * @param maxGrace the longest a task may take to end; empty: as long as it asks for
     * @param markGone true: tasks that are killed are over by the operator's doing
     */
    public record Drain(Optional<Duration> maxGrace, boolean markGone) {}
}
