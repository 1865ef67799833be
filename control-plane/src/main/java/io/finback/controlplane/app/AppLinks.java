package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import io.finback.wire.AppEndpoints;

/** Where an app's messages go. Every method only sends; what is lost is sent again. */
public interface AppLinks {
    void toScheduler(SchedulerMessage message);

    void toDeployment(String deploymentId, DeploymentMessage message);

    void toPorts(PortsMessage message);

    void toViews(AppSnapshot snapshot);

    /** Answered by {@link AppCommand.EndpointsWritten}. */
    void toEndpoints(AppEndpoints endpoints, ActorRef<AppCommand> replyTo);
}
