package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.DeploymentConduct.Order;
import io.finback.controlplane.scheduler.DeploymentConduct.Standing;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Canaries, batches, pauses and pulses of deployments, off by default. */
class ConductTest {
    private AppState state = AppState.empty("/shop/api");
    private Instant now = Examples.NOW.plusSeconds(9);

    @Test
    void oneCanaryRunsUntilSomebodyLetsTheOthersFollow() {
        restart(10, 1, 1, Map.of(DeploymentConduct.CANARY, "1"));
        converge();
        assertThat(fresh()).isEqualTo(1);
        assertThat(old()).isEqualTo(9);
        assertThat(pace().standing()).isEqualTo(Standing.AWAITING_APPROVAL);
        tell(Order.RESUME);
        converge();
        assertThat(fresh()).isEqualTo(10);
        assertThat(old()).isZero();
        assertThat(InstancePlanner.plan(state, now).done()).isTrue();
    }

    @Test
    void aCanaryThatDoesNotRunTakesNobodyAlong() {
        restart(4, 1, 1, Map.of(DeploymentConduct.CANARY, "1"));
        state = Examples.settle(state);
        assertThat(Examples.ofCommand(state, true)).hasSize(1);
        // Letting it go on before the canary is there lets nobody through.
        tell(Order.RESUME);
        state = Examples.settle(state);
        assertThat(Examples.ofCommand(state, true)).hasSize(1);
        assertThat(old()).isEqualTo(4);
    }

    @Test
    void batchesAreCompleteBeforeTheNextBegins() {
        restart(10, 0.5, 0, Map.of(DeploymentConduct.BATCHES, "1,3"));
        assertThat(DeploymentConduct.ends(state.current().orElseThrow().definition()))
                .containsExactly(1, 4, 7, 10);
        List<Integer> seen = new ArrayList<>();
        while (!InstancePlanner.plan(state, now).done()) {
            state = Examples.settle(state);
            int begun = Examples.ofCommand(state, true).size();
            int complete = InstancePlanner.updated(state, Listening.UNKNOWN);
            int limit = complete < 1 ? 1 : complete < 4 ? 4 : complete < 7 ? 7 : 10;
            assertThat(begun).isLessThanOrEqualTo(limit);
            assertThat(running()).isGreaterThanOrEqualTo(5);
            seen.add(begun);
            state = Examples.endDoomed(state);
            state = Examples.runAll(state);
            assertThat(seen).hasSizeLessThan(60);
        }
        assertThat(fresh()).isEqualTo(10);
        assertThat(seen).contains(1, 4, 7, 10);
    }

    @Test
    void itWaitsAfterEachBatchIfItsLabelsSaySo() {
        restart(3, 1, 1, Map.of(DeploymentConduct.BATCHES, "1", DeploymentConduct.AUTOPAUSE, "true"));
        for (int done = 1; done <= 3; done++) {
            converge();
            assertThat(fresh()).isEqualTo(done);
            tell(Order.RESUME);
        }
        converge();
        assertThat(old()).isZero();
    }

    @Test
    void aPausedDeploymentStandsStillAndReplacesWhatIsLost() {
        restart(6, 1, 0, Map.of());
        state = round(round(state));
        tell(Order.PAUSE);
        converge();
        int begun = fresh();
        assertThat(begun).isBetween(1, 5);
        assertThat(fresh() + old()).isEqualTo(6);
        assertThat(pace().standing()).isEqualTo(Standing.PAUSED);
        Instance lost = Examples.ofCommand(state, false).get(0);
        state = AppEvent.fold(state, TaskReport.events(state, Examples.status(lost.taskId(), TaskState.FAILED)));
        converge();
        assertThat(fresh() + old()).isEqualTo(6);
        assertThat(fresh()).isEqualTo(begun + 1);
        tell(Order.RESUME);
        converge();
        assertThat(fresh()).isEqualTo(6);
    }

