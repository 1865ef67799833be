package io.finback.controlplane.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameworkBookTest {
    private static final FrameworkId FRAMEWORK = FrameworkId.of("f");

    private final List<ClusterEvent> events = new ArrayList<>();
    private final Map<TaskState, Long> ended = new EnumMap<>(TaskState.class);
    private final FrameworkBook book = new FrameworkBook(delta(1, 0, true));

    @Test
    void saysWhatBecameOfATaskOnce() {
        apply(delta(1, 1, true, task("t", TaskState.STAGING)));
        apply(delta(1, 1, true, task("t", TaskState.STAGING)));
        apply(delta(1, 2, true, task("t", TaskState.RUNNING)));
        apply(delta(1, 3, true, task("t", TaskState.FINISHED)));
        apply(delta(1, 4, true, task("t", TaskState.FINISHED)));
        assertThat(events)
                .containsExactly(
                        new ClusterEvent.TaskAdded(task("t", TaskState.STAGING)),
                        new ClusterEvent.TaskUpdated(task("t", TaskState.RUNNING)),
                        new ClusterEvent.TaskUpdated(task("t", TaskState.FINISHED)));
        assertThat(book.snapshot().tasks()).isEmpty();
        assertThat(book.snapshot().completed()).containsExactly(task("t", TaskState.FINISHED));
        assertThat(ended).containsEntry(TaskState.FINISHED, 1L);
    }

    @Test
    void anEndedTaskDoesNotComeBack() {
        apply(delta(1, 1, true, task("t", TaskState.KILLED)));
        apply(delta(1, 2, true, task("t", TaskState.RUNNING)));
        assertThat(book.snapshot().tasks()).isEmpty();
        assertThat(book.snapshot().completed()).hasSize(1);
    }

    @Test
    void showsTheOldTasksUntilTheNextIncarnationHasNamedAll() {
        apply(delta(1, 1, true, task("kept", TaskState.RUNNING), task("gone", TaskState.RUNNING)));
        events.clear();
        apply(delta(2, 1, true));
        assertThat(book.snapshot().tasks()).hasSize(2);
        apply(delta(2, 1, true, task("kept", TaskState.RUNNING)));
        book.wasDescribed();
        assertThat(book.snapshot().tasks()).containsExactly(task("kept", TaskState.RUNNING));
        assertThat(events).isEmpty();
        apply(delta(1, 9, false, task("ghost", TaskState.RUNNING)));
        assertThat(book.snapshot().connected()).isTrue();
        assertThat(book.snapshot().tasks()).hasSize(1);
    }

    @Test
    void whatEndedWhileNobodyListenedIsSaidLater() {
        apply(delta(1, 1, true, task("t", TaskState.RUNNING)));
        book.wasDescribed();
        events.clear();
        apply(delta(1, 7, true, task("t", TaskState.FAILED), task("short", TaskState.FINISHED)));
        assertThat(events)
                .containsExactly(
                        new ClusterEvent.TaskUpdated(task("t", TaskState.FAILED)),
                        new ClusterEvent.TaskAdded(task("short", TaskState.FINISHED)),
                        new ClusterEvent.TaskUpdated(task("short", TaskState.FINISHED)));
    }

    @Test
    void remembersOnlyTheLastThousandThatEnded() {
        for (int i = 0; i < 1_005; i++) {
            apply(delta(1, i, true, task("t" + i, TaskState.FINISHED)));
        }
        assertThat(book.snapshot().completed()).hasSize(1_000);
        assertThat(book.snapshot().completed()).doesNotContain(task("t4", TaskState.FINISHED));
        assertThat(ended).containsEntry(TaskState.FINISHED, 1_005L);
    }

    @Test
    void saysThatTheFrameworkChangedOrLeft() {
        apply(delta(1, 1, false));
        assertThat(events).hasSize(1);
        assertThat(events.get(0)).isInstanceOf(ClusterEvent.FrameworkUpdated.class);
        assertThat(book.follows(delta(1, 2, true))).isTrue();
        assertThat(book.follows(delta(1, 3, true))).isFalse();
        assertThat(book.follows(delta(2, 1, true))).isFalse();
    }

    @Test
    void operationsAreKeptUntilTheyAreOverOrAnotherIncarnationDoesNotNameThem() {
        apply(with(1, 2, List.of(operation("a"), operation("b"), operation("c")), List.of()));
        apply(with(1, 3, List.of(operation("d")), List.of("b")));
        assertThat(operations()).containsExactlyInAnyOrder("a", "c", "d");
        apply(with(2, 1, List.of(operation("c")), List.of()));
        assertThat(operations()).as("until it is described").contains("a");
        book.wasDescribed();
        assertThat(operations()).containsExactly("c");
    }

    private List<String> operations() {
        return book.snapshot().operations().stream()
                .map(FrameworkDelta.Operation::id)
                .toList();
    }

    private static FrameworkDelta.Operation operation(String id) {
        return new FrameworkDelta.Operation(
                id,
                Optional.empty(),
                SchedulerEvent.OperationState.PENDING,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static FrameworkDelta with(
            long epoch, long number, List<FrameworkDelta.Operation> operations, List<String> over) {
        FrameworkDelta plain = delta(epoch, number, true);
        return new FrameworkDelta(
                plain.framework(),
                epoch,
                number,
                plain.info(),
                plain.registeredAt(),
                true,
                false,
                List.of(),
                true,
                Set.of(),
                OfferConstraints.NONE,
                Optional.empty(),
                Optional.empty(),
                operations,
                over);
    }

    private void apply(FrameworkDelta delta) {
        book.apply(delta, ended, events::add);
    }

    private static FrameworkDelta delta(long epoch, long number, boolean connected, FrameworkDelta.Task... tasks) {
        return new FrameworkDelta(
                FRAMEWORK,
                epoch,
                number,
                Optional.of(new FrameworkInfo("demo", "", List.of("*"), Duration.ZERO)),
                Optional.of(Instant.EPOCH),
                connected,
                false,
                List.of(tasks),
                true,
                Set.of(),
                OfferConstraints.NONE,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of());
    }

    private static FrameworkDelta.Task task(String id, TaskState state) {
        return new FrameworkDelta.Task(
                TaskId.of(id),
                id,
                AgentId.of("a"),
                Resources.of(1, 1, 0),
                Map.of(),
                new TaskStatus(
                        TaskId.of(id),
                        FRAMEWORK,
                        AgentId.of("a"),
                        state,
                        TaskStatus.Source.AGENT,
                        Optional.empty(),
                        Instant.EPOCH,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }
}
