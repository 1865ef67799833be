package io.finback.wire;

import akka.actor.typed.ActorRef;
import io.finback.resources.AgentId;

/**
 * The Artery carrier of the conversation between an agent and its session.
 *
 * @param replyTo the agent's end of the carrier; the session answers to the newest one it has seen
 */
public record AgentEnvelope(AgentId agent, AgentToMaster message, ActorRef<MasterToAgent> replyTo)
        implements AgentSessionMessage {}
