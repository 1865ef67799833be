package io.finback.controlplane.allocation;

import java.time.Duration;
import java.util.Optional;

/**
 * What operators want of an agent. The allocator keeps it, the agent's session carries it out.
 *
 * @param drain present: no launch reaches the agent any more, and what runs there is killed
 * @param removed present: the agent is to end, its tasks are over, and this is why (marked gone, machine down)
 */
public record AgentTerms(Optional<Drain> drain, Optional<String> removed) {
    public static final AgentTerms NONE = new AgentTerms(Optional.empty(), Optional.empty());

    /**
     * The agent is to be empty.
     *
     * @param maxGrace the longest a task may take to end; empty: as long as it asks for
     * @param markGone true: tasks that are killed are over by the operator's doing
     */
    public record Drain(Optional<Duration> maxGrace, boolean markGone) {}
}
