package io.finback.runtime;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.cluster.sharding.ShardCoordinator.ActorSystemDependentAllocationStrategy;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Set;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Leaves a master that has just come alone for a while: nothing is moved to it before it has been there for {@code settleAfter}, and what has
 * lost its place goes to others first as long as there are any. A master that has just started still loads its classes and compiles them,
 * so the first change there takes seconds on a busy machine; and one that crashes as often as it is started takes nothing along. Who gets
 * what is decided by the strategy behind this one.
 *
 * <p>One for each kind of entity: its coordinator alone calls it, one call after the other. Keeps nothing, so that a coordinator that takes
 * over from another one knows as much.
 */
final class SettledShards implements ActorSystemDependentAllocationStrategy {
    private final ShardAllocationStrategy behind;
    private final Duration settleAfter;
    private final Function<ActorRef, Duration> age;

    /** @param age how long the master of a region has been there */
    SettledShards(ShardAllocationStrategy behind, Duration settleAfter, Function<ActorRef, Duration> age) {
        this.behind = behind;
        this.settleAfter = settleAfter;
        this.age = age;
    }

    @Override
    public void start(ActorSystem system) {
        if (behind instanceof ActorSystemDependentAllocationStrategy dependent) {
            dependent.start(system);
        }
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shard, scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places) {
        Map<ActorRef, IndexedSeq<String>> settled = settled(places);
        return behind.allocateShard(
                requester,
                shard,
                settled.isEmpty()
                        ? places
                        : scala.collection.immutable.Map.from(CollectionConverters.asScala(settled)));
    }

    @Override
    public Future<Set<String>> rebalance(
            scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places, Set<String> inProgress) {
        return settled(places).size() == places.size()
                ? behind.rebalance(places, inProgress)
                : Future.successful(scala.collection.immutable.Set$.MODULE$.<String>empty());
    }

    private Map<ActorRef, IndexedSeq<String>> settled(
            scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places) {
        Map<ActorRef, IndexedSeq<String>> settled = new HashMap<>();
        CollectionConverters.asJava(places).forEach((region, shards) -> {
            if (age.apply(region).compareTo(settleAfter) >= 0) {
                settled.put(region, shards);
            }
        });
        return settled;
    }
}
