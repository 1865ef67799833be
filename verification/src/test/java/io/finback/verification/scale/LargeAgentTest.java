package io.finback.verification.scale;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.boot.MasterNode;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Node;
import io.finback.runtime.Role;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentInfo;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One agent with more tasks than a message holds: a real master, and a member of its own for the agent, with Artery between them. */
class LargeAgentTest {
    private static final int TASKS = 5000;
    private static final int BATCH = 500;
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final FrameworkId FRAMEWORK = FrameworkId.of("5c2f9a44-5b1c-4d5e-9d8f-6c9f6f1d2e3a-0001");
    private static final AgentInfo INFO = new AgentInfo(
            AgentId.of("large"),
            "127.0.0.1",
            5051,
            Resources.of(1000, 1_000_000, 0).withPorts(Ranges.of(20000, 30000)),
            Map.of("rack", "r1"),
            "test");

    @TempDir
    Path data;

    private Node master;
    private ActorTestKit kit;
    private EntityRef<FrameworkMessage> framework;
    private TestProbe<SchedulerEvent> scheduler;
    private final List<Offer> offers = new ArrayList<>();
    private int updates;
    private int dropped;

    @BeforeEach
    void start() throws Exception {
        int masterPort = freePort();
        master = MasterNode.start(config(
                masterPort,
                Map.of(
                        "finback.data-dir", data.toString(),
                        "finback.master.http.port", freePort(),
                        "finback.services.http.port", freePort(),
                        "finback.allocator.offer-timeout", "1 h")));
        ActorSystem<Void> member = ClusterSystem.member(
                Behaviors.empty(),
                config(freePort(), Map.of("finback.cluster.seeds", List.of("127.0.0.1:" + masterPort))),
                Role.AGENT);
        kit = ActorTestKit.create(member);
        framework = framework();
        scheduler = kit.createTestProbe();
    }

    @AfterEach
    void stop() throws Exception {
        kit.system().terminate();
        master.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void registersWithAllItsTasksAndLosesNone() {
        EmulatedAgent agent = new EmulatedAgent(kit, INFO);
        agent.register();
        framework.tell(new SchedulerCall.Subscribe(
                new FrameworkInfo("large", "", List.of("*"), Duration.ofDays(7)), scheduler.getRef()));
        launchAll(agent);
        scheduler.awaitAssert(LIMIT, () -> {
            assertThat(agent.unacknowledged).isEmpty();
            return true;
        });

        long before = agent.registrations();
        agent.register();
        scheduler.awaitAssert(LIMIT, () -> {
            assertThat(agent.registrations()).isGreaterThan(before);
            return true;
        });

        // What it registered with is all still there when another launch has gone the same way.
        offers.clear();
        for (int round = 0; updates < TASKS + 1; round++) {
            int refused = dropped;
            launch(offer(), "after-" + round, 1);
            while (updates < TASKS + 1 && dropped == refused) {
                hear();
            }
        }
        assertThat(agent.tasks).hasSize(TASKS + 1);
        assertThat(agent.kills).isEmpty();
    }

    private void launchAll(EmulatedAgent agent) {
        for (int batch = 0; batch < TASKS / BATCH; batch++) {
            launch(offer(), "batch-" + batch, BATCH);
            int wanted = (batch + 1) * BATCH;
            while (updates < wanted) {
                hear();
            }
        }
        assertThat(agent.tasks).hasSize(TASKS);
    }

    /** The next thing the scheduler is told. */
    private void hear() {
        SchedulerEvent event = scheduler.receiveMessage(LIMIT);
        if (event instanceof SchedulerEvent.Offers made) {
            offers.addAll(made.offers());
        } else if (event instanceof SchedulerEvent.Rescind rescind) {
            offers.removeIf(offer -> rescind.offers().contains(offer.id()));
        } else if (event instanceof SchedulerEvent.Update update) {
            TaskStatus status = update.status();
            framework.tell(
                    new SchedulerCall.Acknowledge(status.task(), status.uuid().orElseThrow()));
            if (status.reason().equals(Optional.of("INVALID_OFFERS"))) {
                // The registration ended the offer while it was being accepted.
                dropped++;
            } else {
                assertThat(status.state()).as(status.toString()).isEqualTo(TaskState.RUNNING);
                updates++;
            }
        }
    }

    private Offer offer() {
        while (offers.isEmpty()) {
            hear();
        }
        return offers.remove(0);
    }

    private void launch(Offer offer, String name, int count) {
        List<TaskInfo> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tasks.add(task(name + "." + i));
        }
        framework.tell(SchedulerCall.Accept.launch(
                new Caller(Optional.empty(), Optional.empty()), List.of(offer.id()), tasks, Duration.ZERO));
    }

    private EntityRef<FrameworkMessage> framework() {
        ClusterSharding sharding = ClusterSharding.get(kit.system());
        var unused = sharding.init(Entity.of(SchedulerCall.KEY, entity -> Behaviors.<FrameworkMessage>ignore())
                .withRole("master"));
        return sharding.entityRefFor(SchedulerCall.KEY, FRAMEWORK.value());
    }

    private static TaskInfo task(String id) {
        return new TaskInfo(
                TaskId.of(id),
                "some service with a name",
                FRAMEWORK,
                INFO.id(),
                Resources.of(0.1, 32, 0),
                CommandInfo.shell(
                        "exec ./server --port $PORT0 " + "--flag=value ".repeat(20), Map.of("MARATHON_APP_ID", "/a/b")),
                Optional.empty(),
                Map.of("team", "whales"));
    }

    private static Config config(int port, Map<String, Object> more) throws Exception {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("finback.cluster.port", port);
        settings.put("finback.management.port", freePort());
        return ConfigFactory.parseMap(settings).withFallback(ConfigFactory.load());
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
