package io.finback.controlplane.framework;

import static io.finback.controlplane.framework.FrameworkWorld.AGENT;
import static io.finback.controlplane.framework.FrameworkWorld.info;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.FrameworkWorld.Ear;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outside schedulers may count on: subscription, failover, accepts, updates, reconciliation, partitions. */
class FrameworkEntityTest {
    private static final CallAnswer DONE = new CallAnswer.Done();
    private static final Duration SOON = Duration.ofMillis(300);

    private FrameworkWorld world;

    @BeforeEach
    void start() {
        world = new FrameworkWorld();
    }

    @AfterEach
    void stop() {
        world.close();
    }

    // -- subscription --

    @Test
    void onlyTheLatestSubscriptionIsHeard() {
        Ear<SchedulerEvent> first = world.subscribe("s1");
        OfferId offer = world.offer(first);
        Ear<SchedulerEvent> second = world.subscribe("s2");
        assertThat(first.next(SchedulerEvent.Ended.class).message()).isEqualTo("Framework failed over");
        world.tell(new SchedulerCall.Decline(world.caller("s1"), List.of(offer), Duration.ZERO));
        assertRefused(CallAnswer.Why.INVALID, "didn't match");
        world.tell(new SchedulerCall.Revive(world.caller(""), Set.of()));
        assertRefused(CallAnswer.Why.INVALID, "Mesos-Stream-Id");
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
        second.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertRefused(CallAnswer.Why.NOT_SUBSCRIBED, "Framework is not subscribed");
    }

