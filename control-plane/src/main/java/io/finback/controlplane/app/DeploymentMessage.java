package io.finback.controlplane.app;

import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.wire.WireMessage;

/** What apps tell the deployment that holds them (entity id = deployment id). Repeated until it shows. */
public interface DeploymentMessage extends WireMessage {
    EntityTypeKey<DeploymentMessage> KEY = EntityTypeKey.create(DeploymentMessage.class, "Deployment");

    /** The app has locked itself for this plan. */
    record Run(DeploymentPlan plan) implements DeploymentMessage {}

    record ActionDone(String appId, int step) implements DeploymentMessage {}

    /** The app is not (or no longer) held by this deployment: it was released, forced away or dropped. */
    record NotHeld(String appId) implements DeploymentMessage {}
}
