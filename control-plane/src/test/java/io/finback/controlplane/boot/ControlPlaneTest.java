package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.ScriptedScheduler.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Allocator, framework and session together, real journal, real sharding; agent and scheduler scripted. */
class ControlPlaneTest {
    private static final Resources FOUR = Resources.of(4, 4096, 10000).withPorts(Ranges.of(31000, 31099));
    private static final Resources ONE = Resources.of(1, 512, 10);

    @TempDir
    Path data;

    @Test
    void aTaskLivesAndItsEndFreesEverything() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            Offer offer = scheduler.awaitOffer();
            assertThat(offer.resources()).isEqualTo(FOUR);
            assertThat(offer.attributes()).containsEntry("rack", "r1");

            TaskInfo task = task("t1", offer.agent(), ONE.withPorts(Ranges.of(31000, 31000)));
            assertThat(scheduler.accept(offer, task)).isEqualTo(new SchedulerCall.Accepted());
            assertThat(agent.await(MasterToAgent.Launch.class).tasks()).containsExactly(task);
            assertThat(scheduler.awaitOffer().resources()).isEqualTo(FOUR.minus(task.resources()));
            agent.received(task.id());

            agent.update(task, TaskState.RUNNING, "u1");
            TaskStatus running = scheduler.awaitUpdate(TaskState.RUNNING);
            scheduler.acknowledge(running);
            assertThat(agent.await(MasterToAgent.Acknowledge.class).updates())
                    .containsExactly(new MasterToAgent.UpdateId(task.id(), "u1"));

            agent.update(task, TaskState.FINISHED, "u2");
            // Free at once, whether or not the scheduler acknowledges.
            assertThat(scheduler
                            .await(SchedulerEvent.Offers.class, offers -> true)
                            .offers()
                            .get(0)
                            .resources())
                    .isEqualTo(task.resources());
            // Never acknowledged, so it comes again.
            TaskStatus finished = scheduler.awaitUpdate(TaskState.FINISHED);
            scheduler.acknowledge(finished);
            assertThat(agent.await(MasterToAgent.Acknowledge.class).updates())
                    .containsExactly(new MasterToAgent.UpdateId(task.id(), "u2"));
        }
    }
}
