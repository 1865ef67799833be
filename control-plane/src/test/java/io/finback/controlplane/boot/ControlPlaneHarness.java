package io.finback.controlplane.boot;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.framework.AgentStanding;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.resources.FrameworkId;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Role;
import io.finback.security.Guard;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentSessionMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A master's entities in one clustered system of this JVM, on a LevelDB journal that survives {@link #restart}. */
final class ControlPlaneHarness implements AutoCloseable {
    static final FrameworkId FRAMEWORK = FrameworkId.of("finback-services");

    final AllocatorMeter meter = new AllocatorMeter();
    private final Config config;
    private ActorTestKit kit;
    private @Nullable TestProbe<FrameworkDelta> frameworkViews;
    /** What is known of every agent when a task is asked about that nobody knows. */
    volatile AgentStanding standing = AgentStanding.UNKNOWN;

    ControlPlaneHarness(Path data, Map<String, Object> overrides) {
        this.config = config(data, overrides);
        this.kit = start();
    }

    static Config config(Path data, Map<String, Object> overrides) {
        Map<String, Object> values = new HashMap<>();
        values.put("finback.cluster.port", freePort());
        values.put("finback.management.port", freePort());
        values.put("finback.master.http.port", freePort());
        values.put("finback.services.http.port", freePort());
        values.put("finback.data-dir", data.toString());
        values.put("finback.master.repeat", "300 ms");
        values.put("finback.master.agent-repeat", "300 ms");
        values.put("finback.master.update-repeat", "500 ms");
        values.put("akka.coordinated-shutdown.run-by-actor-system-terminate", "off");
        values.putAll(overrides);
        return ConfigFactory.parseMap(values)
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private ActorTestKit start() {
        ActorSystem<Void> system = ClusterSystem.member(Behaviors.empty(), config, Role.MASTER);
        ActorTestKit started = ActorTestKit.create(system);
        TestProbe<FrameworkDelta> views = started.createTestProbe(FrameworkDelta.class);
        frameworkViews = views;
        MasterSettings settings = MasterSettings.from(config);
        Entities.init(
                system,
                settings,
                started.createTestProbe(AllocationDelta.class).ref(),
                views.ref(),
                agent -> standing,
                meter,
                new Guard(system, "test", settings.security(), ClusterApi::refusal));
        return started;
    }

    /**
     * Ends the system and starts it on the same journal. No coordinated shutdown runs, so nothing is handed over and the cluster is
     * not left; but actors do stop, and a write under way may finish, which SIGKILL would not grant.
     */
    void restart() {
        stop();
        kit = start();
    }

    private void stop() {
        kit.system().terminate();
        try {
            kit.system().getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    ActorSystem<?> system() {
        return kit.system();
    }

    /** What frameworks tell the views since the last start. */
    TestProbe<FrameworkDelta> frameworkViews() {
        return Objects.requireNonNull(frameworkViews);
    }

    <T> TestProbe<T> probe(Class<T> type) {
        return kit.createTestProbe(type);
    }

    void framework(FrameworkMessage message) {
        ClusterSharding.get(kit.system())
                .entityRefFor(SchedulerCall.KEY, FRAMEWORK.value())
                .tell(message);
    }

    void allocator(AllocatorMessage message) {
        ClusterSharding.get(kit.system())
                .entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                .tell(message);
    }

    void session(AgentEnvelope envelope) {
        ClusterSharding.get(kit.system())
                .entityRefFor(AgentSessionMessage.KEY, envelope.agent().value())
                .tell(envelope);
    }

    @Override
    public void close() {
        stop();
    }
}
