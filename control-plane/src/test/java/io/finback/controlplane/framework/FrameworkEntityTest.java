package io.finback.controlplane.framework;

import static io.finback.controlplane.framework.FrameworkWorld.AGENT;
import static io.finback.controlplane.framework.FrameworkWorld.info;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.framework.FrameworkWorld.Ear;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What outside schedulers may count on about their tasks: updates, kills, reconciliation, partitions, crashes of the master. */
class FrameworkEntityTest {
    private static final CallAnswer DONE = new CallAnswer.Done();
    private static final Duration SOON = Duration.ofMillis(300);

    @RegisterExtension
    final FrameworkWorld world = new FrameworkWorld();

    // -- updates, kills, reconciliation --

    @Test
    void anUpdateIsToldUntilExactlyItIsAcknowledged() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.launched(scheduler, "s1", "t1");
        world.report(task, TaskState.RUNNING, "u1");
        TaskStatus status = world.update(scheduler, TaskState.RUNNING);
        world.tell(new SchedulerCall.Acknowledge(world.caller("s1"), task.id(), "another"));
        assertThat(world.answer()).isEqualTo(DONE);
        world.pass(Duration.ofSeconds(6));
        assertThat(world.update(scheduler, TaskState.RUNNING)).isEqualTo(status);
        world.restart();
        assertThat(world.update(scheduler, TaskState.RUNNING)).isEqualTo(status);
        world.acknowledge("s1", status);
        world.acknowledgedToAgent("u1");
    }

    @Test
    void aKillOfWhatIsNotKnownIsAnsweredAndOneForAnotherAgentIgnored() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        world.tell(new SchedulerCall.Kill(world.caller("s1"), TaskId.of("nobody"), Optional.empty(), Optional.empty()));
        TaskStatus unknown = world.update(scheduler, TaskState.UNKNOWN);
        assertThat(unknown.reason()).contains("RECONCILIATION");
        assertThat(unknown.uuid()).isEmpty();
        world.tell(
                new SchedulerCall.Kill(world.caller("s1"), task.id(), Optional.of(AgentId.of("a2")), Optional.empty()));
        assertThat(world.answer()).isEqualTo(DONE);
        world.tell(new SchedulerCall.Kill(
                world.caller("s1"), task.id(), Optional.of(AGENT), Optional.of(Duration.ofSeconds(7))));
        SessionOrder.Work work = (SessionOrder.Work) world.sessions
                .next(
                        FrameworkWorld.Sent.class,
                        sent -> sent.order() instanceof SessionOrder.Work one
                                && !one.kills().isEmpty())
                .order();
        assertThat(work.kills()).singleElement().satisfies(kill -> assertThat(kill.grace())
                .contains(Duration.ofSeconds(7)));
    }

    @Test
    void reconciliationSaysWhatIsKnownOfTaskAndAgent() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        Instant since = Instant.parse("2025-12-31T00:00:00Z");
        List<AgentStanding> standings = List.of(
                AgentStanding.REGISTERED, AgentStanding.unreachable(since), AgentStanding.GONE, AgentStanding.UNKNOWN);
        List<TaskState> expected =
                List.of(TaskState.GONE, TaskState.UNREACHABLE, TaskState.GONE_BY_OPERATOR, TaskState.UNKNOWN);
        for (int i = 0; i < standings.size(); i++) {
            world.standing = standings.get(i);
            TaskId asked = TaskId.of("stranger-" + i);
            world.tell(new SchedulerCall.Reconcile(
                    world.caller("s1"), List.of(new SchedulerCall.Asked(asked, Optional.of(AGENT)))));
            TaskStatus answer = scheduler
                    .next(
                            SchedulerEvent.Update.class,
                            update -> update.status().task().equals(asked))
                    .status();
            assertThat(answer.state()).isEqualTo(expected.get(i));
            assertThat(answer.source()).isEqualTo(TaskStatus.Source.MASTER);
            assertThat(answer.reason()).contains("RECONCILIATION");
            assertThat(answer.unreachableAt().isPresent()).isEqualTo(i == 1);
        }
        world.standing = AgentStanding.AWAITED;
        world.tell(new SchedulerCall.Reconcile(
                world.caller("s1"), List.of(new SchedulerCall.Asked(TaskId.of("perhaps"), Optional.of(AGENT)))));
        // No answer to that; the implicit one is about what is there.
        world.tell(new SchedulerCall.Reconcile(world.caller("s1"), List.of()));
        TaskStatus there = scheduler.next(SchedulerEvent.Update.class).status();
        assertThat(there.task()).isEqualTo(task.id());
        assertThat(there.state()).isEqualTo(TaskState.RUNNING);
        assertThat(there.uuid()).isEmpty();
    }

    // -- partitions --

    @Test
    void whoKnowsOfPartitionsKeepsItsTasksThroughOne() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        TaskInfo ends = world.running(scheduler, "s1", "t2");
        TaskInfo vanishes = world.running(scheduler, "s1", "t3");
        world.tell(new AgentReport.AgentGone(AGENT, 3, false));
        assertThat(scheduler.next(SchedulerEvent.AgentFailure.class).agent()).isEqualTo(AGENT);
        TaskStatus gone = world.update(scheduler, TaskState.UNREACHABLE);
        assertThat(gone.uuid()).isEmpty();
        assertThat(gone.unreachableAt()).isPresent();
        world.restart();
        world.tell(new AgentReport.AgentBack(
                AGENT,
                4,
                AgentReport.Span.ALL,
                List.of(
                        new AgentReport.Listed(task.id(), TaskState.RUNNING),
                        new AgentReport.Listed(ends.id(), TaskState.FINISHED)),
                List.of()));
        TaskStatus back = world.update(scheduler, TaskState.RUNNING);
        assertThat(back.task()).isEqualTo(task.id());
        assertThat(back.reason()).contains("AGENT_REREGISTERED");
        assertThat(world.update(scheduler, TaskState.GONE).task()).isEqualTo(vanishes.id());
        world.report(ends, TaskState.FINISHED, "end");
        assertThat(world.update(scheduler, TaskState.FINISHED).task()).isEqualTo(ends.id());
    }

    @Test
    void whoDoesNotKnowOfPartitionsLosesItsTasksForGood() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1", info(Duration.ofSeconds(30)));
        TaskInfo task = world.running(scheduler, "s1", "t1");
        world.tell(new AgentReport.AgentGone(AGENT, 3, false));
        TaskStatus lost = world.update(scheduler, TaskState.LOST);
        world.acknowledge("s1", lost);
        world.tell(new AgentReport.AgentBack(
                AGENT,
                4,
                AgentReport.Span.ALL,
                List.of(new AgentReport.Listed(task.id(), TaskState.RUNNING)),
                List.of()));
        world.kill(task);
        world.report(task, TaskState.KILLED, "end");
        world.acknowledgedToAgent("end");
        world.tell(new SchedulerCall.Reconcile(
                world.caller("s1"), List.of(new SchedulerCall.Asked(task.id(), Optional.empty()))));
        assertThat(scheduler.next(SchedulerEvent.Update.class).status().state()).isEqualTo(TaskState.LOST);
    }

    @Test
    void anAgentMarkedGoneTakesItsTasksWithIt() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        world.tell(new AgentReport.AgentGone(AGENT, 3, true));
        TaskStatus gone = world.update(scheduler, TaskState.GONE_BY_OPERATOR);
        assertThat(gone.reason()).contains("AGENT_REMOVED_BY_OPERATOR");
        world.released(task);
        world.acknowledge("s1", gone);
    }

    // -- crashes --

    @Test
    void aTaskLivesThroughARestartAfterEachStep() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        world.restart();
        TaskInfo task = world.task("t1");
        world.accept("s1", List.of(OfferId.of("before")), task);
        assertThat(world.answer()).isEqualTo(DONE);
        world.restart();
        world.grant(world.claim(), task);
        world.launch(task);
        world.restart();
        world.grant(world.claim(), task);
        world.launch(task);
        world.report(task, TaskState.RUNNING, "u1");
        world.update(scheduler, TaskState.RUNNING);
        world.restart();
        TaskStatus running = world.update(scheduler, TaskState.RUNNING);
        world.acknowledge("s1", running);
        world.restart();
        world.tell(new SchedulerCall.Kill(world.caller("s1"), task.id(), Optional.empty(), Optional.empty()));
        assertThat(world.answer()).isEqualTo(DONE);
        world.restart();
        world.pass(Duration.ofSeconds(1));
        world.kill(task);
        world.report(task, TaskState.KILLED, "u2");
        world.update(scheduler, TaskState.KILLED);
        world.restart();
        world.released(task);
        TaskStatus killed = world.update(scheduler, TaskState.KILLED);
        world.acknowledge("s1", killed);
        world.restart();
        // Over for good, whatever is said of it.
        world.report(task, TaskState.RUNNING, "u0");
        world.kill(task);
        world.tell(new SchedulerCall.Reconcile(
                world.caller("s1"), List.of(new SchedulerCall.Asked(task.id(), Optional.empty()))));
        assertThat(scheduler
                        .next(
                                SchedulerEvent.Update.class,
                                update -> update.status().reason().equals(Optional.of("RECONCILIATION")))
                        .status()
                        .state())
                .isEqualTo(TaskState.KILLED);
    }

    @Test
    void whatTheJournalRefusesIsNotAnsweredAndNotDone() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        OfferId offer = world.offer(scheduler);
        world.journal.failNextPersisted("Framework|" + world.id.value());
        world.accept("s1", List.of(offer), world.task("t1"));
        assertThat(world.isUnanswered(SOON)).isTrue();
        // The entity has come back with what it had; the same call again is done.
        world.accept("s1", List.of(offer), world.task("t1"));
        assertThat(world.answer()).isEqualTo(DONE);
        AllocatorMessage.Claim claim = world.claim();
        assertThat(claim.number()).isEqualTo(1);
        world.grant(claim, world.task("t1"));
        world.launch(world.task("t1"));
    }
}
