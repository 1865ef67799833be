package io.finback.controlplane.allocation;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import java.util.function.Consumer;

/**
 * Has the allocator wake the agents' sessions when a master has left the cluster, in order or not. One per master. A session that
 * ended with its master begins anew when its agent speaks; if the agent is gone, too, nobody else would ever miss it.
 */
public final class MasterLossWatch {
    private MasterLossWatch() {}

    public static Behavior<ClusterEvent.MemberRemoved> create(String masters, Consumer<AllocatorMessage> allocator) {
        return Behaviors.setup(context -> {
            Cluster.get(context.getSystem())
                    .subscriptions()
                    .tell(Subscribe.create(context.getSelf(), ClusterEvent.MemberRemoved.class));
            return Behaviors.receiveMessage(removed -> {
                if (removed.member().hasRole(masters)) {
                    context.getLog()
                            .info(
                                    "allocator.wake_sessions masterLost={}",
                                    removed.member().address());
                    allocator.accept(new AllocatorMessage.WakeSessions());
                }
                return Behaviors.same();
            });
        });
    }
}
