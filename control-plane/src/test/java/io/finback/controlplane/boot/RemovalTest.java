package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.ScriptedScheduler.task;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.framework.Offer;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators do to agents, from the command to the agent and to the scheduler, across the end of the master. */
class RemovalTest {
    private static final Resources FOUR = Resources.of(4, 4096, 10000);
    private static final Resources ONE = Resources.of(1, 512, 10);

    @TempDir
    Path data;

    @Test
    void aDrainedAgentsTasksAreKilledAlsoByTheNextMasterAndItTakesNoMore() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            TaskInfo task = launched(scheduler, agent, "t1");
            operate(harness, new OperatorCommand.Drain(agent.info.id(), Optional.of(Duration.ofSeconds(3)), false));
            assertThat(agent.await(MasterToAgent.Kill.class).tasks()).containsExactly(kill(task));
            // The order is lost with the master, the wish is not.
            harness.restart();
            ScriptedScheduler again = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent back = new ScriptedAgent(harness, "a1", FOUR)
                    .register(new AgentToMaster.KnownTask(task, TaskState.RUNNING));
            assertThat(back.session).isGreaterThan(agent.session);
            assertThat(back.await(MasterToAgent.Kill.class).tasks()).containsExactly(kill(task));

            back.update(task, TaskState.KILLED, "u2");

            TaskStatus killed = again.awaitUpdate(TaskState.KILLED);
            assertThat(killed.reason()).contains("AGENT_DRAINING");
            ScriptedAgent other = new ScriptedAgent(harness, "a2", FOUR).register();
            assertThat(again.awaitOffer().agent())
                    .as("no offer of the drained one")
                    .isEqualTo(other.info.id());
        }
    }

    @Test
    void aGoneAgentsTasksAreOverAndItIsSentAwayWheneverItComes() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            TaskInfo task = launched(scheduler, agent, "t1");

            operate(harness, new OperatorCommand.MarkGone(agent.info.id()));

            assertThat(agent.await(MasterToAgent.Shutdown.class).reason()).contains("gone");
            TaskStatus gone = scheduler.awaitUpdate(TaskState.GONE_BY_OPERATOR);
            assertThat(gone.task()).isEqualTo(task.id());
            agent.heartbeat();
            assertThat(agent.await(MasterToAgent.Shutdown.class).reason()).contains("gone");
            agent.fallSilent();

            harness.restart();
            ScriptedAgent back = new ScriptedAgent(harness, "a1", FOUR);
            AgentToMaster.Register.of(back.info, "try", 0, List.of()).forEach(back::say);
            assertThat(back.await(MasterToAgent.Shutdown.class).reason()).contains("gone");
        }
    }

    private static TaskInfo launched(ScriptedScheduler scheduler, ScriptedAgent agent, String id) {
        Offer offer = scheduler.awaitOffer();
        TaskInfo task = task(id, offer.agent(), ONE);
        scheduler.accept(offer, task);
        agent.await(MasterToAgent.Launch.class);
        agent.received(TaskKey.of(task.framework(), task.id()));
        agent.update(task, TaskState.RUNNING, "u1");
        scheduler.acknowledge(scheduler.awaitUpdate(TaskState.RUNNING));
        return task;
    }

    private static MasterToAgent.KillTask kill(TaskInfo task) {
        return new MasterToAgent.KillTask(
                TaskKey.of(task.framework(), task.id()), Optional.empty(), Optional.of(Duration.ofSeconds(3)));
    }

    private static void operate(ControlPlaneHarness harness, OperatorCommand command) {
        TestProbe<OperatorReply> reply = harness.probe(OperatorReply.class);
        harness.allocator(new AllocatorMessage.Operate(command, reply.ref()));
        assertThat(reply.receiveMessage(ScriptedAgent.PATIENCE)).isInstanceOf(OperatorReply.Done.class);
    }
}
