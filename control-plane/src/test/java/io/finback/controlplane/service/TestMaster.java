package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.persistence.EventFeed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** One master with a LevelDB journal in a directory of its own, the services API on a free port, and a {@link FakeWorld}. */
public final class TestMaster implements AutoCloseable {
    public final ActorSystem<Void> system;
    public final ServerBinding binding;
    public final String address;

    public static TestMaster start(Path data, FakeWorld world) {
        return start(data, world, settings -> settings);
    }

    public static TestMaster start(Path data, FakeWorld world, UnaryOperator<ServicesSettings.Draft> changed) {
        return new TestMaster(data, world, changed);
    }

    private TestMaster(Path data, FakeWorld world, UnaryOperator<ServicesSettings.Draft> changed) {
        system = ActorSystem.create(Behaviors.empty(), "finback", config(data));
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        ActorRef<FrameworkMessage> framework = system.systemActorOf(world.framework(), "fake-world", Props.empty());
        ServicesSettings settings = changed.apply(ServicesSettings.draft("127.0.0.1:8080", "0.1.0")
                        .pace(
                                Duration.ofMillis(200),
                                Duration.ofMillis(50),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(1))
                        .losses(Duration.ofMinutes(6), 100, 20, Duration.ofMillis(500)))
                .done();
        ServicesApi api = ServicesApi.start(
                system,
                settings,
                EventFeed.of(system)::entityIds,
                framework,
                world::operate,
                host -> Map.of(),
                io.finback.security.Rules.NONE);
        binding = get(Http.get(system)
                .newServerAt("127.0.0.1", 0)
                .adaptSettings(server -> server.withRemoteAddressAttribute(true))
                .bind(api.route()));
        address = "http://127.0.0.1:" + binding.localAddress().getPort();
        get(api.ready());
    }

    /** Ends the system at once, without leaving the cluster in order: as much of a crash as one JVM allows. */
    @Override
    public void close() {
        system.terminate();
        get(system.getWhenTerminated());
    }

    @CanIgnoreReturnValue
    public static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("not completed within 20 s", e);
        }
    }

    /** Waits for a condition, looking often; fails after 20 s with {@code what}. */
    public static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within 20 s: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(
                    Duration.ofMillis(10).toNanos());
        }
    }

    /** A lone master on a journal in {@code data}. */
    public static Config config(Path data) {
        return ConfigFactory.parseString("""
                        akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                        akka.cluster.roles = [master, endpoints]
                        akka.persistence {
                          journal.plugin = "akka.persistence.journal.leveldb"
                          journal.leveldb { dir = "%1$s/journal", native = off, fsync = off }
                          snapshot-store.plugin = "akka.persistence.snapshot-store.local"
                          snapshot-store.local.dir = "%1$s/snapshots"
                        }
                        """.formatted(data))
                .withFallback(ConfigFactory.parseResources("finback-cluster.conf"))
                .withFallback(ConfigFactory.parseResources("finback-node.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }
}
