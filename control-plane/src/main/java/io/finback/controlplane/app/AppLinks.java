package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Home;
import io.finback.wire.AppEndpoints;
import java.util.concurrent.CompletionStage;

/** Where an app's messages go. Every method but {@link #refuses} only sends; what is lost is sent again. */
public interface AppLinks {
    void toScheduler(SchedulerMessage message);

    void toDeployment(String deploymentId, DeploymentMessage message);

    void toPorts(PortsMessage message);

    void toViews(AppSnapshot snapshot);

    /** Destroys the volumes of a home that was given up; answered by {@link AppCommand.HomeReleased} when nothing is left of it. */
    void release(Home home, ActorRef<AppCommand> replyTo);

    /** The hosts that are to be left, as this master knows them. */
    DrainBook drains();

    /** The top-level group of an app enforces its role, as this master knows it. */
    boolean enforcesRole(String appId);

    void toViews(HealthReport report);

    void publish(ServiceEvent event);

    /** Takes a look at an instance now, or soon. Never fails. */
    CompletionStage<ProbeResult> look(HealthWatch.Look look);

    /** Completes with true when the port refuses connections now; false when it takes them, or when that cannot be told. Never fails. */
    CompletionStage<Boolean> refuses(String host, int port);

    /** Answered by {@link AppCommand.EndpointsWritten}. */
    void toEndpoints(AppEndpoints endpoints, ActorRef<AppCommand> replyTo);
}
