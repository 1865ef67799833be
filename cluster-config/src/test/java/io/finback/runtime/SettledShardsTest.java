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
    private final Map<ActorRef, Duration> ages = new HashMap<>();
    private final Behind behind = new Behind();
    private final SettledShards shards = new SettledShards(behind, Duration.ofSeconds(20), ages::get);

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    @Test
    void nothingMovesBeforeTheNewcomerHasBeenThereForAWhile() {
        ages(19, 0);
        assertThat(rebalanced(old)).isEmpty();
        ages(20, 1);
        assertThat(rebalanced(old)).containsExactly(MOVED);
        assertThat(rebalanced(old, young)).isEmpty();
        ages(38, 19);
        assertThat(rebalanced(old, young)).isEmpty();
        ages(39, 20);
        assertThat(rebalanced(old, young)).containsExactly(MOVED);
        assertThat(behind.rebalances).isEqualTo(2);
    }

    @Test
    void whatHasLostItsPlaceGoesToTheOldOnesAsLongAsThereAreAny() {
        ages(1, 0);
        assertThat(allocatedAmong(old, young)).as("all are new").containsExactlyInAnyOrder(old, young);
        ages(20, 19);
        assertThat(allocatedAmong(old, young)).containsExactly(old);
        assertThat(allocatedAmong(young)).as("the old one is gone").containsExactly(young);
        ages(21, 20);
        assertThat(allocatedAmong(old, young)).containsExactlyInAnyOrder(old, young);
    }

    @Test
    void aCoordinatorThatHasJustTakenOverKnowsAsMuch() {
        ages(40, 19);
        assertThat(rebalanced(old, young)).isEmpty();
        assertThat(allocatedAmong(old, young)).containsExactly(old);
    }

    private void ages(long ofOld, long ofYoung) {
        ages.put(old, Duration.ofSeconds(ofOld));
        ages.put(young, Duration.ofSeconds(ofYoung));
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
}
