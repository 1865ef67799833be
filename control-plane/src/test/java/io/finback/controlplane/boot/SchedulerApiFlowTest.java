package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.accept;
import static io.finback.controlplane.boot.FrameworkWords.acknowledge;
import static io.finback.controlplane.boot.FrameworkWords.amount;
import static io.finback.controlplane.boot.FrameworkWords.info;
import static io.finback.controlplane.boot.FrameworkWords.launched;
import static io.finback.controlplane.boot.FrameworkWords.offer;
import static io.finback.controlplane.boot.FrameworkWords.task;
import static io.finback.controlplane.boot.FrameworkWords.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import io.finback.wire.MasterToAgent;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.mesos.v1.Protos.AgentID;
import org.apache.mesos.v1.Protos.ContainerInfo;
import org.apache.mesos.v1.Protos.ExecutorID;
import org.apache.mesos.v1.Protos.ExecutorInfo;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.OfferID;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.Protos.TaskInfo;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.Protos.Value;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Offers, tasks and updates through the scheduler API, over sockets, with agents whose every word is scripted. */
class SchedulerApiFlowTest {
    @TempDir
    Path data;

    /** The figure of the Mesos paper (NSDI 2011, figure 3), one framework in JSON and one in protobuf. */
    @Test
    void theMesosFigure() {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream one = harness.client(Encoding.JSON).subscribe(info("one"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer whole = offer(one, 4, 4096);
            assertThat(whole.getAllocationInfo().getRole()).isEqualTo("dev");
            assertThat(whole.getHostname()).isEqualTo("127.0.0.1");
            try (SchedulerClient.Stream two = harness.client(Encoding.PROTOBUF).subscribe(info("two"))) {
                one.take(accept(
                        whole.getId(),
                        3600,
                        task("t1", whole.getAgentId(), 2, 1024),
                        task("t2", whole.getAgentId(), 1, 2048)));
                Offer rest = offer(two, 1, 1024);
                io.finback.tasks.TaskInfo first = launched(agent, "t1");
                assertThat(first.resources()).isEqualTo(Resources.of(2, 1024, 0));
                assertThat(first.role()).isEqualTo("dev");
                one.take(Call.newBuilder().setType(Call.Type.SUPPRESS));

                for (String id : List.of("t1", "t2")) {
                    io.finback.tasks.TaskInfo info = id.equals("t1")
                            ? first
                            : new io.finback.tasks.TaskInfo(
                                    io.finback.resources.TaskId.of("t2"),
                                    "t2",
                                    first.framework(),
                                    first.agent(),
                                    Resources.of(1, 2048, 0),
                                    first.command(),
                                    first.killGrace(),
                                    first.labels());
                    agent.update(
                            info,
                            TaskState.FINISHED,
                            java.util.UUID.randomUUID().toString());
                    TaskStatus finished = update(one, id, "TASK_FINISHED");
                    assertThat(finished.getSource()).isEqualTo(TaskStatus.Source.SOURCE_EXECUTOR);
                    assertThat(finished.getUuid().size()).isEqualTo(16);
                    acknowledge(one, finished);
                }
                // What each task held comes as it ends, beside the offer that two has already: all of it again.
                double cpus = amount(rest, "cpus");
                double mem = amount(rest, "mem");
                while (cpus < 4 || mem < 4096) {
                    for (Offer more : two.await(Event.Type.OFFERS).getOffers().getOffersList()) {
                        cpus += amount(more, "cpus");
                        mem += amount(more, "mem");
                    }
                }
                assertThat(List.of(cpus, mem)).isEqualTo(List.of(4.0, 4096.0));
                assertThat(harness.plane.meter.passes()).isGreaterThanOrEqualTo(3);
            }
        }
    }

    /** Mesos 1.10: what a task may use beyond what it holds. */
    @ParameterizedTest
    @EnumSource(Encoding.class)
    void limitsReachTheAgent(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("bursting"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer offer = offer(stream, 4, 4096);
            stream.take(accept(
                    offer.getId(),
                    0,
                    task("bursting", offer.getAgentId(), 1, 128)
                            .putLimits("cpus", scalarValue(2))
                            .putLimits("mem", scalarValue(Double.POSITIVE_INFINITY)),
                    task("less", offer.getAgentId(), 1, 128).putLimits("cpus", scalarValue(0.5))));
            assertThat(update(stream, "less", "TASK_ERROR").getMessage())
                    .isEqualTo("limits.cpus: 0.5 (expected: >= 1.0, what the task holds)");
            assertThat(launched(agent, "bursting").options().limits())
                    .isEqualTo(Map.of("cpus", 2.0, "mem", Double.POSITIVE_INFINITY));
        }
    }

    private static Value.Scalar scalarValue(double value) {
        return Value.Scalar.newBuilder().setValue(value).build();
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aTaskThatIsWrongIsAnErrorAndTheOthersRun(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("wrong"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer offer = offer(stream, 4, 4096);
            AgentID at = offer.getAgentId();
            TaskInfo.Builder custom = task("custom", at, 0.1, 32)
                    .clearCommand()
                    .setExecutor(ExecutorInfo.newBuilder()
                            .setExecutorId(ExecutorID.newBuilder().setValue("e")));
            TaskInfo.Builder container = task("container", at, 0.1, 32)
                    .setContainer(ContainerInfo.newBuilder().setType(ContainerInfo.Type.DOCKER));
            stream.take(accept(
                    offer.getId(),
                    0,
                    custom,
                    container,
                    task("a/b", at, 0.1, 32),
                    task("negative", at, -1, 32),
                    task("elsewhere", AgentID.newBuilder().setValue("a2").build(), 0.1, 32),
                    task("nothing", at, 0, 0),
                    task("much", at, 100, 32),
                    task("good", at, 1, 128)));
            for (String id : List.of("custom", "container", "a/b", "negative", "elsewhere", "nothing", "much")) {
                TaskStatus status =
                        update(stream, found -> found.getTaskId().getValue().equals(id));
                assertThat(status.getState().name()).as(id).isEqualTo("TASK_ERROR");
                assertThat(status.getReason()).as(id).isEqualTo(TaskStatus.Reason.REASON_TASK_INVALID);
                assertThat(status.getSource()).as(id).isEqualTo(TaskStatus.Source.SOURCE_MASTER);
                assertThat(status.getMessage()).as(id).isNotEmpty();
                if (status.hasUuid()) {
                    acknowledge(stream, status);
                }
                // They come in any order.
                stream.rewind();
            }
            assertThat(launched(agent, "good").command().value()).isEqualTo("true");
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void offersThatDoNotStandDropTheirTasks(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream aware = harness.client(encoding).subscribe(info("aware"));
                SchedulerClient.Stream plain = harness.client(encoding)
                        .subscribe(SchedulerClient.info("plain").build())) {
            AgentID agent = AgentID.newBuilder().setValue("a1").build();
            OfferID nobodys = OfferID.newBuilder().setValue("no-such-offer").build();
            aware.take(accept(nobodys, 5, task("t1", agent, 1, 32)));
            TaskStatus dropped = update(aware, "t1", "TASK_DROPPED");
            assertThat(dropped.getReason()).isEqualTo(TaskStatus.Reason.REASON_INVALID_OFFERS);
            plain.take(accept(nobodys, 5, task("t1", agent, 1, 32)));
            assertThat(update(plain, "t1", "TASK_LOST").getReason()).isEqualTo(TaskStatus.Reason.REASON_INVALID_OFFERS);
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void reconciliationAnswersForKnownAndUnknownTasks(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("reconcile"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer offer = offer(stream, 4, 4096);
            stream.take(accept(offer.getId(), 5, task("t1", offer.getAgentId(), 1, 128)));
            agent.update(
                    launched(agent, "t1"),
                    TaskState.RUNNING,
                    java.util.UUID.randomUUID().toString());
            acknowledge(stream, update(stream, "t1", "TASK_RUNNING"));

            stream.take(
                    Call.newBuilder().setType(Call.Type.RECONCILE).setReconcile(Call.Reconcile.getDefaultInstance()));
            TaskStatus known = update(stream, "t1", "TASK_RUNNING");
            assertThat(known.getReason()).isEqualTo(TaskStatus.Reason.REASON_RECONCILIATION);
            assertThat(known.hasUuid()).isFalse();
            stream.take(Call.newBuilder()
                    .setType(Call.Type.RECONCILE)
                    .setReconcile(Call.Reconcile.newBuilder()
                            .addTasks(Call.Reconcile.Task.newBuilder()
                                    .setTaskId(TaskID.newBuilder().setValue("never")))));
            assertThat(update(stream, "never", "TASK_UNKNOWN").getReason())
                    .isEqualTo(TaskStatus.Reason.REASON_RECONCILIATION);
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aFrameworkThatComesBackHearsWhatItHasNotAcknowledged(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of())) {
            SchedulerClient client = harness.client(encoding);
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            FrameworkInfo again;
            try (SchedulerClient.Stream stream = client.subscribe(info("back"))) {
                Offer offer = offer(stream, 4, 4096);
                stream.take(accept(offer.getId(), 5, task("t1", offer.getAgentId(), 1, 128)));
                agent.update(
                        launched(agent, "t1"),
                        TaskState.RUNNING,
                        java.util.UUID.randomUUID().toString());
                update(stream, "t1", "TASK_RUNNING");
                again = info("back").toBuilder().setId(stream.framework).build();
            }
            try (SchedulerClient.Stream stream = client.subscribe(again)) {
                acknowledge(stream, update(stream, "t1", "TASK_RUNNING"));
                assertThat(agent.await(MasterToAgent.Acknowledge.class).updates())
                        .hasSize(1);
                stream.take(Call.newBuilder()
                        .setType(Call.Type.KILL)
                        .setKill(Call.Kill.newBuilder()
                                .setTaskId(TaskID.newBuilder().setValue("t1"))));
                assertThat(agent.await(MasterToAgent.Kill.class)
                                .tasks()
                                .get(0)
                                .task()
                                .task()
                                .value())
                        .isEqualTo("t1");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void offersGoWithTheConnection(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream other = harness.client(encoding).subscribe(info("other"))) {
            other.take(Call.newBuilder().setType(Call.Type.SUPPRESS));
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0));
            SchedulerClient.Stream first = harness.client(encoding).subscribe(info("first"));
            agent.register();
            offer(first, 4, 4096);
            other.take(Call.newBuilder().setType(Call.Type.REVIVE));
            long before = System.nanoTime();
            first.close();
            offer(other, 4, 4096);
            // Not by the heartbeat (15 s), nor by the timeout of offers (5 s): the end of the connection itself is
            // noticed.
            assertThat(System.nanoTime() - before).isLessThan(4_000_000_000L);
        }
    }
}
