package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.SelfUniqueAddress;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import akka.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import io.finback.controlplane.app.AppCommand;
import io.finback.wire.AppEndpoints;
import io.finback.wire.EndpointsKeys;
import java.time.Duration;

/**
 * Writes the endpoints of apps into distributed data and tells the app when every replica has them (or its time is over). One per
 * master. Keeps nothing: apps repeat what is unconfirmed, and a newer revision always wins.
 */
final class EndpointsPublisher extends AbstractBehavior<EndpointsPublisher.Command> {
    sealed interface Command {}

    record Publish(AppEndpoints endpoints, ActorRef<AppCommand> replyTo) implements Command {}

    private record Written(Publish publish) implements Command {}

    private static final Duration WRITE = Duration.ofSeconds(1);
    private static final Duration ANSWER = Duration.ofSeconds(3);

    private final ReplicatorMessageAdapter<Command, LWWMap<String, AppEndpoints>> replicator;
    private final SelfUniqueAddress node;

    static Behavior<Command> create() {
        return Behaviors.supervise(Behaviors.setup(EndpointsPublisher::new))
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private EndpointsPublisher(ActorContext<Command> context) {
        super(context);
        DistributedData data = DistributedData.get(context.getSystem());
        this.node = data.selfUniqueAddress();
        this.replicator = new ReplicatorMessageAdapter<>(context, data.replicator(), ANSWER);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Publish.class, this::onPublish)
                .onMessage(Written.class, this::onWritten)
                .build();
    }

    private Behavior<Command> onPublish(Publish m) {
        Key<LWWMap<String, AppEndpoints>> key = EndpointsKeys.of(m.endpoints().appId());
        replicator.askUpdate(
                replyTo -> new Replicator.Update<>(
                        key,
                        LWWMap.create(),
                        new Replicator.WriteAll(WRITE),
                        replyTo,
                        map -> changed(map, m.endpoints())),
                response -> new Written(m));
        return this;
    }

    private LWWMap<String, AppEndpoints> changed(LWWMap<String, AppEndpoints> map, AppEndpoints endpoints) {
        return map.put(node, endpoints.appId(), endpoints, EndpointsKeys.clock());
    }

    /** Success, timeout and failure alike: a router that cannot be reached must not keep an instance alive for ever. */
    private Behavior<Command> onWritten(Written m) {
        m.publish()
                .replyTo()
                .tell(new AppCommand.EndpointsWritten(m.publish().endpoints().revision()));
        return this;
    }
}
