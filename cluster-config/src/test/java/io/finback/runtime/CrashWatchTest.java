package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real clusters of three masters over loopback; one of them ends without a word, as a killed process does. */
@Timeout(90)
class CrashWatchTest {
    @TempDir
    Path directory;

    private final List<ActorSystem<?>> systems = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private EmbeddedPostgres postgres;

    @BeforeEach
    void start() throws Exception {
        postgres = EmbeddedPostgres.builder().start();
        for (int i = 0; i < 3; i++) {
            ports.add(freePort());
        }
        for (int port : ports) {
            systems.add(ClusterSystem.member(Behaviors.empty(), settings(port), Role.MASTER));
        }
        await(Duration.ofSeconds(40), () -> systems.stream().allMatch(system -> upMembers(system) == 3));
    }

    @AfterEach
    void stopAll() throws Exception {
        for (ActorSystem<?> system : systems) {
            kill(system);
        }
        postgres.close();
    }

    @Test
    void aCrashedMasterIsGoneBeforeTheFailureDetectorWouldHaveMissedIt() throws Exception {
        kill(systems.get(0));
        long killed = System.nanoTime();

        await(Duration.ofSeconds(30), () -> members(systems.get(1)) == 2 && members(systems.get(2)) == 2);
        Duration took = Duration.ofNanos(System.nanoTime() - killed);

        System.out.println("a crashed master was removed after " + took.toMillis() + " ms");
        // Some 1.5 s; the failure detector's five and stable-after's five come later.
        assertThat(took).isLessThan(Duration.ofSeconds(5));
        assertThat(systems.get(1).whenTerminated().isCompleted()).isFalse();
        assertThat(systems.get(2).whenTerminated().isCompleted()).isFalse();
    }

    /** {@link MasterAges}: what a coordinator that has just taken over knows. */
    @Test
    void aMasterThatHasComeBackIsYoungerThanThoseThatStayed() throws Exception {
        ActorSystem<?> stayed = systems.get(1);
        MasterAges ages = MasterAges.of(stayed);
        akka.actor.ActorRef self = actorOf(stayed, "/user");
        akka.actor.ActorRef neighbour = actorOf(stayed, "akka://finback@127.0.0.1:" + ports.get(2) + "/user");
        akka.actor.ActorRef restarted = actorOf(stayed, "akka://finback@127.0.0.1:" + ports.get(0) + "/user");
        await(Duration.ofSeconds(10), () -> isPositive(ages.age(restarted)) && isPositive(ages.age(self)));

        kill(systems.get(0));
        await(Duration.ofSeconds(30), () -> members(stayed) == 2);
        await(Duration.ofSeconds(10), () -> ages.age(restarted).isZero());
        systems.set(0, ClusterSystem.member(Behaviors.empty(), settings(ports.get(0)), Role.MASTER));
        await(Duration.ofSeconds(40), () -> isPositive(ages.age(restarted)));

        assertThat(ages.age(restarted)).isLessThan(ages.age(neighbour));
        assertThat(ages.age(restarted)).isLessThan(ages.age(self));
    }

    private static boolean isPositive(Duration age) {
        return age.compareTo(Duration.ZERO) > 0;
    }

    private static akka.actor.ActorRef actorOf(ActorSystem<?> system, String path) {
        return Adapter.toClassic(ActorRefResolver.get(system).resolveActorRef(path));
    }

    private Config settings(int port) {
        Map<String, Object> values = new HashMap<>();
        values.put("finback.data-dir", directory.resolve("n" + port).toString());
        values.put("finback.cluster.port", port);
        values.put(
                "finback.cluster.seeds",
                ports.stream().map(seed -> "127.0.0.1:" + seed).toList());
        values.put("finback.persistence.profile", "postgres");
        values.put("finback.persistence.postgres.port", postgres.getPort());
        values.put("finback.persistence.postgres.user", "postgres");
        values.put("finback.persistence.postgres.database", "postgres");
        values.put("akka.coordinated-shutdown.run-by-actor-system-terminate", "off");
        return ConfigFactory.parseMap(values)
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    /** Ends without leaving. */
    private static void kill(ActorSystem<?> system) throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static long members(ActorSystem<?> system) {
        return StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
                .count();
    }

    private static long upMembers(ActorSystem<?> system) {
        return StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
                .map(Member::status)
                .filter(MemberStatus.up()::equals)
                .count();
    }

    private static void await(Duration limit, BooleanSupplier condition) {
        long until = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + limit).isLessThan(until);
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
