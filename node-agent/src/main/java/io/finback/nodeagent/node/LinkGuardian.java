package io.finback.nodeagent.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.finback.resources.AgentId;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;

/**
 * The Artery carrier: the guardian of the agent's cluster membership. One per incarnation of the membership; it forwards both ways
 * between the session on the masters (reached as a sharded entity, whichever master has it) and the node's own ActorSystem.
 */
public final class LinkGuardian {
    private LinkGuardian() {}

    public static Behavior<Void> create(AgentId agent, ActorRef<ConversationActor.Command> conversation) {
        return Behaviors.setup(context -> {
            ClusterSharding sharding = ClusterSharding.get(context.getSystem());
            // The entity never runs here: without the role master this is a proxy.
            ActorRef<?> proxy =
                    sharding.init(Entity.of(AgentSessionMessage.KEY, entity -> Behaviors.<AgentSessionMessage>ignore())
                            .withRole("master"));
            context.getLog().debug("agent.link_up proxy={}", proxy);
            EntityRef<AgentSessionMessage> session = sharding.entityRefFor(AgentSessionMessage.KEY, agent.value());

            ActorRef<MasterToAgent> down = context.spawn(
                    Behaviors.receiveMessage(message -> {
                        conversation.tell(new ConversationActor.FromMaster(message));
                        return Behaviors.same();
                    }),
                    "from-masters");
            ActorRef<AgentToMaster> up = context.spawn(
                    Behaviors.receiveMessage(message -> {
                        session.tell(new AgentEnvelope(agent, message, down));
                        return Behaviors.same();
                    }),
                    "to-masters");
            conversation.tell(new ConversationActor.LinkUp(up));
            return Behaviors.empty();
        });
    }
}
