package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.typed.Cluster;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.wire.WireMessage;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two masters over loopback; the one that runs the coordinator, and all entities, stops in order while the other asks all of them. */
@Timeout(120)
class RehomingTest {
    private static final EntityTypeKey<Question> KEY = EntityTypeKey.create(Question.class, "Whale");
    /** They are on all 50 shards. */
    private static final int ENTITIES = 300;

    record Question(ActorRef<Integer> replyTo) implements WireMessage {}

    @TempDir
    Path directory;

    @Test
    void allThatWasOnAMasterHasAnotherHomeBeforeItLeaves() throws Exception {
        int first = freePort();
        int second = freePort();
        Set<Integer> moved = ConcurrentHashMap.newKeySet();
        CompletableFuture<Integer> movedWhenLeaving = new CompletableFuture<>();
        ScheduledExecutorService asking = Executors.newSingleThreadScheduledExecutor();
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start()) {
            ActorSystem<?> stops = master(postgres, first, first, second);
            init(stops, first);
            askAll(stops, id -> {}).get(30, TimeUnit.SECONDS);
            ActorSystem<?> stays = master(postgres, second, first, second);
            init(stays, second);
            await(() -> Cluster.get(stays).selfMember().status().equals(MemberStatus.up()));
            askAll(stays, moved::add).get(30, TimeUnit.SECONDS);
            assertThat(moved).as("too young for a home").isEmpty();

            var unused = asking.scheduleWithFixedDelay(() -> askAll(stays, moved::add), 0, 20, TimeUnit.MILLISECONDS);
            CoordinatedShutdown.get(stops).addTask(CoordinatedShutdown.PhaseClusterLeave(), "look", () -> {
                movedWhenLeaving.complete(moved.size());
                return CompletableFuture.completedFuture(Done.getInstance());
            });
            stops.terminate();

            assertThat(movedWhenLeaving.get(30, TimeUnit.SECONDS)).isGreaterThan(ENTITIES * 9 / 10);
            await(() -> moved.size() == ENTITIES);
            asking.shutdownNow();
            stops.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
            stays.terminate();
            stays.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } finally {
            asking.shutdownNow();
        }
    }

    private static void init(ActorSystem<?> system, int port) {
        MasterSharding.init(
                system,
                Entity.of(
                        KEY,
                        e -> Behaviors.receiveMessage(question -> {
                            question.replyTo().tell(port);
                            return Behaviors.same();
                        })));
    }

    /** Asks each; those that answer from the asking master are told to {@code here}. */
    @CanIgnoreReturnValue
    private static CompletableFuture<Void> askAll(ActorSystem<?> system, IntConsumer here) {
        int port = Cluster.get(system).selfMember().address().getPort().orElseThrow();
        CompletableFuture<?>[] answers = new CompletableFuture<?>[ENTITIES];
        for (int i = 0; i < ENTITIES; i++) {
            int id = i;
            answers[i] = ClusterSharding.get(system)
                    .entityRefFor(KEY, "whale-" + i)
                    .ask(Question::new, Duration.ofSeconds(10))
                    .thenAccept(answered -> {
                        if (answered == port) {
                            here.accept(id);
                        }
                    })
                    .toCompletableFuture();
        }
        return CompletableFuture.allOf(answers);
    }

    private ActorSystem<?> master(EmbeddedPostgres postgres, int port, int... seeds) {
        Map<String, Object> values = new HashMap<>();
        values.put("finback.data-dir", directory.resolve("n" + port).toString());
        values.put("finback.cluster.port", port);
        values.put("finback.cluster.alone-after", "2 s");
        values.put("finback.cluster.seeds", List.of("127.0.0.1:" + seeds[0], "127.0.0.1:" + seeds[1]));
        values.put("finback.persistence.profile", "postgres");
        values.put("finback.persistence.postgres.port", postgres.getPort());
        values.put("finback.persistence.postgres.user", "postgres");
        values.put("finback.persistence.postgres.database", "postgres");
        Config config = ConfigFactory.parseMap(values)
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        return ClusterSystem.member(Behaviors.empty(), config, Role.MASTER);
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
