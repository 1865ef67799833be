package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.FirstSeedRule.Verdict;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The first of several seeds must not form a second cluster while the others run and only do not answer. */
@Timeout(120)
class FirstSeedTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration ALONE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private static IAm outside(String name) {
        return new IAm(new Incarnation(name, 1), false, false, Optional.of(true));
    }

    private static IAm joining(String name) {
        return new IAm(new Incarnation(name, 1), false, false, Optional.of(false));
    }

    private static IAm member(String name) {
        return new IAm(new Incarnation(name, 1), true, false, Optional.of(false));
    }

    private static Verdict decide(int seeds, Duration waited, IAm... answers) {
        return FirstSeedRule.decide(seeds, List.of(answers), waited, ALONE);
    }

    @Test
    void formsAClusterAtOnceOnlyWhenAllAreOutside() {
        assertThat(decide(3, Duration.ZERO, outside("b"), outside("c"))).isEqualTo(Verdict.Form.FORM);
        assertThat(decide(3, Duration.ZERO, outside("b"))).isEqualTo(Verdict.Wait.WAIT);
        assertThat(decide(3, ALONE, outside("b"))).isEqualTo(Verdict.Form.FORM);
    }

    @Test
    void neverFormsOneWithoutMostOfThem() {
        Duration year = Duration.ofDays(365);
        assertThat(decide(3, year)).isEqualTo(Verdict.Wait.WAIT);
        assertThat(decide(5, year, outside("b"))).isEqualTo(Verdict.Wait.WAIT);
        assertThat(decide(4, year, outside("b"))).isEqualTo(Verdict.Wait.WAIT);
        // It is on its way into a cluster that this one does not hear.
        assertThat(decide(3, year, joining("b"))).isEqualTo(Verdict.Wait.WAIT);
        assertThat(decide(5, year, outside("b"), outside("c"))).isEqualTo(Verdict.Form.FORM);
    }

    @Test
    void ofTwoOneCannotAskForMost() {
        assertThat(decide(2, Duration.ZERO)).isEqualTo(Verdict.Wait.WAIT);
        assertThat(decide(2, ALONE)).isEqualTo(Verdict.Form.FORM);
    }

    @Test
    void joinsWhoeverIsAMember() {
        assertThat(decide(3, ALONE, outside("b"), member("c"))).isEqualTo(new Verdict.Join(List.of("c")));
    }

    /** Cut off, it would answer nobody and hear nobody: as here, where the others are not there yet. */
    @Test
    void waitsForTheOthersAndComesBackIntoTheirCluster() throws Exception {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                ports.add(socket.getLocalPort());
            }
        }
        List<ActorSystem<?>> systems = new ArrayList<>();
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start()) {
            try {
                systems.add(start(ports, 0, postgres));
                // Longer than finback.cluster.alone-after.
                long until = System.nanoTime() + Duration.ofSeconds(4).toNanos();
                while (System.nanoTime() < until) {
                    assertThat(up(systems.get(0))).isZero();
                    LockSupport.parkNanos(50_000_000);
                }
                systems.add(start(ports, 1, postgres));
                await(() -> systems.stream().allMatch(system -> up(system) == 2));
                systems.add(start(ports, 2, postgres));
                await(() -> systems.stream().allMatch(system -> up(system) == 3));
                end(systems.remove(0));
                systems.add(0, start(ports, 0, postgres));
                await(() -> systems.stream().allMatch(system -> up(system) == 3));
            } finally {
                for (ActorSystem<?> system : systems) {
                    end(system);
                }
            }
        }
    }

    private ActorSystem<?> start(List<Integer> ports, int which, EmbeddedPostgres postgres) {
        int port = ports.get(which);
        Config settings = ConfigFactory.parseMap(Map.of(
                        "finback.data-dir",
                        directory.resolve("n" + port).toString(),
                        "finback.cluster.port",
                        port,
                        "finback.cluster.alone-after",
                        "2 s",
                        "finback.cluster.seeds",
                        ports.stream().map(seed -> "127.0.0.1:" + seed).toList(),
                        "finback.persistence.profile",
                        "postgres",
                        "finback.persistence.postgres.port",
                        postgres.getPort(),
                        "finback.persistence.postgres.user",
                        "postgres",
                        "finback.persistence.postgres.database",
                        "postgres",
                        "akka.coordinated-shutdown.run-by-actor-system-terminate",
                        "off"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        return ClusterSystem.member(Behaviors.empty(), settings, Role.MASTER);
    }

    private static void end(ActorSystem<?> system) throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static long up(ActorSystem<?> system) {
        return StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
                .map(Member::status)
                .filter(MemberStatus.up()::equals)
                .count();
    }

    private static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + LIMIT).isLessThan(until);
            LockSupport.parkNanos(10_000_000);
        }
    }
}
