package io.finback.controlplane.naming;

import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import akka.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import io.finback.wire.AppEndpoints;
import io.finback.wire.EndpointsKeys;
import java.time.Duration;
import java.util.List;

/** Tells one master's {@link NamesView} where apps are ready, by distributed data. One per master; sends nothing to the cluster. */
final class AppsReplica extends AbstractBehavior<AppsReplica.Command> {
    sealed interface Command {}

    private record Changed(int bucket, Replicator.SubscribeResponse<LWWMap<String, AppEndpoints>> response)
            implements Command {}

    private static final Duration ANSWER = Duration.ofSeconds(3);

    private final NamesView view;

    static Behavior<Command> create(NamesView view) {
        Behavior<Command> behavior = Behaviors.setup(context -> new AppsReplica(context, view));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private AppsReplica(ActorContext<Command> context, NamesView view) {
        super(context);
        this.view = view;
        ReplicatorMessageAdapter<Command, LWWMap<String, AppEndpoints>> apps = new ReplicatorMessageAdapter<>(
                context, DistributedData.get(context.getSystem()).replicator(), ANSWER);
        List<Key<LWWMap<String, AppEndpoints>>> buckets = EndpointsKeys.all();
        for (int i = 0; i < buckets.size(); i++) {
            int bucket = i;
            apps.subscribe(buckets.get(i), response -> new Changed(bucket, response));
        }
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onMessage(Changed.class, this::onChanged).build();
    }

    private Behavior<Command> onChanged(Changed m) {
        if (m.response() instanceof Replicator.Changed<LWWMap<String, AppEndpoints>> changed) {
            view.apply(m.bucket(), changed.dataValue().getEntries());
        }
        return this;
    }
}
