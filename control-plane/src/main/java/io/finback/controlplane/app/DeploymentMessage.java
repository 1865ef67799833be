package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.wire.WireMessage;
import java.util.List;

/** What apps tell the deployment that holds them (entity id = deployment id). Repeated until it shows. */
public interface DeploymentMessage extends WireMessage {
    EntityTypeKey<DeploymentMessage> KEY = EntityTypeKey.create(DeploymentMessage.class, "Deployment");

    /** The app has locked itself for this plan; of a plan over several apps, this is its slice. */
    record Run(DeploymentPlan plan) implements DeploymentMessage {}

    /** Every app of this plan is held: it may begin. Journaled before it is answered. */
    record Begin(DeploymentPlan plan, ActorRef<BeginReply> replyTo) implements DeploymentMessage {}

    /** Some app has refused: those that are held are let go as if nothing had been asked. */
    record CallOff(List<String> apps, String why) implements DeploymentMessage {
        public CallOff {
            apps = List.copyOf(apps);
        }
    }

    record ActionDone(String appId, int step) implements DeploymentMessage {}

    /** The app is not (or no longer) held by this deployment: it was released, forced away or dropped. */
    record NotHeld(String appId) implements DeploymentMessage {}

    /** The answer to {@link Begin}. {@code begun} is false when it was called off before. */
    record BeginReply(boolean begun) implements WireMessage {}
}
