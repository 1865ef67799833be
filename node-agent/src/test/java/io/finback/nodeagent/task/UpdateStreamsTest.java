package io.finback.nodeagent.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UpdateStreamsTest {
    private static final long SECOND = 1_000_000_000L;

    private final UpdateStreams streams = new UpdateStreams(Duration.ofSeconds(2), Duration.ofSeconds(5));

    @Test
    void onlyTheHeadOfEachTaskIsInFlight() {
        streams.add(status("a", "a1"));
        streams.add(status("a", "a2"));
        streams.add(status("b", "b1"));

        assertThat(said(0)).containsExactly("a1", "b1");
        assertThat(streams.acknowledge(Tasks.key("a"), "a2")).isFalse();
        assertThat(said(0)).isEmpty();
        assertThat(streams.acknowledge(Tasks.key("a"), "a1")).isTrue();
        assertThat(said(0)).containsExactly("a2");
        assertThat(streams.acknowledge(Tasks.key("a"), "a1")).isFalse();
        assertThat(streams.acknowledge(Tasks.key("a"), "a2")).isTrue();
        assertThat(streams.acknowledge(Tasks.key("a"), "a2")).isFalse();
        assertThat(streams.size()).isEqualTo(1);
    }

    @Test
    void saysItAgainEverLessOften() {
        streams.add(status("a", "a1"));
        assertThat(said(0)).hasSize(1);
        assertThat(said(2 * SECOND - 1)).isEmpty();
        assertThat(said(2 * SECOND)).hasSize(1);
        assertThat(said(6 * SECOND - 1)).isEmpty();
        assertThat(said(6 * SECOND)).hasSize(1);
        assertThat(said(11 * SECOND - 1)).isEmpty();
        assertThat(said(11 * SECOND)).hasSize(1);
        assertThat(said(16 * SECOND)).hasSize(1);
    }

    @Test
    void aNewRegistrationSaysAllAtOnceAndBeginsAnew() {
        streams.add(status("a", "a1"));
        assertThat(said(0)).hasSize(1);
        assertThat(said(2 * SECOND)).hasSize(1);
        streams.reset();
        assertThat(said(2 * SECOND)).hasSize(1);
        assertThat(said(4 * SECOND)).hasSize(1);
    }

    @Test
    void takesAnUpdateOnceAndKeepsBatchesSmall() {
        streams.add(status("a", "a1"));
        streams.add(status("a", "a1"));
        streams.add(status("b", "b1"));
        streams.add(status("c", "c1"));
        assertThat(streams.size()).isEqualTo(3);
        assertThat(streams.due(0, 2)).hasSize(2);
        assertThat(streams.due(0, 2)).hasSize(1);
    }

    @Test
    void anotherFrameworksTaskOfTheSameIdHasAStreamOfItsOwn() {
        FrameworkId other = FrameworkId.of("framework-2");
        streams.add(status("a", "a1"));
        streams.add(status(other, "a", "b1"));
        assertThat(said(0)).containsExactly("a1", "b1");
        assertThat(streams.acknowledge(TaskKey.of(other, TaskId.of("a")), "a1")).isFalse();
        assertThat(streams.acknowledge(TaskKey.of(other, TaskId.of("a")), "b1")).isTrue();
        assertThat(streams.size()).isEqualTo(1);
    }

    private List<String> said(long nanos) {
        return streams.due(nanos, 100).stream()
                .map(update -> update.uuid().orElseThrow())
                .toList();
    }

    private static TaskStatus status(String task, String uuid) {
        return status(Tasks.FRAMEWORK, task, uuid);
    }

    private static TaskStatus status(FrameworkId framework, String task, String uuid) {
        return new TaskStatus(
                TaskId.of(task),
                framework,
                Tasks.AGENT,
                TaskState.RUNNING,
                TaskStatus.Source.EXECUTOR,
                Optional.of(uuid),
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
