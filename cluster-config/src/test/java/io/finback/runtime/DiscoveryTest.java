package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.settings.ClusterSettings;
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

/**
 * Masters and an agent that know nothing but a name, on loopback addresses of their own with the same ports, as pods behind a headless
 * service; the DNS server is real and ours.
 */
@Timeout(120)
class DiscoveryTest {
    private static final String NAME = "finback-master.shop.svc.cluster.local";

    @TempDir
    Path directory;

    private final List<ActorSystem<?>> systems = new ArrayList<>();
    private final List<ClusterLink> links = new ArrayList<>();
    private EmbeddedPostgres postgres;
    private NameServer names;
    private int artery;
    private int management;

    @BeforeEach
    void start() throws Exception {
        postgres = EmbeddedPostgres.builder().start();
        names = new NameServer();
        artery = freePort();
        management = freePort();
    }

    @AfterEach
    void stopAll() throws Exception {
        for (ClusterLink link : links) {
            link.stop().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        for (ActorSystem<?> system : systems) {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        names.close();
        postgres.close();
    }

    @Test
    void mastersBehindANameFormOneClusterAndTheOthersFollow() throws Exception {
        names.put(NAME, List.of("127.0.0.1", "127.0.0.2"));
        ClusterLink agent = ClusterLink.start(settings(4), Role.AGENT, Behaviors::empty);
        links.add(agent);
        ActorSystem<Void> first = master(1);
        ActorSystem<Void> second = master(2);
        await(Duration.ofSeconds(10), () -> names.asked(NAME) > 6);
        assertThat(upMembers(first) + upMembers(second))
                .as("two of three are no reason to form a cluster")
                .isZero();

        names.put(NAME, List.of("127.0.0.1", "127.0.0.2", "127.0.0.3"));
        ActorSystem<Void> third = master(3);

        await(
                Duration.ofSeconds(40),
                () -> upMembers(first) == 4 && upMembers(second) == 4 && upMembers(third) == 4 && agent.connected());

        third.terminate();
        third.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        ActorSystem<Void> again = master(3);
        await(Duration.ofSeconds(40), () -> upMembers(again) == 4 && upMembers(first) == 4);
    }

    @Test
    void refusesSeedsBesideDiscoveryAndALevelDbMaster() {
        Config both = ConfigFactory.parseMap(Map.of("finback.cluster.seeds", List.of("127.0.0.1:1")))
                .withFallback(settings(1));
        assertThatThrownBy(() -> ClusterSettings.from(both))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.cluster.seeds: [127.0.0.1:1]")
                .hasMessageContaining("finback.cluster.discovery.method");
        Config leveldb = ConfigFactory.parseMap(Map.of("finback.persistence.profile", "leveldb"))
                .withFallback(settings(1));
        assertThatThrownBy(() -> ClusterSystem.member(Behaviors.empty(), leveldb, Role.MASTER))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.cluster.discovery.method: dns")
                .hasMessageContaining("finback.persistence.profile");
        Config noName = ConfigFactory.parseMap(Map.of("finback.cluster.discovery.service", " "))
                .withFallback(settings(1));
        assertThatThrownBy(() -> ClusterSettings.from(noName))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.cluster.discovery.service");
    }

    private ActorSystem<Void> master(int number) throws Exception {
        ActorSystem<Void> system = ClusterSystem.member(Behaviors.empty(), settings(number), Role.MASTER);
        systems.add(system);
        Management.start(system).toCompletableFuture().get(20, TimeUnit.SECONDS);
        return system;
    }

    private Config settings(int number) {
        Map<String, Object> values = new HashMap<>();
        values.put("finback.data-dir", directory.resolve("n" + number).toString());
        values.put("finback.cluster.host", "127.0.0." + number);
        values.put("finback.cluster.port", artery);
        values.put("finback.cluster.discovery.method", "dns");
        values.put("finback.cluster.discovery.service", NAME);
        values.put("finback.cluster.discovery.port", artery);
        values.put("finback.cluster.discovery.management-port", management);
        values.put("finback.cluster.discovery.stable-margin", "1 s");
        values.put("finback.management.host", "127.0.0." + number);
        values.put("finback.management.port", management);
        values.put("finback.persistence.profile", "postgres");
        values.put("finback.persistence.postgres.port", postgres.getPort());
        values.put("finback.persistence.postgres.user", "postgres");
        values.put("finback.persistence.postgres.database", "postgres");
        values.put("akka.io.dns.async-dns.nameservers", List.of(names.address()));
        values.put("akka.io.dns.async-dns.search-domains", List.of());
        return ConfigFactory.parseMap(values)
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
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
