package io.finback.controlplane.allocation;

import io.finback.controlplane.allocation.SessionReply.HeldTasks;
import io.finback.resources.AgentId;
import io.finback.wire.AgentSessionMessage;
import java.util.List;

/**
 * Sent by an allocator that has just recovered to the session of every agent it knows: a session that talks with its agent says so
 * with {@link AllocatorMessage.SetOffering}; one that was not even there comes to life and starts waiting for its agent, so that
 * an agent that never comes back is missed. Sent also when operators want something of the agent, until {@link
 * AllocatorMessage.TermsHeard}.
 *
 * @param session the newest number a session of this agent was given; 0: none
 * @param held what the allocator believes to run there; only filled when {@code terms} remove the agent
 */
public record WakeSession(AgentId agent, long session, AgentTerms terms, List<HeldTasks> held)
        implements AgentSessionMessage {
    public WakeSession {
        held = List.copyOf(held);
    }
}
