package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorRef;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/** What the strategy behind is asked of masters that have been there for long and for short. */
final class SettledShardsTest {
    private static final String SHARD = "7";
    private static final String MOVED = "3";

    /** Answers with what it was asked about, and remembers it. */
    private static final class Behind implements ShardAllocationStrategy {
        private final List<Set<ActorRef>> allocations = new ArrayList<>();
        private int rebalances;

        @Override
        public Future<ActorRef> allocateShard(
                ActorRef requester, String shard, scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places) {
            allocations.add(CollectionConverters.asJava(places).keySet());
            return Future.successful(requester);
        }

        @Override
        public Future<scala.collection.immutable.Set<String>> rebalance(
                scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places,
                scala.collection.immutable.Set<String> inProgress) {
            rebalances++;
            return Future.successful(inProgress);
        }
    }

    private final ActorTestKit kit = ActorTestKit.create();
    private final ActorRef old = Adapter.toClassic(kit.createTestProbe().getRef());
    private final ActorRef young = Adapter.toClassic(kit.createTestProbe().getRef());
    private final AtomicLong now = new AtomicLong();
    private final Behind behind = new Behind();
    private final SettledShards shards = new SettledShards(behind, Duration.ofSeconds(20), now::get);

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    @Test
    void nothingMovesBeforeTheNewcomerHasBeenThereForAWhile() {
        assertThat(rebalanced(old)).isEmpty();
        after(20);
        assertThat(rebalanced(old)).containsExactly(MOVED);
        assertThat(rebalanced(old, young)).isEmpty();
        after(19);
        assertThat(rebalanced(old, young)).isEmpty();
        after(1);
        assertThat(rebalanced(old, young)).containsExactly(MOVED);
        assertThat(behind.rebalances).isEqualTo(2);
    }

    @Test
    void whatHasLostItsPlaceGoesToTheOldOnesAsLongAsThereAreAny() {
        assertThat(allocatedAmong(old)).as("there is no other").containsExactly(old);
        after(20);
        assertThat(allocatedAmong(old, young)).containsExactly(old);
        assertThat(allocatedAmong(young)).as("the old one is gone").containsExactly(young);
        after(20);
        assertThat(allocatedAmong(young, old)).as("it came back").containsExactly(young);
        after(20);
        assertThat(allocatedAmong(young, old)).containsExactlyInAnyOrder(young, old);
    }

    private Set<ActorRef> allocatedAmong(ActorRef... regions) {
        var unused = shards.allocateShard(regions[0], SHARD, places(regions));
        return behind.allocations.get(behind.allocations.size() - 1);
    }

    private Set<String> rebalanced(ActorRef... regions) {
        scala.collection.immutable.Set<String> inProgress =
                CollectionConverters.asScala(Set.of(MOVED)).toSet();
        return CollectionConverters.asJava(
                shards.rebalance(places(regions), inProgress).value().get().get());
    }

    private static scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> places(ActorRef... regions) {
        Map<ActorRef, IndexedSeq<String>> places = new HashMap<>();
        for (ActorRef region : regions) {
            places.put(region, CollectionConverters.asScala(List.<String>of()).toIndexedSeq());
        }
        return scala.collection.immutable.Map.from(CollectionConverters.asScala(places));
    }

    private void after(long seconds) {
        now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
