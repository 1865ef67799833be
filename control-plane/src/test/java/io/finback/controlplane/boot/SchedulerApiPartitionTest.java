package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.accept;
import static io.finback.controlplane.boot.FrameworkWords.acknowledge;
import static io.finback.controlplane.boot.FrameworkWords.info;
import static io.finback.controlplane.boot.FrameworkWords.launched;
import static io.finback.controlplane.boot.FrameworkWords.offer;
import static io.finback.controlplane.boot.FrameworkWords.task;
import static io.finback.controlplane.boot.FrameworkWords.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An agent that is cut off and comes back, as a framework sees it through the scheduler API. Source: Mesos' partition suite. */
class SchedulerApiPartitionTest {
    private static final Map<String, Object> QUICK = Map.of(
            "finback.master.agent-heartbeat", "100 ms",
            "finback.master.agent-silent-after", "1 s",
            "finback.master.agent-unreachable-after", "3 s");

    @TempDir
    Path data;

    private String first = "";

    @BeforeEach
    void names() {
        first = UUID.randomUUID().toString();
    }

    private TaskInfo running(SchedulerClient.Stream stream, ScriptedAgent agent, Offer offer, String id) {
        stream.take(accept(offer.getId(), 0, task(id, offer.getAgentId(), 1, 128)));
        TaskInfo task = launched(agent, id);
        agent.update(task, TaskState.RUNNING, first);
        acknowledge(stream, update(stream, id, "TASK_RUNNING"));
        agent.await(MasterToAgent.Acknowledge.class);
        return task;
    }

    private static void comesBack(ScriptedAgent agent, AgentToMaster.KnownTask... tasks) {
        agent.heartbeat();
        agent.await(MasterToAgent.RegisterAgain.class);
        agent.register(tasks);
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void anAgentIsCutOffAndHeals(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, QUICK);
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("aware"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            TaskInfo task = running(stream, agent, offer(stream, 4, 4096), "t1");
            Offer rest = offer(stream, 3, 3968);
            agent.fallSilent();
            // Its offers end when it falls silent, its tasks are unreachable when it stays so.
            assertThat(stream.await(Event.Type.RESCIND).getRescind().getOfferId())
                    .isEqualTo(rest.getId());
            TaskStatus lost = update(stream, "t1", "TASK_UNREACHABLE");
            assertThat(lost.getSource()).isEqualTo(TaskStatus.Source.SOURCE_MASTER);
            assertThat(lost.getReason()).isEqualTo(TaskStatus.Reason.REASON_AGENT_REMOVED);
            assertThat(lost.hasUnreachableTime()).isTrue();
            assertThat(lost.hasUuid()).isFalse();
            stream.rewind();
            assertThat(stream.await(Event.Type.FAILURE).getFailure().getAgentId())
                    .isEqualTo(rest.getAgentId());
            // Asked about, it says the same.
            stream.take(Call.newBuilder()
                    .setType(Call.Type.RECONCILE)
                    .setReconcile(Call.Reconcile.newBuilder()
                            .addTasks(Call.Reconcile.Task.newBuilder()
                                    .setTaskId(TaskID.newBuilder().setValue("t1"))
                                    .setAgentId(rest.getAgentId()))));
            assertThat(stream.next(event -> event.getType() == Event.Type.UPDATE
                                    && event.getUpdate().getStatus().getReason()
                                            == TaskStatus.Reason.REASON_RECONCILIATION)
                            .getUpdate()
                            .getStatus()
                            .getState()
                            .name())
                    .isEqualTo("TASK_UNREACHABLE");

            comesBack(agent, new AgentToMaster.KnownTask(task, TaskState.RUNNING));
            TaskStatus back = update(stream, "t1", "TASK_RUNNING");
            assertThat(back.getReason()).isEqualTo(TaskStatus.Reason.REASON_AGENT_REREGISTERED);
            offer(stream, 3, 3968);
        }
    }

    @Test
    void aTaskThatEndedMeanwhileIsToldAfterwards() {
        try (ApiHarness harness = new ApiHarness(data, QUICK);
                SchedulerClient.Stream stream =
                        harness.client(Encoding.PROTOBUF).subscribe(info("aware"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            TaskInfo task = running(stream, agent, offer(stream, 4, 4096), "t1");
            agent.fallSilent();
            update(stream, "t1", "TASK_UNREACHABLE");
            comesBack(agent, new AgentToMaster.KnownTask(task, TaskState.FINISHED));
            agent.update(task, TaskState.FINISHED, UUID.randomUUID().toString());
            TaskStatus finished = update(stream, "t1", "TASK_FINISHED");
            assertThat(finished.getSource()).isEqualTo(TaskStatus.Source.SOURCE_EXECUTOR);
            acknowledge(stream, finished);
            assertThat(agent.await(MasterToAgent.Acknowledge.class).updates()).hasSize(1);
            offer(stream, 4, 4096);
        }
    }

    @Test
    void whoKnowsNothingOfPartitionsHearsThatTheTaskIsLost() {
        FrameworkInfo plain = SchedulerClient.info("plain").build();
        try (ApiHarness harness = new ApiHarness(data, QUICK);
                SchedulerClient.Stream stream = harness.client(Encoding.JSON).subscribe(plain)) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            TaskInfo task = running(stream, agent, offer(stream, 4, 4096), "t1");
            agent.fallSilent();
            TaskStatus lost = update(stream, "t1", "TASK_LOST");
            assertThat(lost.getReason()).isEqualTo(TaskStatus.Reason.REASON_AGENT_REMOVED);
            if (lost.hasUuid()) {
                acknowledge(stream, lost);
            }
            comesBack(agent, new AgentToMaster.KnownTask(task, TaskState.RUNNING));
            // That was the last word: the task is ended, and its id was used.
            assertThat(agent.await(MasterToAgent.Kill.class)
                            .tasks()
                            .get(0)
                            .task()
                            .task())
                    .isEqualTo(task.id());
        }
    }
}
