package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy$;
import akka.cluster.sharding.typed.ShardingEnvelope;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import com.typesafe.config.Config;
import io.finback.settings.ClusterSettings;

/** How entities are spread over the masters: evenly, and not to a master that has just come ({@code finback.cluster.settle-after}). */
public final class MasterSharding {
    private MasterSharding() {}

    /** Makes a kind of entity known to this master. Once for each kind and system. Thread-safe. */
    public static <M> void init(ActorSystem<?> system, Entity<M, ShardingEnvelope<M>> entity) {
        Config even = system.settings().config().getConfig("akka.cluster.sharding.least-shard-allocation-strategy");
        ShardAllocationStrategy evenly = ShardAllocationStrategy$.MODULE$.leastShardAllocationStrategy(
                even.getInt("rebalance-absolute-limit"), even.getDouble("rebalance-relative-limit"));
        Rehoming.await(system, entity.typeKey().name());
        var unused = ClusterSharding.get(system)
                .init(entity.withRole(Role.MASTER.id())
                        .withAllocationStrategy(new SettledShards(
                                evenly,
                                ClusterSettings.from(system.settings().config()).settleAfter(),
                                MasterAges.of(system)::age)));
    }
}
