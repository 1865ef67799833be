package io.finback.controlplane.allocation;

import io.finback.resources.AgentId;
import io.finback.wire.AgentSessionMessage;

/**
 * Sent by an allocator that has just recovered to the session of every agent it knows: a session that talks with its agent says so
 * with {@link AllocatorMessage.SetOffering}; one that was not even there comes to life and starts waiting for its agent, so that
 * an agent that never comes back is missed.
 */
public record WakeSession(AgentId agent) implements AgentSessionMessage {}
