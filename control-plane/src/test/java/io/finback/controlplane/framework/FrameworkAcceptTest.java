package io.finback.controlplane.framework;

import static io.finback.controlplane.framework.FrameworkWorld.AGENT;
import static io.finback.controlplane.framework.FrameworkWorld.info;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outside schedulers may count on about what they accept offers with: tasks, groups and other operations. */
class FrameworkAcceptTest {
    private static final CallAnswer DONE = new CallAnswer.Done();

    @RegisterExtension
    final FrameworkWorld world = new FrameworkWorld();

    @Test
    void eachWrongTaskEndsAndTheOthersAreLaunched() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo good = world.task("good");
        TaskInfo elsewhere = onAnotherAgent("elsewhere", good);
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
        TaskInfo foreign = onAnotherAgent("g2", good);
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
                    .contains("task g2 of the group: agent_id: a2 (expected: a1, the agent of the offers)");
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
        world.expectRefused(CallAnswer.Why.INVALID, "21 tasks (expected: at most 20)");
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

    private TaskInfo onAnotherAgent(String id, TaskInfo like) {
        return new TaskInfo(
                TaskId.of(id),
                "x",
                world.id,
                AgentId.of("a2"),
                like.resources(),
                like.command(),
                Optional.empty(),
                like.labels());
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
}
