package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Masters come, die and come back; members that are none follow them. Real clusters over loopback. */
@Timeout(90)
class ClusterLinkTest {
    @TempDir
    Path directory;

    private final List<ActorSystem<?>> systems = new ArrayList<>();
    private final List<ClusterLink> links = new ArrayList<>();
    private Optional<EmbeddedPostgres> postgres = Optional.empty();

    @AfterEach
    void stopAll() throws Exception {
        for (ClusterLink link : links) {
            link.stop().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        for (ActorSystem<?> system : systems) {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        if (postgres.isPresent()) {
            postgres.get().close();
        }
    }

    @Test
    void joinsAMasterThatStartsLater() throws Exception {
        int port = freePort();
        ClusterLink agent = link(Role.AGENT, freePort(), port);
        assertThat(agent.connected()).isFalse();

        ActorSystem<Void> master = master(port, port);

        await(Duration.ofSeconds(15), agent::connected);
        await(Duration.ofSeconds(5), () -> upMembers(master) == 2);
    }

    @Test
    void followsALoneMasterThatWasKilledAndCameBack() throws Exception {
        int port = freePort();
        ActorSystem<Void> first = master(port, port);
        ClusterLink agent = link(Role.AGENT, freePort(), port);
        ClusterLink router = link(Role.ROUTER, freePort(), port);
        await(Duration.ofSeconds(15), () -> upMembers(first) == 3);

        kill(first);
        ActorSystem<Void> second = master(port, port);
        long upAt = System.nanoTime();
        await(Duration.ofSeconds(15), () -> upMembers(second) == 3);
        Duration took = Duration.ofNanos(System.nanoTime() - upAt);

        System.out.println("rejoined a restarted lone master in " + took.toMillis() + " ms");
        assertThat(took).isLessThan(Duration.ofSeconds(8));
        await(Duration.ofSeconds(2), () -> agent.connected() && router.connected());
    }

    @Test
    void followsALoneMasterThatLeftInOrderAndCameBack() throws Exception {
        int port = freePort();
        ActorSystem<Void> first = master(port, port);
        ClusterLink agent = link(Role.AGENT, freePort(), port);
        await(Duration.ofSeconds(15), () -> upMembers(first) == 2 && agent.connected());

        CoordinatedShutdown.get(first)
                .runAll(CoordinatedShutdown.unknownReason())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        ActorSystem<Void> second = master(port, port);

        await(Duration.ofSeconds(10), () -> upMembers(second) == 2);
    }

    @Test
    void staysWithTheMastersThatLiveWhenOneIsRestarted() throws Exception {
        // Several masters need a journal that each of them can reach.
        postgres = Optional.of(EmbeddedPostgres.builder().start());
        int one = freePort();
        int two = freePort();
        ActorSystem<Void> first = master(one, one, two);
        ActorSystem<Void> second = master(two, one, two);
        AtomicInteger incarnations = new AtomicInteger();
        ClusterLink agent = link(Role.AGENT, freePort(), incarnations, one, two);
        await(Duration.ofSeconds(20), () -> upMembers(first) == 3 && agent.connected());

        kill(second);
        ActorSystem<Void> again = master(two, one, two);

        await(Duration.ofSeconds(30), () -> upMembers(again) == 3 && upMembers(first) == 3);
        assertThat(incarnations).hasValue(1);
    }

    @Test
    void waitsLongerEachTimeTheClusterRemovesItThoughMastersAnswer() throws Exception {
        int port = freePort();
        ActorSystem<Void> master = master(port, port);
        AtomicInteger incarnations = new AtomicInteger();
        ClusterLink agent = link(Role.AGENT, freePort(), incarnations, port);
        List<Duration> took = new ArrayList<>();
        for (int removals = 1; removals <= 3; removals++) {
            await(Duration.ofSeconds(20), () -> upMembers(master) == 2 && agent.connected());
            // Once it has been up for a look or two, as any link that breaks later.
            LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            int lives = incarnations.get();
            long removed = System.nanoTime();
            down(master);
            await(Duration.ofSeconds(20), () -> incarnations.get() > lives);
            took.add(Duration.ofNanos(System.nanoTime() - removed));
            assertThat(agent.health().removals()).isEqualTo(removals);
        }

        assertThat(agent.health().waits()).isEqualTo(Duration.ofSeconds(2));
        assertThat(took.get(1)).isGreaterThan(Duration.ofSeconds(1));
        assertThat(took.get(2)).isGreaterThan(Duration.ofSeconds(2));
        await(Duration.ofSeconds(20), () -> upMembers(master) == 2 && agent.connected());
    }

    private static void down(ActorSystem<?> master) {
        Cluster cluster = Cluster.get(master);
        for (Member member : cluster.state().getMembers()) {
            if (member.hasRole(Role.AGENT.id())) {
                cluster.manager().tell(new Down(member.address()));
            }
        }
    }

    @Test
    void refusesToStartWithoutSeeds() {
        assertThatThrownBy(() -> ClusterLink.start(settings(1), Role.AGENT, Behaviors::empty))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.cluster.seeds");
    }

    @Test
    void refusesAPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Config settings = settings(taken.getLocalPort(), 1);
            assertThatThrownBy(() -> ClusterLink.start(settings, Role.AGENT, Behaviors::empty))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("finback.cluster.port");
        }
    }

    private ActorSystem<Void> master(int port, int... seeds) {
        ActorSystem<Void> system =
                ClusterSystem.member(Behaviors.empty(), journal().withFallback(settings(port, seeds)), Role.MASTER);
        systems.add(system);
        return system;
    }

    private Config journal() {
        return postgres.map(database -> ConfigFactory.parseString(
                        "finback.persistence { profile = postgres, postgres { user = postgres, database = postgres, port = "
                                + database.getPort() + " } }"))
                .orElse(ConfigFactory.empty());
    }

    private ClusterLink link(Role role, int port, int... seeds) {
        return link(role, port, new AtomicInteger(), seeds);
    }

    private ClusterLink link(Role role, int port, AtomicInteger incarnations, int... seeds) {
        ClusterLink link = ClusterLink.start(settings(port, seeds), role, () -> guardian(incarnations));
        links.add(link);
        return link;
    }

    private static Behavior<Void> guardian(AtomicInteger incarnations) {
        incarnations.incrementAndGet();
        return Behaviors.empty();
    }

    /** Ends without leaving, as a killed process does. */
    private static void kill(ActorSystem<?> system) throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private Config settings(int port, int... seeds) {
        List<String> addresses = new ArrayList<>();
        for (int seed : seeds) {
            addresses.add("127.0.0.1:" + seed);
        }
        return ConfigFactory.parseMap(Map.of(
                        "finback.data-dir",
                        directory.resolve(Integer.toString(port)).toString(),
                        "finback.cluster.port",
                        port,
                        "finback.cluster.seeds",
                        addresses,
                        "akka.coordinated-shutdown.run-by-actor-system-terminate",
                        "off"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
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
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return socket.getLocalPort();
        }
    }
}