    @Test
    void aFrameworkNobodySubscribedIsNotFoundAndLeavesNothingBehind() {
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of()));
        assertRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
        world.pass(Duration.ofSeconds(1));
        world.tell(new SchedulerCall.Teardown(world.caller(""), true));
        assertRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
        world.journal.expectNothingPersisted("Framework|" + world.id.value());
    }

    @Test
    void whatIsWrongWithASubscriptionEndsTheNewStreamAndNotTheOld() {
        Ear<SchedulerEvent> old = world.subscribe("s1");
        Ear<SchedulerEvent> wrong = world.scheduler();
        FrameworkInfo other = new FrameworkInfo("test", "somebody else", List.of("dev"), Duration.ZERO);
        world.tell(new SchedulerCall.Subscribe(other, Set.of(), OfferConstraints.NONE, Optional.of("s2"), wrong.ref()));
        assertThat(wrong.next(SchedulerEvent.Ended.class).message())
                .contains("Changing framework's principal is not allowed");
        world.offer(old);
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
    }

    @Test
    void anUpdateIsDurableAndRescindsOffersOfRolesThatWent() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        OfferId offer = world.offer(scheduler);
        FrameworkInfo before = info(Duration.ofSeconds(30), Capability.PARTITION_AWARE);
        FrameworkInfo after = new FrameworkInfo(
                before.name(),
                before.principal(),
                List.of("ops"),
                before.failoverTimeout(),
                before.user(),
                before.capabilities(),
                before.checkpoint(),
                before.hostname(),
                before.webuiUrl(),
                before.labels(),
                before.minimums());
        world.tell(new SchedulerCall.Update(world.caller("s1"), after, Set.of("dev"), OfferConstraints.NONE));
        assertRefused(CallAnswer.Why.INVALID, "suppressed_roles: role 'dev'");
        world.tell(new SchedulerCall.Update(world.caller("s1"), after, Set.of("ops"), OfferConstraints.NONE));
        assertThat(world.answer()).isEqualTo(DONE);
        assertThat(scheduler.next(SchedulerEvent.Rescind.class).offers()).containsExactly(offer);
        world.restart();
        AllocatorMessage.Interest interest = world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().roles().contains("ops"));
        assertThat(interest.spec().suppressed()).containsExactly("ops");
    }

    @Test
    void suppressedRolesSurviveTheMaster() {
        world.subscribe("s1");
        world.tell(new SchedulerCall.Suppress(world.caller("s1"), Set.of("dev", "not mine")));
        assertThat(world.answer()).isEqualTo(DONE);
        world.restart();
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of("dev")));
        assertThat(world.answer()).isEqualTo(DONE);
        world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().suppressed().equals(Set.of("dev")));
        world.allocator.next(
                AllocatorMessage.Revive.class, message -> message.roles().equals(Set.of("dev")));
        world.restart();
        world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().suppressed().isEmpty());
    }

    // -- failover and removal --

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFrameworkThatDoesNotComeBackIsRemoved(boolean withRestart) {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.pass(Duration.ofSeconds(29));
        if (withRestart) {
            world.restart();
            world.pass(Duration.ofSeconds(29));
        }
        world.pass(Duration.ofSeconds(2));
        world.kill(task);
        Ear<SchedulerEvent> late = world.scheduler();
        world.tell(new SchedulerCall.Subscribe(
                info(Duration.ZERO), Set.of(), OfferConstraints.NONE, Optional.of("s2"), late.ref()));
        assertThat(late.next(SchedulerEvent.Ended.class).message()).isEqualTo("Framework has been removed");
        world.report(task, TaskState.KILLED, "end");
        world.acknowledgedToAgent("end");
        world.released(task);
        world.views.next(
                FrameworkDelta.class,
                delta -> delta.tornDown()
                        && delta.tasks().stream()
                                .anyMatch(one -> one.status().reason().equals(Optional.of("FRAMEWORK_REMOVED"))));
    }

    @Test
    void aFrameworkThatComesBackInTimeHearsWhatItHasNotTaken() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.launched(scheduler, "s1", "t1");
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.report(task, TaskState.FINISHED, "end");
        world.pass(Duration.ofSeconds(29));
        Ear<SchedulerEvent> again = world.subscribe("s2");
        world.pass(Duration.ofSeconds(29));
        world.acknowledge("s2", world.update(again, TaskState.FINISHED));
        world.acknowledgedToAgent("end");
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
    }

    @Test
    void withoutFailoverTimeoutADisconnectIsTheEndButNotThatOfAMaster() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1", info(Duration.ZERO));
        TaskInfo task = world.running(scheduler, "s1", "t1");
        // The master goes, and the scheduler's connection with it.
        world.restart();
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.pass(Duration.ofMinutes(9));
        Ear<SchedulerEvent> again = world.subscribe("s2", info(Duration.ZERO));
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
        again.stop();
        world.kill(task);
    }

    @Test
    void aTeardownKillsUntilItIsDone() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        TaskInfo claimed = world.task("t2");
        world.accept("s1", List.of(world.offer(scheduler)), claimed);
        AllocatorMessage.Claim claim = world.claim();
        world.tell(new SchedulerCall.Teardown(world.caller("s1"), false));
        assertThat(world.answer()).isEqualTo(DONE);
        scheduler.next(SchedulerEvent.Disconnected.class);
        world.pass(Duration.ofSeconds(1));
        world.kill(task);
        world.restart();
        world.pass(Duration.ofSeconds(1));
        world.kill(task);
        world.grant(world.claim(), claimed);
        assertThat(claim.number()).isPositive();
        // It may have been launched before the restart: its agent says.
        world.tell(new AgentReport.AgentBack(
                AGENT,
                7,
                AgentReport.Span.ALL,
                List.of(new AgentReport.Listed(task.id(), TaskState.RUNNING)),
                List.of()));
        world.kill(task);
        world.report(task, TaskState.KILLED, "end");
        world.acknowledgedToAgent("end");
        world.released(task);
        world.tell(new SchedulerCall.Teardown(world.caller(""), true));
        assertRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
    }

    // -- accept --

    @Test
    void eachWrongTaskEndsAndTheOthersAreLaunched() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo good = world.task("good");
        TaskInfo elsewhere = new TaskInfo(
                TaskId.of("elsewhere"),
                "x",
                world.id,
                AgentId.of("a2"),
                FrameworkWorld.ONE,
                good.command(),
                Optional.empty(),
                good.labels());
        TaskInfo empty = new TaskInfo(
                TaskId.of("empty"),
                "x",
                world.id,
                AGENT,
                Resources.EMPTY,
                good.command(),
                Optional.empty(),
                good.labels());
        SchedulerCall.Operation launch = new SchedulerCall.Operation.Launch(
                List.of(elsewhere, good, empty, good),
                List.of(
                        new SchedulerCall.Operation.Rejected("a/b", AGENT, "task_id: no"),
                        new SchedulerCall.Operation.Rejected("limits", AGENT, "limits: no")));
        world.tell(new SchedulerCall.Accept(
                world.caller("s1"), List.of(world.offer(scheduler)), List.of(launch), Duration.ZERO));
        assertThat(world.answer()).isEqualTo(DONE);
        AllocatorMessage.Claim claim = world.claim();
        assertThat(claim.steps()).singleElement().satisfies(step -> assertThat(step.tasks())
                .extracting(AllocatorMessage.ClaimedTask::task)
                .containsExactly(good.id()));
        assertThat(error(scheduler, "elsewhere")).contains("agent_id: a2 (expected: a1");
        assertThat(error(scheduler, "empty")).contains("resources: none");
        assertThat(error(scheduler, "limits")).contains("limits: no");
        SchedulerEvent.TaskRejected unnamed = scheduler.next(
                SchedulerEvent.TaskRejected.class, event -> event.task().equals("a/b"));
        assertThat(unnamed.reason()).isEqualTo("TASK_INVALID");
        scheduler.next(SchedulerEvent.TaskRejected.class, event -> event.task().equals("good"));
        world.grant(claim, good);
        world.launch(good);
    }

    @Test
    void aTaskIdIsTakenWhileItsTaskLivesOrIsUnreachable() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        world.tell(new AgentReport.AgentGone(AGENT, 3, false));
        world.update(scheduler, TaskState.UNREACHABLE);
        OfferId offer = world.offer(scheduler);
        world.accept("s1", List.of(offer), task);
        assertThat(world.answer()).isEqualTo(DONE);
        assertThat(scheduler.next(SchedulerEvent.TaskRejected.class).message()).contains("TASK_UNREACHABLE");
        // Nothing was launched: the offer goes back.
        world.allocator.next(
                AllocatorMessage.Decline.class, message -> message.offers().contains(offer));
    }

    @Test
    void groupsAndUnsupportedOperationsAreRefusedWhole() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo good = world.task("g1");
        TaskInfo foreign = new TaskInfo(
                TaskId.of("g2"),
                "g2",
                world.id,
                AgentId.of("elsewhere"),
                good.resources(),
                good.command(),
                Optional.empty(),
                good.labels());
        world.tell(new SchedulerCall.Accept(
                world.caller("s1"),
                List.of(world.offer(scheduler)),
                List.of(
                        new SchedulerCall.Operation.LaunchGroup(List.of(good, foreign), List.of()),
                        new SchedulerCall.Operation.Unsupported(Optional.of("grow"), "GROW_VOLUME")),
                Duration.ZERO));
        assertThat(world.answer()).isEqualTo(DONE);
        for (String task : List.of("g1", "g2")) {
            TaskStatus status = scheduler
                    .next(
                            SchedulerEvent.Update.class,
                            update -> update.status().task().equals(TaskId.of(task)))
                    .status();
            assertThat(status.state()).isEqualTo(TaskState.ERROR);
            assertThat(status.reason()).contains("TASK_GROUP_INVALID");
            assertThat(status.message())
                    .contains("task g2 of the group: agent_id: elsewhere (expected: a1, the agent of the offers)");
            assertThat(status.source()).isEqualTo(TaskStatus.Source.MASTER);
        }
        SchedulerEvent.OperationUpdate grow = scheduler.next(SchedulerEvent.OperationUpdate.class);
        assertThat(grow.state()).isEqualTo(SchedulerEvent.OperationState.ERROR);
        assertThat(grow.message().orElseThrow()).contains("GROW_VOLUME: not supported");
    }

    @Test
    void anAcceptOverTheLimitIsRefusedAndNothingIsDone() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        OfferId offer = world.offer(scheduler);
        TaskInfo[] many = new TaskInfo[21];
        for (int i = 0; i < many.length; i++) {
            many[i] = world.task("t" + i);
        }
        world.accept("s1", List.of(offer), many);
        assertRefused(CallAnswer.Why.INVALID, "21 tasks (expected: at most 20)");
        world.accept("s1", List.of(offer), world.task("one"));
        assertThat(world.claim().offers()).containsExactly(offer);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void offersThatDoNotStandEndTheirTasks(boolean partitionAware) {
        Ear<SchedulerEvent> scheduler = world.subscribe(
                "s1", partitionAware ? info(Duration.ZERO, Capability.PARTITION_AWARE) : info(Duration.ZERO));
        TaskState lost = partitionAware ? TaskState.DROPPED : TaskState.LOST;
        TaskInfo task = world.task("t1");
        world.accept("s1", List.of(OfferId.of("unknown")), task);
        AllocatorMessage.Claim claim = world.claim();
        world.fromAllocator(new AllocationEvent.ClaimAnswered(
                claim.number(),
                claim.agent(),
                List.of(),
                List.of(new AllocationEvent.RefusedTask(
                        task.id(), AllocationEvent.Refusal.INVALID_OFFERS, "no such offers")),
                List.of(),
                List.of()));
        TaskStatus status = world.update(scheduler, lost);
        assertThat(status.reason()).contains("INVALID_OFFERS");
        world.acknowledge("s1", status);
        world.accept("s1", List.of(), world.task("t2"));
        assertThat(world.update(scheduler, lost).reason()).contains("INVALID_OFFERS");
    }

    @Test
    void operationsAreDoneInOrderAndTheirEndIsToldUntilItIsTaken() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.task("t1");
        ResourceOperation reserve = new ResourceOperation("theirs", ResourceOperation.Type.RESERVE, FrameworkWorld.ONE);
        world.tell(new SchedulerCall.Accept(
                world.caller("s1"),
                List.of(world.offer(scheduler)),
                List.of(
                        new SchedulerCall.Operation.Change(Optional.of("op"), reserve),
                        new SchedulerCall.Operation.Launch(List.of(task)),
                        new SchedulerCall.Operation.Change(Optional.empty(), reserve)),
                Duration.ZERO));
        assertThat(world.answer()).isEqualTo(DONE);
        AllocatorMessage.Claim first = world.claim();
        assertThat(first.steps()).hasSize(3);
        assertThat(first.claimant()).isEqualTo(new AllocatorMessage.Claimant(Set.of("dev"), Optional.of("me"), false));
        world.restart();
        // The same again, under the same names, so that it changes nothing if it was done.
        AllocatorMessage.Claim claim = world.claim();
        assertThat(claim.steps()).isEqualTo(first.steps());
        List<String> ids = claim.steps().stream()
                .flatMap(step -> step.change().stream())
                .map(ResourceOperation::id)
                .toList();
        assertThat(ids).doesNotHaveDuplicates();
        world.fromAllocator(new AllocationEvent.ClaimAnswered(
                claim.number(),
                claim.agent(),
                List.of(task.id()),
                List.of(),
                List.of(ids.get(0)),
                List.of(new AllocationEvent.RefusedChange(ids.get(1), AllocationEvent.Refusal.INVALID, "no"))));
        SchedulerEvent.OperationUpdate done = scheduler.next(SchedulerEvent.OperationUpdate.class);
        assertThat(done.operation()).isEqualTo("op");
        assertThat(done.state()).isEqualTo(SchedulerEvent.OperationState.FINISHED);
        world.launch(task);
        world.pass(Duration.ofSeconds(6));
        assertThat(scheduler.next(SchedulerEvent.OperationUpdate.class)).isEqualTo(done);
        world.tell(new SchedulerCall.AcknowledgeOperation(
                world.caller("s1"), "op", done.uuid().orElseThrow()));
        assertThat(world.answer()).isEqualTo(DONE);
        world.tell(new SchedulerCall.ReconcileOperations(world.caller("s1"), List.of("op")));
        assertThat(scheduler.next(SchedulerEvent.OperationUpdate.class).state())
                .isEqualTo(SchedulerEvent.OperationState.UNKNOWN);
    }

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

    private String error(Ear<SchedulerEvent> scheduler, String task) {
        TaskStatus status = scheduler
                .next(
                        SchedulerEvent.Update.class,
                        update -> update.status().task().equals(TaskId.of(task)))
                .status();
        assertThat(status.state()).isEqualTo(TaskState.ERROR);
        assertThat(status.reason()).contains("TASK_INVALID");
        assertThat(status.source()).isEqualTo(TaskStatus.Source.MASTER);
        return status.message().orElseThrow();
    }

    private void assertRefused(CallAnswer.Why why, String message) {
        assertThat(world.answer()).isInstanceOfSatisfying(CallAnswer.Refused.class, refused -> {
            assertThat(refused.why()).isEqualTo(why);
            assertThat(refused.message()).contains(message);
        });
    }
}
