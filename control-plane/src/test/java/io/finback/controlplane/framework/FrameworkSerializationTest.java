package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
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
                        new FrameworkInfo("n", "p", List.of("*"), Duration.ofDays(1)), "akka://x", Instant.EPOCH)),
                true,
                true,
                List.of(new FrameworkEvent.TasksAccepted(
                        List.of(OfferId.of("o")), Duration.ofSeconds(5), List.of(task), Instant.EPOCH)),
                List.of(new FrameworkEvent.KillWanted(task.id(), Optional.of(Duration.ofSeconds(1)))),
                List.of(Statuses.byMaster(task, TaskState.LOST, "R", "m", Instant.EPOCH)),
                List.of(new FrameworkEvent.Acknowledged(task.id(), "u")));
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
