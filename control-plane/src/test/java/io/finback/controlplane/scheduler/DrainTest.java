package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.tasks.TaskState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Instances leave a host without their app ever falling below what it states as available, until the deadline. */
class DrainTest {
    private static final DrainBook HOST1 =
            new DrainBook(Map.of("host1", new DrainBook.Drain("host1", Examples.NOW, Examples.NOW.plusSeconds(60))));
    private static final Listening DRAINED = Listening.UNKNOWN.withDrains(HOST1);

    private static AppState settle(AppState state, long seconds) {
        return AppEvent.fold(
                state, InstancePlanner.settle(state, Examples.NOW.plusSeconds(seconds), DRAINED, () -> UUID.randomUUID()
                        .toString()));
    }

    private static AppState place(AppState state, String taskId, String host) {
        return new AppEvent.InstancesPlaced(
                        Map.of(taskId, new Instance.Place("a", host, List.of(31000), Map.of(), Examples.NOW)))
                .applyTo(state);
    }

    private static long on(AppState state, String host) {
        return state.instances().values().stream()
                .filter(i -> i.place().filter(p -> p.host().equals(host)).isPresent())
                .count();
    }

    private static long ready(AppState state) {
        return state.instances().values().stream().filter(Instance::ready).count();
    }

    @Test
    void whatHasVolumesStaysUntilTheDeadline() {
        AppState state = Examples.running(Examples.resident(2));
        AppState before = settle(state, 30);
        assertThat(before.instances().values()).hasSize(2).noneMatch(Instance::doomed);
        AppState after = settle(state, 60);
        assertThat(after.instances().values()).hasSize(2).allMatch(Instance::doomed);
    }

    @Test
    void neverFallsBelowItsMinimumAndEndsElsewhereWhateverTheOrder() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            int instances = 1 + random.nextInt(6);
            double minimum = random.nextInt(3) / 2.0;
            double over = random.nextInt(3) / 2.0;
            AppState state = Examples.running(Examples.app("v1", instances, minimum, over));
            int needed = (int) Math.ceil(instances * minimum);
            state = settle(state, 0);
            for (int step = 0; step < 400 && (on(state, "host1") > 0 || ready(state) < instances); step++) {
                List<Instance> all = new ArrayList<>(state.instances().values());
                Instance some = all.get(random.nextInt(all.size()));
                if (!some.launched()) {
                    state = place(state, some.taskId(), "host2");
                } else if (some.doomed()) {
                    state = AppEvent.fold(
                            state, TaskReport.events(state, Examples.status(some.taskId(), TaskState.KILLED)));
                } else {
                    state = Examples.run(state, some.taskId());
                }
                state = settle(state, 1);
                assertThat(ready(state)).as("seed %d", seed).isGreaterThanOrEqualTo(needed);
            }
            assertThat(on(state, "host1")).as("seed %d", seed).isZero();
            assertThat(ready(state)).as("seed %d", seed).isEqualTo(instances);
            assertThat(state.instances()).as("seed %d", seed).hasSize(instances);
        }
    }

    @Test
    void theDeadlineHasTheLastWord() {
        AppState state = settle(Examples.running(Examples.app("v1", 3, 1, 0)), 59);
        assertThat(ready(state)).isEqualTo(3);
        // Nothing could be placed elsewhere in time.
        state = settle(state, 60);
        assertThat(ready(state)).isZero();
        assertThat(state.instances().values().stream().filter(Instance::doomed)).hasSize(3);
    }

    @Test
    void aScaleIsDoneWhileItsInstancesMove() {
        AppState state = Examples.running(Examples.app("v1", 2, 1, 0));
        assertThat(InstancePlanner.plan(state, Examples.NOW, DRAINED).done()).isTrue();
    }
}
