package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.accept;
import static io.finback.controlplane.boot.FrameworkWords.acknowledge;
import static io.finback.controlplane.boot.FrameworkWords.info;
import static io.finback.controlplane.boot.FrameworkWords.launched;
import static io.finback.controlplane.boot.FrameworkWords.offer;
import static io.finback.controlplane.boot.FrameworkWords.task;
import static io.finback.controlplane.boot.FrameworkWords.update;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.sharding.typed.GetShardRegionState;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three masters on one PostgreSQL: any of them takes any call, and what the one that dies has promised, the others keep. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SeveralMastersTest {
    private static final int MASTERS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path data;

    private EmbeddedPostgres postgres;
    private final List<ApiHarness> masters = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        postgres = EmbeddedPostgres.builder().start();
        List<Integer> ports = IntStream.range(0, MASTERS)
                .mapToObj(i -> ControlPlaneHarness.freePort())
                .toList();
        List<String> seeds = ports.stream().map(port -> "127.0.0.1:" + port).toList();
        for (int i = 0; i < MASTERS; i++) {
            Map<String, Object> settings = new HashMap<>();
            settings.put("finback.cluster.port", ports.get(i));
            settings.put("finback.cluster.seeds", seeds);
            settings.put("finback.persistence.profile", "postgres");
            settings.put("finback.persistence.postgres.port", postgres.getPort());
            settings.put("finback.persistence.postgres.user", "postgres");
            settings.put("finback.persistence.postgres.database", "postgres");
            settings.put("finback.master.framework-return-grace", "2 s");
            masters.add(new ApiHarness(Files.createDirectories(data.resolve("m" + i)), settings));
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (ApiHarness master : masters) {
            master.close();
        }
        postgres.close();
    }

    /** Where the allocator is. */
    private ApiHarness allocatorsMaster() {
        for (ApiHarness master : masters) {
            TestProbe<ShardRegion.CurrentShardRegionState> probe =
                    master.plane.probe(ShardRegion.CurrentShardRegionState.class);
            ClusterSharding.get(master.plane.system())
                    .shardState()
                    .tell(new GetShardRegionState(AllocatorMessage.KEY, probe.ref()));
            if (probe.receiveMessage(PATIENCE).getShards().stream()
                    .anyMatch(shard -> shard.getEntityIds().contains(AllocatorMessage.POOL))) {
                return master;
            }
        }
        throw new AssertionError("no master has the allocator");
    }

    private static Call.Builder reconcile(String... tasks) {
        Call.Reconcile.Builder asked = Call.Reconcile.newBuilder();
        for (String id : tasks) {
            asked.addTasks(Call.Reconcile.Task.newBuilder()
                    .setTaskId(TaskID.newBuilder().setValue(id)));
        }
        return Call.newBuilder().setType(Call.Type.RECONCILE).setReconcile(asked);
    }

    private static Call.Builder kill(String task) {
        return Call.newBuilder()
                .setType(Call.Type.KILL)
                .setKill(Call.Kill.newBuilder().setTaskId(TaskID.newBuilder().setValue(task)));
    }

    private static String uuid() {
        return UUID.randomUUID().toString();
    }

    @Test
    void anyMasterTakesAnyCallAndTheStreamHearsOfIt() {
        try (SchedulerClient.Stream stream =
                masters.get(0).client(Encoding.JSON).subscribe(info("roaming"))) {
            ScriptedAgent agent = new ScriptedAgent(masters.get(1).plane, "a1", Resources.of(4, 4096, 0)).register();
            SchedulerClient one = masters.get(1).client(Encoding.PROTOBUF);
            SchedulerClient two = masters.get(2).client(Encoding.JSON);
            Offer whole = offer(stream, 4, 4096);
            stream.through(one).take(accept(whole.getId(), 0, task("t1", whole.getAgentId(), 1, 128)));
            agent.update(launched(agent, "t1"), TaskState.RUNNING, uuid());
            acknowledge(stream.through(two), update(stream, "t1", "TASK_RUNNING"));
            agent.await(MasterToAgent.Acknowledge.class);
            stream.through(two).take(reconcile("t1", "never"));
            assertThat(update(stream, "t1", "TASK_RUNNING").hasUuid()).isFalse();
            update(stream, "never", "TASK_UNKNOWN");
            stream.through(one).take(kill("t1"));
            agent.await(MasterToAgent.Kill.class);
            stream.through(two).take(Call.newBuilder().setType(Call.Type.SUPPRESS));
            stream.through(one).take(Call.newBuilder().setType(Call.Type.REVIVE));
            stream.through(two).take(Call.newBuilder().setType(Call.Type.TEARDOWN));
            var unused1 = stream.awaitEnd();
            assertThat(stream.through(one)
                            .call(Call.newBuilder().setType(Call.Type.REVIVE))
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void theAllocatorsMasterDiesAndTheOthersKeepWhatItPromised() {
        // Admitted by way of a master that lives on, so that the allocator is somewhere.
        ScriptedAgent first = new ScriptedAgent(masters.get(0).plane, "probe", Resources.of(1, 64, 0)).register();
        first.fallSilent();
        ApiHarness dying = allocatorsMaster();
        List<ApiHarness> living =
                masters.stream().filter(master -> master != dying).toList();
        ScriptedAgent agent = new ScriptedAgent(living.get(0).plane, "a1", Resources.of(4, 4096, 0));
        FrameworkInfo leaving =
                SchedulerClient.info("leaver").setFailoverTimeout(3).build();
        SchedulerClient.Stream leaver = dying.client(Encoding.PROTOBUF).subscribe(leaving);
        SchedulerClient.Stream stream = dying.client(Encoding.JSON).subscribe(info("returning"));
        stream.take(Call.newBuilder().setType(Call.Type.SUPPRESS));
        agent.register();
        Offer whole = offer(leaver, 4, 4096);
        leaver.take(accept(whole.getId(), 0, task("left", whole.getAgentId(), 1, 1024)));
        TaskInfo left = launched(agent, "left");
        agent.update(left, TaskState.RUNNING, uuid());
        acknowledge(leaver, update(leaver, "left", "TASK_RUNNING"));
        leaver.take(Call.newBuilder().setType(Call.Type.SUPPRESS));
        stream.take(Call.newBuilder().setType(Call.Type.REVIVE));
        Offer rest = offer(stream, 3, 3072);
        stream.take(accept(rest.getId(), 0, task("kept", whole.getAgentId(), 1, 1024)));
        TaskInfo kept = launched(agent, "kept");

        agent.fallSilent();
        masters.remove(dying);
        dying.close();
        var unused2 = stream.awaitEnd();
        // The task runs while nobody hears of it.
        long killedAt = System.nanoTime();
        FrameworkInfo again =
                info("returning").toBuilder().setId(stream.framework).build();
        try (SchedulerClient.Stream back = returned(living.get(1).client(Encoding.PROTOBUF), again)) {
            System.out.println("subscribed again after " + (System.nanoTime() - killedAt) / 1_000_000 + " ms");
            // Whoever does not come back within its failover timeout is removed, and its task with it.
            assertThat(killed(
                                    agent,
                                    new AgentToMaster.KnownTask(left, TaskState.RUNNING),
                                    new AgentToMaster.KnownTask(kept, TaskState.RUNNING))
                            .task())
                    .isEqualTo(left.id());
            agent.update(kept, TaskState.RUNNING, uuid());
            acknowledge(back, update(back, "kept", "TASK_RUNNING"));
            agent.update(left, TaskState.KILLED, uuid());
            offer(back, 1, 1024);
            // The old stream is worth nothing any more, at any master.
            assertThat(back.call(Call.newBuilder().setType(Call.Type.REVIVE)).statusCode())
                    .isEqualTo(202);
            assertThat(stream.through(living.get(0).client(Encoding.JSON))
                            .call(Call.newBuilder().setType(Call.Type.REVIVE))
                            .statusCode())
                    .isEqualTo(400);
            back.rewind();
            Offer more = back.next(event -> event.getType() == Event.Type.OFFERS)
                    .getOffers()
                    .getOffers(0);
            assertThat(more.getAgentId()).isEqualTo(whole.getAgentId());
        }
    }

    /** Until the new places of what the master had are known, calls are 503: the client comes again. */
    private static SchedulerClient.Stream returned(SchedulerClient client, FrameworkInfo info) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return client.subscribe(info);
            } catch (AssertionError refused) {
                String why = String.valueOf(refused.getMessage());
                // Refused for now, or ended before it said SUBSCRIBED.
                if (System.nanoTime() > end || !(why.contains("503") || why.contains("the stream has ended"))) {
                    throw refused;
                }
            } catch (IllegalStateException broken) {
                // A connection that was lost: a framework connects anew.
                if (System.nanoTime() > end || !(broken.getCause() instanceof IOException)) {
                    throw broken;
                }
            }
        }
    }

    /** Its session may have been with the master that died, or not. The first kill it is told. */
    private static TaskKey killed(ScriptedAgent agent, AgentToMaster.KnownTask... running) {
        agent.speakAgain();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            MasterToAgent message = agent.probe.receiveMessage(PATIENCE);
            if (message instanceof MasterToAgent.RegisterAgain) {
                agent.register(running);
            } else if (message instanceof MasterToAgent.Kill kill) {
                return kill.tasks().get(0).task();
            }
        }
        throw new AssertionError("no kill");
    }
}
