package io.finback.meshrouter.router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.ClusterEvent;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import akka.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import akka.cluster.typed.Cluster;
import io.finback.runtime.Role;
import io.finback.wire.AppEndpoints;
import io.finback.wire.EndpointsKeys;
import java.time.Duration;
import java.util.List;

/**
 * Listens in one membership: subscribes to all buckets of endpoints and watches whether masters can be reached, and tells
 * {@link Endpoints}. One per membership; dies with it. Sends nothing to the cluster but reads.
 */
public final class EndpointsLink extends AbstractBehavior<EndpointsLink.Command> {
    sealed interface Command {}

    private record Changed(int bucket, Replicator.SubscribeResponse<LWWMap<String, AppEndpoints>> response)
            implements Command {}

    private record Read(Replicator.GetResponse<LWWMap<String, AppEndpoints>> response) implements Command {}

    private enum Look implements Command {
        INSTANCE
    }

    /** Polled, since events and {@code Cluster.state()} are not in step; looking costs nothing. */
    private static final Duration LOOK = Duration.ofMillis(200);

    private static final Duration READ_TIMEOUT = Duration.ofSeconds(2);

    private final int link;
    private final ActorRef<Endpoints.Command> endpoints;
    private final Runnable memberUp;
    private final ReplicatorMessageAdapter<Command, LWWMap<String, AppEndpoints>> replicator;
    private final Cluster cluster;
    private boolean up;
    private boolean connected;

    private EndpointsLink(
            ActorContext<Command> context,
            int link,
            ActorRef<Endpoints.Command> endpoints,
            Runnable memberUp,
            ReplicatorMessageAdapter<Command, LWWMap<String, AppEndpoints>> replicator) {
        super(context);
        this.link = link;
        this.endpoints = endpoints;
        this.memberUp = memberUp;
        this.replicator = replicator;
        this.cluster = Cluster.get(context.getSystem());
        List<Key<LWWMap<String, AppEndpoints>>> keys = EndpointsKeys.all();
        for (int i = 0; i < keys.size(); i++) {
            int bucket = i;
            replicator.subscribe(keys.get(i), response -> new Changed(bucket, response));
        }
        endpoints.tell(new Endpoints.LinkStarted(link));
    }

    /**
     * The guardian of membership number {@code link} (from 1, growing). {@code memberUp} is called whenever this node has become a
     * member that is up.
     */
    public static Behavior<Void> guardian(int link, ActorRef<Endpoints.Command> endpoints, Runnable memberUp) {
        return Behaviors.setup(context -> {
            context.spawn(
                    Behaviors.supervise(create(link, endpoints, memberUp))
                            .onFailure(SupervisorStrategy.restartWithBackoff(
                                    Duration.ofMillis(200), Duration.ofSeconds(5), 0.1)),
                    "endpoints");
            return Behaviors.empty();
        });
    }

    private static Behavior<Command> create(int link, ActorRef<Endpoints.Command> endpoints, Runnable memberUp) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Look.INSTANCE, LOOK);
            return DistributedData.withReplicatorMessageAdapter(
                    (ReplicatorMessageAdapter<Command, LWWMap<String, AppEndpoints>> adapter) ->
                            new EndpointsLink(context, link, endpoints, memberUp, adapter));
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Changed.class, this::onChanged)
                .onMessage(Read.class, read -> this)
                .onMessage(Look.class, this::onLook)
                .build();
    }

    private Behavior<Command> onChanged(Changed message) {
        if (message.response() instanceof Replicator.Changed<LWWMap<String, AppEndpoints>> changed) {
            LWWMap<String, AppEndpoints> content = changed.dataValue();
            endpoints.tell(new Endpoints.BucketHeard(link, message.bucket(), content.getEntries()));
        }
        return this;
    }

    private Behavior<Command> onLook(Look look) {
        boolean isUp = cluster.selfMember().status() == MemberStatus.up();
        if (isUp && !up) {
            memberUp.run();
        }
        up = isUp;
        boolean now = isUp && mastersReachable();
        if (now != connected) {
            connected = now;
            endpoints.tell(new Endpoints.LinkConnected(link, now));
            if (now) {
                readAll();
            }
        }
        return this;
    }

    private boolean mastersReachable() {
        ClusterEvent.CurrentClusterState state = cluster.state();
        for (Member member : state.getMembers()) {
            if (member.hasRole(Role.MASTER.id())
                    && member.status() == MemberStatus.up()
                    && !state.getUnreachable().contains(member)) {
                return true;
            }
        }
        return false;
    }

    /** Gossip would bring it too, within seconds. What a read finds is repaired into this replica, and comes as Changed. */
    private void readAll() {
        for (Key<LWWMap<String, AppEndpoints>> key : EndpointsKeys.all()) {
            replicator.askGet(
                    replyTo -> new Replicator.Get<>(key, new Replicator.ReadMajority(READ_TIMEOUT), replyTo),
                    Read::new);
        }
    }
}
