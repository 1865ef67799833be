package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.ScriptedScheduler.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.nio.file.Path;
import java.util.List;
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
            assertThat(scheduler.accept(offer, task)).isEqualTo(new CallAnswer.Done());
            assertThat(agent.await(MasterToAgent.Launch.class).tasks()).containsExactly(task);
            assertThat(scheduler.awaitOffer().resources()).isEqualTo(FOUR.minus(task.resources()));
            agent.received(TaskKey.of(task.framework(), task.id()));

            agent.update(task, TaskState.RUNNING, "u1");
            TaskStatus running = scheduler.awaitUpdate(TaskState.RUNNING);
            scheduler.acknowledge(running);
            assertThat(agent.await(MasterToAgent.Acknowledge.class).updates())
                    .containsExactly(new MasterToAgent.UpdateId(TaskKey.of(task.framework(), task.id()), "u1"));

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
                    .containsExactly(new MasterToAgent.UpdateId(TaskKey.of(task.framework(), task.id()), "u2"));
        }
    }

    @Test
    void theMesosFigure() {
        Resources figure = Resources.of(4, 4096, 0);
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", figure).register();
            Offer offer = scheduler.awaitOffer(figure);
            TaskInfo first = task("t1", offer.agent(), Resources.of(2, 1024, 0));
            TaskInfo second = task("t2", offer.agent(), Resources.of(1, 2048, 0));
            scheduler.accept(offer, first, second);
            assertThat(agent.await(MasterToAgent.Launch.class).tasks()).containsExactly(first, second);
            assertThat(scheduler.awaitOffer().resources()).isEqualTo(Resources.of(1, 1024, 0));
        }
    }

    @Test
    void lostAndRepeatedMessagesChangeNothing() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            Offer offer = scheduler.awaitOffer();
            TaskInfo task = task("t1", offer.agent(), ONE);
            scheduler.accept(offer, task);
            agent.await(MasterToAgent.Launch.class);
            // The first launch is lost: it comes again until confirmed.
            assertThat(agent.await(MasterToAgent.Launch.class).tasks()).containsExactly(task);
            agent.received(TaskKey.of(task.framework(), task.id()));

            agent.update(task, TaskState.RUNNING, "u1");
            agent.update(task, TaskState.RUNNING, "u1");
            TaskStatus running = scheduler.awaitUpdate(TaskState.RUNNING);
            scheduler.acknowledge(running);
            agent.await(MasterToAgent.Acknowledge.class);
            // The acknowledgement is lost on its way to the agent, which repeats the update: confirmed, and not told
            // twice.
            agent.update(task, TaskState.RUNNING, "u1");
            agent.await(MasterToAgent.Acknowledge.class);
            // An accept of a task that exists launches nothing.
            Offer rest = scheduler.awaitOffer();
            assertThat(scheduler.accept(rest, task)).isEqualTo(new CallAnswer.Done());
            // An accept on an offer that does not stand ends its task.
            TaskInfo late = task("t2", offer.agent(), ONE);
            scheduler.accept(offer, late);
            TaskStatus lost = scheduler.awaitUpdate(TaskState.DROPPED);
            assertThat(lost.task()).isEqualTo(late.id());
            assertThat(lost.reason()).contains("INVALID_OFFERS");
            scheduler.acknowledge(lost);
        }
    }

    @Test
    void aKillAndATaskSurviveTheEndOfTheMaster() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            Offer offer = scheduler.awaitOffer();
            TaskInfo task = task("t1", offer.agent(), ONE);
            TaskInfo unlaunched = task("t2", offer.agent(), ONE);
            scheduler.accept(offer, task, unlaunched);
            agent.await(MasterToAgent.Launch.class);
            agent.received(TaskKey.of(task.framework(), task.id()));
            agent.update(task, TaskState.RUNNING, "u1");
            scheduler.acknowledge(scheduler.awaitUpdate(TaskState.RUNNING));
            agent.await(MasterToAgent.Acknowledge.class);
            scheduler.kill(task.id());
            agent.await(MasterToAgent.Kill.class);

            agent.fallSilent();
            harness.restart();

            ScriptedScheduler again = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent back = new ScriptedAgent(harness, "a1", FOUR);
            back.say(new AgentToMaster.Heartbeat(agent.session));
            back.await(MasterToAgent.RegisterAgain.class);
            back.register(new AgentToMaster.KnownTask(task, TaskState.RUNNING));
            assertThat(back.session).isGreaterThan(agent.session);
            // What was accepted and never reported is launched again; what shall end is killed again. In either order.
            List<MasterToAgent> told = back.awaitAll(MasterToAgent.Launch.class, MasterToAgent.Kill.class);
            assertThat(told).anySatisfy(message -> assertThat(message)
                    .isInstanceOfSatisfying(MasterToAgent.Launch.class, launch -> assertThat(launch.tasks())
                            .containsExactly(unlaunched)));
            assertThat(told).anySatisfy(message -> assertThat(message)
                    .isInstanceOfSatisfying(MasterToAgent.Kill.class, kill -> assertThat(kill.tasks())
                            .extracting(MasterToAgent.KillTask::task)
                            .containsExactly(TaskKey.of(task.framework(), task.id()))));
            back.received(TaskKey.of(unlaunched.framework(), unlaunched.id()));
            assertThat(again.awaitOffer().resources())
                    .isEqualTo(FOUR.minus(task.resources()).minus(unlaunched.resources()));
            back.update(task, TaskState.KILLED, "u2");
            again.acknowledge(again.awaitUpdate(TaskState.KILLED));
            assertThat(back.await(MasterToAgent.Acknowledge.class).updates())
                    .containsExactly(new MasterToAgent.UpdateId(TaskKey.of(task.framework(), task.id()), "u2"));
        }
    }

    @Test
    void anUnacknowledgedEndIsToldToTheNextScheduler() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            Offer offer = scheduler.awaitOffer();
            TaskInfo task = task("t1", offer.agent(), ONE);
            scheduler.accept(offer, task);
            agent.await(MasterToAgent.Launch.class);
            agent.update(task, TaskState.FAILED, "u1");
            scheduler.awaitUpdate(TaskState.FAILED);
            // Not acknowledged: repeated.
            scheduler.awaitUpdate(TaskState.FAILED);
            ScriptedScheduler next = new ScriptedScheduler(harness).subscribe();
            next.acknowledge(next.awaitUpdate(TaskState.FAILED));
            scheduler.await(SchedulerEvent.Ended.class, event -> event.message().equals("Framework failed over"));
            // A second life of an ended id, and a late word about it, are refused without a sound.
            agent.update(task, TaskState.RUNNING, "u0");
            Offer again = next.awaitOffer();
            assertThat(next.accept(again, task)).isEqualTo(new CallAnswer.Done());
            assertThat(agent.awaitAll(MasterToAgent.Kill.class)).isNotEmpty();
            // The scheduler's actor dies: the offers it had return, and the next one gets them.
            next.probe.stop();
            ScriptedScheduler third = new ScriptedScheduler(harness).subscribe();
            assertThat(third.awaitOffer(FOUR).agent()).isEqualTo(agent.info.id());
        }
    }

    @Test
    void aSilentAgentIsGivenUpAndItsTasksComeBackWithIt() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(
                data,
                Map.of(
                        "finback.master.agent-heartbeat", "100 ms",
                        "finback.master.agent-silent-after", "1 s",
                        "finback.master.agent-unreachable-after", "3 s"))) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR).register();
            Offer offer = scheduler.awaitOffer();
            TaskInfo task = task("t1", offer.agent(), ONE);
            scheduler.accept(offer, task);
            agent.await(MasterToAgent.Launch.class);
            agent.received(TaskKey.of(task.framework(), task.id()));
            agent.update(task, TaskState.RUNNING, "u1");
            scheduler.acknowledge(scheduler.awaitUpdate(TaskState.RUNNING));
            agent.fallSilent();
            TaskStatus gone = scheduler.awaitUpdate(TaskState.UNREACHABLE);
            assertThat(gone.uuid()).isEmpty();
            agent.heartbeat();
            agent.await(MasterToAgent.RegisterAgain.class);
            agent.register(new AgentToMaster.KnownTask(task, TaskState.RUNNING));
            assertThat(scheduler.awaitUpdate(TaskState.RUNNING).reason()).contains("AGENT_REREGISTERED");
            assertThat(scheduler.awaitOffer(FOUR.minus(ONE)).agent()).isEqualTo(agent.info.id());
            // Back once more, without the task: it is lost, and what it held is free.
            agent.register();
            scheduler.acknowledge(scheduler.awaitUpdate(TaskState.GONE));
            assertThat(agent.info.id()).isEqualTo(offer.agent());

            // A master that restarts misses agents that never come back.
            Offer whole = scheduler.awaitOfferWith(ONE);
            TaskInfo other = task("t2", whole.agent(), ONE);
            scheduler.accept(whole, other);
            agent.await(MasterToAgent.Launch.class);
            agent.update(other, TaskState.RUNNING, "u3");
            scheduler.acknowledge(scheduler.awaitUpdate(TaskState.RUNNING));
            agent.fallSilent();
            harness.restart();
            ScriptedScheduler later = new ScriptedScheduler(harness).subscribe();
            assertThat(later.awaitUpdate(TaskState.UNREACHABLE).task()).isEqualTo(other.id());
        }
    }

    @Test
    void tasksNobodyKnowsAreKilledAndHoldTheirResourcesUntilThen() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", FOUR);
            TaskInfo orphan = task("ghost", agent.info.id(), ONE);
            agent.register(new AgentToMaster.KnownTask(orphan, TaskState.RUNNING));
            assertThat(agent.await(MasterToAgent.Kill.class).tasks())
                    .extracting(MasterToAgent.KillTask::task)
                    .containsExactly(TaskKey.of(orphan.framework(), orphan.id()));
            assertThat(scheduler.awaitOffer().resources()).isEqualTo(FOUR.minus(ONE));
            agent.update(orphan, TaskState.KILLED, "u1");
            agent.await(MasterToAgent.Acknowledge.class);
            assertThat(scheduler.awaitOffer().resources()).isEqualTo(ONE);
        }
    }
}
