package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameworkSerializationTest {
    @Test
    void eventAndSnapshotSurviveTheJournal() {
        TaskInfo task = new TaskInfo(
                TaskId.of("t"),
                "t",
                FrameworkId.of("f"),
                AgentId.of("a"),
                Resources.of(1, 2, 3),
                CommandInfo.shell("true", Map.of("A", "b")),
                Optional.of(Duration.ofSeconds(3)),
                Map.of("k", "v"));
        FrameworkEvent event = new FrameworkEvent(
                Optional.of(new FrameworkEvent.Subscribed(
                        new FrameworkInfo("n", "p", List.of("*"), Duration.ofDays(1)),
                        "akka://x",
                        Instant.EPOCH,
                        Optional.of("stream"),
                        Set.of("*"),
                        OfferConstraints.NONE)),
                true,
                true,
                List.of(new FrameworkEvent.TasksAccepted(
                        List.of(OfferId.of("o")),
                        Duration.ofSeconds(5),
                        List.of(task),
                        Instant.EPOCH,
                        Optional.of(task.agent()),
                        List.of(
                                FrameworkEvent.Step.launch(List.of(task.id())),
                                new FrameworkEvent.Step(
                                        List.of(),
                                        Optional.of(new ResourceOperation(
                                                "1-1", ResourceOperation.Type.RESERVE, Resources.of(1, 0, 0))),
                                        Optional.of("op"))))),
                List.of(new FrameworkEvent.KillWanted(task.id(), Optional.of(Duration.ofSeconds(1)))),
                List.of(Statuses.byMaster(task, TaskState.LOST, "R", "m", Instant.EPOCH)),
                List.of(),
                true,
                Optional.empty(),
                Optional.of(new FrameworkEvent.Left(Instant.EPOCH, Optional.of(Instant.EPOCH))),
                Optional.empty(),
                List.of(),
                List.of(new OperationRecord(
                        "op",
                        Optional.of(task.agent()),
                        SchedulerEvent.OperationState.PENDING,
                        Optional.empty(),
                        Optional.empty(),
                        Instant.EPOCH,
                        Optional.of(
                                new ResourceOperation("id", ResourceOperation.Type.RESERVE, Resources.of(1, 1, 0))))),
                List.of());
        FrameworkSnapshot snapshot = new FrameworkState().apply(event).snapshot();
        ActorTestKit kit = ActorTestKit.create();
        try {
            assertThat(kit.serializationTestKit().verifySerialization(event, true))
                    .isEqualTo(event);
            assertThat(kit.serializationTestKit().verifySerialization(snapshot, true))
                    .isEqualTo(snapshot);
        } finally {
            kit.shutdownTestKit();
        }
    }
}
