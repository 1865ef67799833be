package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Leave;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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

/** Masters over loopback that share a PostgreSQL; one that is cut off is one whose seeds lead nowhere. */
@Timeout(180)
class ClusterTenureTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    @TempDir
    Path directory;

    private final List<ActorSystem<?>> systems = new ArrayList<>();
    private EmbeddedPostgres postgres;

    @BeforeEach
    void startDatabase() throws Exception {
        postgres = EmbeddedPostgres.builder().start();
    }

    @AfterEach
    void stopAll() throws Exception {
        for (ActorSystem<?> system : systems) {
            end(system);
        }
        postgres.close();
    }

    @Test
    void theFirstOfTwoSeedsIsCutOffAndFormsNoSecondCluster() throws Exception {
        int first = freePort();
        int second = freePort();
        ActorSystem<?> one = start(first, first, second);
        ActorSystem<?> two = start(second, first, second);
        await(() -> up(one) == 2 && up(two) == 2);
        leave(one);
        await(() -> up(two) == 1);

        // Nobody listens there: it hears nothing of the other master, for longer than alone-after and than a tenure
        // lives.
        ActorSystem<?> cutOff = start(Map.of("finback.cluster.tenure.expires-after", "6 s"), first, first, freePort());
        holds(Duration.ofSeconds(9), () -> !hasFormed(cutOff));

        // It learns from the row whom to ask.
        await(() -> up(cutOff) == 2 && up(two) == 2);
    }

    @Test
    void mastersWithoutSeedsThatShareADatabaseAreNeverTwoClusters() throws Exception {
        ActorSystem<?> one = start(freePort());
        await(() -> up(one) == 1);
        ActorSystem<?> other = start(freePort());

        holds(Duration.ofSeconds(5), () -> up(other) == 0 && up(one) == 1);

        end(one);
        await(() -> up(other) == 1);
    }

    @Test
    void aLoneMasterThatWasKilledIsBackAtOnce() throws Exception {
        int port = freePort();
        ActorSystem<?> one = start(Map.of("finback.cluster.tenure.expires-after", "10 minutes"), port);
        await(() -> up(one) == 1);
        end(one);

        ActorSystem<?> again = start(Map.of("finback.cluster.tenure.expires-after", "10 minutes"), port);

        await(() -> up(again) == 1);
    }

    @Test
    void anEmptiedTableAndALostDatabaseEndNoCluster() throws Exception {
        int first = freePort();
        int second = freePort();
        ActorSystem<?> one = start(first, first, second);
        ActorSystem<?> two = start(second, first, second);
        await(() -> up(one) == 2 && up(two) == 2 && rows().size() == 2);

        execute("DELETE FROM finback_cluster");
        await(() -> rows().size() == 2);
        execute("DROP TABLE finback_cluster");
        holds(Duration.ofSeconds(3), () -> up(one) == 2 && up(two) == 2);
        postgres.close();
        holds(Duration.ofSeconds(4), () -> up(one) == 2 && up(two) == 2);
    }

    @Test
    void aClusterWhoseDatabaseAnotherOneHasTakenEnds() throws Exception {
        ActorSystem<?> one = start(freePort());
        await(() -> up(one) == 1 && rows().size() == 1);

        // As a cluster does that was formed while this one did not reach the database for long.
        execute("UPDATE finback_cluster SET version = version + 1, renewed = clock_timestamp(), masters ="
                + " ARRAY['akka://finback@10.0.0.1:25520#17']");

        one.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        assertThat(rows()).containsExactly("akka://finback@10.0.0.1:25520#17");
    }

    @Test
    void tablesOfAnEarlierVersionAreEnoughForAUserWhoMayNotMakeAny() throws Exception {
        ActorSystem<?> one = start(freePort());
        await(() -> up(one) == 1);
        end(one);
        execute("DROP TABLE finback_cluster");
        execute("CREATE USER plain PASSWORD 'plain'");
        execute("GRANT SELECT, INSERT, UPDATE, DELETE ON event_journal, snapshot TO plain");
        execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");

        ActorSystem<?> plain = start(
                Map.of("finback.persistence.postgres.user", "plain", "finback.persistence.postgres.password", "plain"),
                freePort());

        await(() -> up(plain) == 1);
    }

    private ActorSystem<?> start(int port, int... seeds) {
        return start(Map.of(), port, seeds);
    }

    private ActorSystem<?> start(Map<String, Object> more, int port, int... seeds) {
        Map<String, Object> values = new HashMap<>();
        values.put("finback.data-dir", directory.resolve("n" + port).toString());
        values.put("finback.cluster.port", port);
        values.put("finback.cluster.alone-after", "2 s");
        values.put("finback.cluster.tenure.renew-every", "500 ms");
        values.put("finback.cluster.tenure.expires-after", "3 s");
        List<String> addresses = new ArrayList<>();
        for (int seed : seeds) {
            addresses.add("127.0.0.1:" + seed);
        }
        values.put("finback.cluster.seeds", addresses);
        values.put("finback.persistence.profile", "postgres");
        values.put("finback.persistence.postgres.port", postgres.getPort());
        values.put("finback.persistence.postgres.user", "postgres");
        values.put("finback.persistence.postgres.database", "postgres");
        values.put("akka.coordinated-shutdown.run-by-actor-system-terminate", "off");
        values.putAll(more);
        Config settings = ConfigFactory.parseMap(values)
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        ActorSystem<?> system = ClusterSystem.member(Behaviors.empty(), settings, Role.MASTER);
        systems.add(system);
        return system;
    }

    private List<String> rows() {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT unnest(masters) FROM finback_cluster")) {
            List<String> masters = new ArrayList<>();
            while (row.next()) {
                masters.add(row.getString(1));
            }
            return masters;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void leave(ActorSystem<?> system) throws Exception {
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Leave.create(cluster.selfMember().address()));
        system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
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

    private static boolean hasFormed(ActorSystem<?> system) {
        Cluster cluster = Cluster.get(system);
        return cluster.selfMember().status().equals(MemberStatus.up())
                && StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
                                .count()
                        == 1;
    }

    private static void holds(Duration time, BooleanSupplier condition) {
        long until = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < until) {
            assertThat(condition.getAsBoolean()).isTrue();
            LockSupport.parkNanos(50_000_000);
        }
    }

    private static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + LIMIT).isLessThan(until);
            LockSupport.parkNanos(10_000_000);
        }
    }
}
