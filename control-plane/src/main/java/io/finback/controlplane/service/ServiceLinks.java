package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppLinks;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.DeploymentMessage;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.app.HealthWatch;
import io.finback.controlplane.app.PortsMessage;
import io.finback.controlplane.app.ProbeResult;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Home;
import io.finback.resources.AgentId;
import io.finback.wire.AppEndpoints;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Where the apps of this master send what they have to say. Thread-safe. */
record ServiceLinks(
        ClusterSharding sharding,
        Topics topics,
        ActorRef<EndpointsPublisher.Command> endpoints,
        AtomicBoolean stopping,
        Prober prober,
        Supplier<DrainBook> drained,
        Predicate<String> enforcing,
        Services.Operator operator,
        Executor blocking)
        implements AppLinks {
    private static final int CONNECT_MILLIS = 1000;

    @Override
    public void toScheduler(SchedulerMessage message) {
        if (!stopping.get()) {
            sharding.entityRefFor(SchedulerMessage.KEY, SchedulerMessage.ID).tell(message);
        }
    }

    @Override
    public void toDeployment(String deploymentId, DeploymentMessage message) {
        if (!stopping.get()) {
            sharding.entityRefFor(DeploymentMessage.KEY, deploymentId).tell(message);
        }
    }

    @Override
    public void toPorts(PortsMessage message) {
        if (!stopping.get()) {
            sharding.entityRefFor(PortsMessage.KEY, PortsMessage.ID).tell(message);
        }
    }

    /** An agent that is not known any more has nothing of it either. What is in the way now is asked for again. */
    @Override
    public void release(Home home, ActorRef<AppCommand> replyTo) {
        List<ResourceOperation> operations = List.of(
                new ResourceOperation(
                        "destroy " + home.id(), ResourceOperation.Type.DESTROY, Home.volumes(home.resources())),
                new ResourceOperation(
                        "unreserve " + home.id(), ResourceOperation.Type.UNRESERVE, Home.reserved(home.resources())));
        var unused = operator.operate(
                        new OperatorCommand.ChangeResources(AgentId.of(home.agentId()), operations, Optional.empty()))
                .whenComplete((reply, failure) -> {
                    boolean gone = reply instanceof OperatorReply.Done
                            || (reply instanceof OperatorReply.Refused refused
                                    && (refused.why() == OperatorReply.Why.ABSENT
                                            || refused.why() == OperatorReply.Why.INVALID));
                    if (gone) {
                        replyTo.tell(new AppCommand.HomeReleased(home.id()));
                    }
                });
    }

    @Override
    public DrainBook drains() {
        return drained.get();
    }

    @Override
    public boolean enforcesRole(String appId) {
        List<String> segments = AppPath.segments(appId);
        return segments.size() > 1 && enforcing.test("/" + segments.get(0));
    }

    @Override
    public void toViews(AppSnapshot snapshot) {
        topics.snapshots().tell(Topic.publish(snapshot));
    }

    @Override
    public void toViews(HealthReport report) {
        topics.health().tell(Topic.publish(report));
    }

    @Override
    public void publish(ServiceEvent event) {
        topics.events().tell(Topic.publish(event));
    }

    @Override
    public CompletionStage<ProbeResult> look(HealthWatch.Look look) {
        return look.check()
                .map(check -> prober.check(check, look.host(), look.port()))
                .orElseGet(() -> prober.readiness(look.readiness().orElseThrow(), look.host(), look.port()));
    }

    /** On threads that may block; more than a second is as good as no answer. */
    @Override
    public CompletionStage<Boolean> refuses(String host, int port) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (Socket socket = new Socket()) {
                        socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
                        return false;
                    } catch (ConnectException refused) {
                        return true;
                    } catch (IOException unknown) {
                        return false;
                    }
                },
                blocking);
    }

    @Override
    public void toEndpoints(AppEndpoints message, ActorRef<AppCommand> replyTo) {
        endpoints.tell(new EndpointsPublisher.Publish(message, replyTo));
    }
}
