package io.finback.controlplane.allocation;

import io.finback.resources.AgentId;
import io.finback.wire.AgentSessionMessage;

/**
 * Sent to the session of an agent that an operator does not want any more: marked gone, or its machine is down for maintenance. The
 * session tells the agent to end its tasks and itself. Repeated while it holds tasks, and whenever it asks to be admitted or offered.
 */
public record EvictAgent(AgentId agent, String reason) implements AgentSessionMessage {}
