package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.AppDefinition.UpgradeStrategy;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Rolling restarts of apps with health and readiness checks, while instances fail, get ill, recover and answer late, in random order.
 * Whatever happens, the planner's own decisions keep the minimum and the maximum, and once faults stop the deployment ends.
 */
class DeploymentFaultsTest {
    private static final int SEEDS = 150;
    private static final int FAULTY_STEPS = 60;

    private final Set<String> unready = new HashSet<>();
    private AppState state = AppState.empty("/shop/api");
    private int minimum;
    private int capacity;

    @Test
    void keepsItsMinimumAndItsMaximumAndEndsOnceFaultsStop() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            begin(random);
            for (int step = 0; step < FAULTY_STEPS; step++) {
                settle(seed);
                fault(random);
            }
            int rounds = 0;
            while (!done()) {
                assertThat(rounds++).as("seed %d ends: %s", seed, state).isLessThan(200);
                settle(seed);
                calm();
            }
            assertThat(state.instances().values())
                    .hasSize(state.current().orElseThrow().definition().instances());
        }
    }

    private void begin(Random random) {
        int instances = 1 + random.nextInt(6);
        UpgradeStrategy strategy = new UpgradeStrategy(random.nextInt(5) / 4.0, random.nextInt(5) / 4.0);
        unready.clear();
        AppDefinition first = app("v1", instances, strategy);
        state = Examples.running(first);
        for (Instance i : List.copyOf(state.instances().values())) {
            state = new AppEvent.HealthChanged(i.taskId(), true).applyTo(state);
        }
        int wanted = Math.max(1, instances + random.nextInt(3) - 1);
        AppDefinition next = app("v2", wanted, strategy);
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        next,
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        Examples.NOW.plusSeconds(9)));
        state = Examples.order(state, "d1", 0, Kind.RESTART);
        minimum = (int) Math.ceil(wanted * strategy.minimumHealthCapacity());
        capacity = (int) Math.floor(wanted * (1 + strategy.maximumOverCapacity()));
        capacity = minimum == capacity ? capacity + 1 : capacity;
    }

    private static AppDefinition app(String cmd, int instances, UpgradeStrategy strategy) {
        AppHealth.Check check = new AppHealth.Check(
                AppHealth.Protocol.HTTP,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                3,
                Optional.empty(),
                false,
                Optional.empty());
        return Examples.app(cmd, instances, strategy, new AppHealth(List.of(check), Optional.empty()));
    }

    private Listening listening() {
        return Listening.UNKNOWN.withUnready(unready);
    }

    /** One decision of the planner, held against the limits. */
    private void settle(int seed) {
        long servedBefore = healthy();
        int before = state.instances().size();
        state = Examples.settle(state, listening());
        if (healthy() < servedBefore) {
            assertThat(healthy()).as("seed %d: ends only what it may", seed).isGreaterThanOrEqualTo(minimum);
        }
        if (state.instances().size() > before) {
            assertThat(state.instances().size())
                    .as("seed %d: starts only what fits", seed)
                    .isLessThanOrEqualTo(capacity);
        }
        unready.retainAll(state.instances().keySet());
    }

    private long healthy() {
        return state.instances().values().stream().filter(Instance::ready).count();
    }

    private void fault(Random random) {
        List<Instance> all = new ArrayList<>(state.instances().values());
        if (all.isEmpty()) {
            return;
        }
        Instance one = all.get(random.nextInt(all.size()));
        String id = one.taskId();
        switch (one.phase()) {
            case SCHEDULED -> {
                if (!one.doomed()) {
                    state = Examples.place(state, id);
                }
            }
            case RUNNING -> {
                switch (one.doomed() ? 3 : random.nextInt(5)) {
                    case 0 -> report(id, TaskState.FAILED);
                    case 1 ->
                        state = new AppEvent.HealthChanged(id, !one.healthy().orElse(false)).applyTo(state);
                    case 2 -> unready.remove(id);
                    case 3 -> report(id, one.doomed() ? TaskState.KILLED : TaskState.UNREACHABLE);
                    default -> state = new AppEvent.InstancesDoomed(List.of(id)).applyTo(state);
                }
            }
            default -> {
                if (random.nextBoolean()) {
                    starts(one);
                } else {
                    report(id, TaskState.LOST);
                }
            }
        }
    }

    private void starts(Instance one) {
        if (one.phase() == Instance.Phase.STAGING && !one.configAt().equals(Examples.NOW)) {
            unready.add(one.taskId());
        }
        report(one.taskId(), TaskState.RUNNING);
    }

    /** Everything goes well for a moment. */
    private void calm() {
        for (Instance one : List.copyOf(state.instances().values())) {
            String id = one.taskId();
            if (one.doomed()) {
                report(id, TaskState.KILLED);
            } else if (!one.launched()) {
                state = Examples.place(state, id);
            } else if (one.phase() != Instance.Phase.RUNNING) {
                report(id, TaskState.RUNNING);
            } else {
                unready.remove(id);
                state = new AppEvent.HealthChanged(id, true).applyTo(state);
            }
        }
    }

    private void report(String id, TaskState what) {
        state = AppEvent.fold(state, TaskReport.events(state, Examples.status(id, what)));
    }

    private boolean done() {
        return InstancePlanner.plan(state, Examples.NOW, listening()).done();
    }
}