    @Test
    void aPausedScaleStandsStillToo() {
        state = Examples.running(app("v1", 2, 1, 1, Map.of()));
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        app("v1", 5, 1, 1, Map.of()),
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        now));
        state = Examples.order(state, "d1", 0, Kind.SCALE);
        tell(Order.PAUSE);
        converge();
        assertThat(state.instances()).hasSize(2);
        tell(Order.RESUME);
        converge();
        assertThat(state.instances()).hasSize(5);
    }

    @Test
    void withoutPulsesItStandsStill() {
        restart(4, 1, 0, Map.of(DeploymentConduct.PULSE, "60"));
        converge();
        assertThat(fresh()).isZero();
        assertThat(pace().standing()).isEqualTo(Standing.AWAITING_PULSE);
        tell(Order.PULSE);
        state = round(round(state));
        int begun = fresh();
        assertThat(begun).isPositive();
        now = now.plusSeconds(60);
        converge();
        assertThat(fresh() + old()).isEqualTo(4);
        assertThat(old()).isPositive();
        tell(Order.PULSE);
        converge();
        assertThat(fresh()).isEqualTo(4);
    }

    @Test
    void aDeadlineDoesNotPassWhileItIsPaused() {
        restart(2, 1, 1, Map.of(DeploymentDeadline.DEADLINE, "30"));
        tell(Order.PAUSE);
        assertThat(DeploymentDeadline.events(state, now.plusSeconds(300), Examples.uuids()))
                .isEmpty();
        now = now.plusSeconds(300);
        tell(Order.RESUME);
        assertThat(DeploymentDeadline.events(state, now.plusSeconds(29), Examples.uuids()))
                .isEmpty();
        assertThat(DeploymentDeadline.events(state, now.plusSeconds(31), Examples.uuids()))
                .isNotEmpty();
    }

    @Test
    void whatUndoesADeploymentIsHeldByNobody() {
        restart(3, 1, 1, Map.of(DeploymentConduct.CANARY, "1"));
        converge();
        state = Examples.apply(state, AppChange.revert(state, "d1", "d2", now));
        state = Examples.order(state, "d2", 0, Kind.RESTART);
        converge();
        assertThat(InstancePlanner.plan(state, now).done()).isTrue();
    }

    /** Whatever the labels and the orders: healthy never below the minimum by our doing, never above the capacity, and it ends. */
    @Test
    void anyConductKeepsTheLimitsAndEndsOnceItIsLetGoOn() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int wanted = 1 + random.nextInt(8);
            double min = random.nextInt(5) / 4.0;
            double over = random.nextInt(5) / 4.0;
            Map<String, String> labels = new java.util.HashMap<>();
            if (random.nextBoolean()) {
                labels.put(DeploymentConduct.CANARY, Integer.toString(1 + random.nextInt(3)));
            }
            if (random.nextBoolean()) {
                labels.put(DeploymentConduct.BATCHES, (1 + random.nextInt(3)) + "," + (1 + random.nextInt(3)));
            }
            if (random.nextBoolean()) {
                labels.put(DeploymentConduct.AUTOPAUSE, "true");
            }
            now = Examples.NOW.plusSeconds(9);
            restart(wanted, min, over, labels);
            int minimum = (int) Math.ceil(wanted * min);
            int capacity = (int) Math.floor(wanted * (1 + over));
            capacity = capacity == minimum ? capacity + 1 : capacity;
            for (int step = 0; step < 40; step++) {
                long before = running();
                int all = state.instances().size();
                state = Examples.settle(state);
                if (running() < before) {
                    assertThat(running()).as("seed %d", seed).isGreaterThanOrEqualTo(minimum);
                }
                if (state.instances().size() > all) {
                    assertThat(state.instances().size()).as("seed %d", seed).isLessThanOrEqualTo(capacity);
                }
                disturb(random);
            }
            tell(Order.RESUME);
            for (int round = 0; !InstancePlanner.plan(state, now).done(); round++) {
                assertThat(round).as("seed %d ends: %s", seed, state).isLessThan(300);
                tell(Order.RESUME);
                state = round(state);
            }
            assertThat(fresh()).isEqualTo(wanted);
        }
    }

    private void disturb(Random random) {
        List<Instance> all = List.copyOf(state.instances().values());
        switch (random.nextInt(6)) {
            case 0 -> tell(Order.PAUSE);
            case 1 -> tell(Order.RESUME);
            case 2 -> state = Examples.runAll(state);
            case 3 -> state = Examples.endDoomed(state);
            default -> {
                if (!all.isEmpty()) {
                    Instance one = all.get(random.nextInt(all.size()));
                    state = AppEvent.fold(
                            state, TaskReport.events(state, Examples.status(one.taskId(), TaskState.FAILED)));
                }
            }
        }
    }

    private void restart(int instances, double minimum, double over, Map<String, String> labels) {
        state = Examples.running(app("v1", instances, minimum, over, labels));
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        app("v2", instances, minimum, over, labels),
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        now));
        state = Examples.order(state, "d1", 0, Kind.RESTART);
    }

    private static AppDefinition app(
            String cmd, int instances, double minimum, double over, Map<String, String> labels) {
        return Examples.labelled(Examples.app(cmd, instances, minimum, over), labels);
    }

    private void tell(Order order) {
        int ready = InstancePlanner.updated(state, Listening.UNKNOWN);
        state = AppEvent.fold(state, AppChange.conduct(state, lock(), order, ready, now));
    }

    private String lock() {
        return state.lock().map(l -> l.plan().id()).orElse("none");
    }

    private DeploymentConduct.Pace pace() {
        return InstancePlanner.pace(state, Listening.UNKNOWN, now);
    }

    /** Until nothing happens any more. */
    private void converge() {
        for (int i = 0; i < 100; i++) {
            state = round(state);
        }
    }

    private AppState round(AppState from) {
        AppState next = AppEvent.fold(from, InstancePlanner.settle(from, now, Listening.UNKNOWN, Examples.uuids()));
        return Examples.runAll(Examples.endDoomed(next));
    }

    private int fresh() {
        return live(true);
    }

    private int old() {
        return live(false);
    }

    private int live(boolean fresh) {
        return (int) Examples.ofCommand(state, fresh).stream()
                .filter(Instance::ready)
                .count();
    }

    private long running() {
        return Optional.of(state).stream()
                .flatMap(s -> s.instances().values().stream())
                .filter(Instance::ready)
                .count();
    }
}
