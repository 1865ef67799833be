package io.finback.wire;

import akka.cluster.sharding.typed.javadsl.EntityTypeKey;

/**
 * What the sharded {@code AgentSession} entity (one per agent, on masters) understands: {@link AgentEnvelope} from agents, and the
 * control plane's own messages.
 */
public interface AgentSessionMessage extends WireMessage {
    EntityTypeKey<AgentSessionMessage> KEY = EntityTypeKey.create(AgentSessionMessage.class, "AgentSession");
}
