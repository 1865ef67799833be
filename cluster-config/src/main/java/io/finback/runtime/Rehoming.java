package io.finback.runtime;

import akka.Done;
import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.typed.Cluster;
import akka.pattern.Patterns;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import scala.concurrent.duration.FiniteDuration;

/**
 * What keeps a master that stops in the cluster until its shards have another home. Its regions are gone when their shards have stopped, and Akka
 * would leave then; the coordinators of sharding on this master may still be busy giving those shards to others, one distributed write after the
 * other. Were they stopped in the middle of that, whoever asks for such a shard would wait for the next master to start fourteen of them.
 *
 * <p>Shards get a home when somebody asks for it, so nobody can say when the last one has. A coordinator answers behind whatever it is busy
 * with; when two answers one after the other tell the same number of shards, it has caught up.
 */
final class Rehoming {
    /** Of finback-cluster.conf: between the end of the regions and leaving, with the longest that this may take. */
    private static final String PHASE = "finback-rehome";

    /** A coordinator is here, or it is not. */
    private static final Duration LOOK = Duration.ofMillis(500);

    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    /** How long a region may take to say what it has; the answer is empty when one takes longer. */
    private static final Object QUESTION =
            new ShardRegion.GetClusterShardingStats(FiniteDuration.fromNanos(500_000_000L));

    private final ActorSystem<?> system;
    private final ActorRef coordinator;

    private Rehoming(ActorSystem<?> system, ActorRef coordinator) {
        this.system = system;
        this.coordinator = coordinator;
    }

    /** For the entities of one type. Once for each, before the system ends. */
    static void await(ActorSystem<?> system, String type) {
        CoordinatedShutdown.get(system).addTask(PHASE, "rehome-" + type, () -> {
            if (!isOneOfSeveral(system)) {
                return CompletableFuture.completedFuture(Done.getInstance());
            }
            return system.classicSystem()
                    .actorSelection("/system/sharding/" + type + "Coordinator/singleton/coordinator")
                    .resolveOne(LOOK)
                    .thenCompose(found -> new Rehoming(system, found).settled(-1))
                    .handle((answered, elsewhereOrLate) -> Done.getInstance());
        });
    }

    /** Somebody is left who can take a shard, and this master has not been removed from the cluster itself. */
    private static boolean isOneOfSeveral(ActorSystem<?> system) {
        Cluster cluster = Cluster.get(system);
        Member self = cluster.selfMember();
        boolean member = self.status().equals(MemberStatus.up());
        return member
                && StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
                        .anyMatch(other -> other.hasRole(Role.MASTER.id()) && !other.equals(self));
    }

    private CompletionStage<Done> settled(long before) {
        return Patterns.ask(coordinator, QUESTION, LONGEST).thenCompose(answer -> {
            Map<Address, ShardRegion.ShardRegionStats> regions =
                    ((ShardRegion.ClusterShardingStats) answer).getRegions();
            long now = regions.values().stream()
                    .mapToLong(region -> region.getStats().size())
                    .sum();
            return !isOneOfSeveral(system) || (!regions.isEmpty() && now == before)
                    ? CompletableFuture.completedFuture(Done.getInstance())
                    : Patterns.after(PAUSE, system.classicSystem(), () -> settled(now));
        });
    }
}
