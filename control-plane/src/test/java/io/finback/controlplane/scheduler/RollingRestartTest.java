package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.tasks.TaskState;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The four strategies of a rolling restart, step by step, and the rules that hold for any of them. */
class RollingRestartTest {
    static AppState restarting(int instances, double minHealth, double over) {
        AppState state = Examples.running(Examples.app("v1", instances, minHealth, over));
        AppDefinition changed = Examples.app("v2", instances, minHealth, over);
        state = Examples.apply(
                state,
                AppChange.update(state, changed, state.current().orElseThrow().version(), false, "d1", Examples.NOW));
        return Examples.settle(Examples.order(state, "d1", 0, Kind.RESTART));
    }

    static long doomed(AppState state) {
        return state.instances().values().stream().filter(Instance::doomed).count();
    }

    static int fresh(AppState state) {
        return Examples.ofCommand(state, true).size();
    }

    @Test
    void replacesOneByOneWithOneExtra() {
        AppState state = restarting(3, 1, 0);
        assertThat(fresh(state)).isEqualTo(1);
        assertThat(doomed(state)).isZero();
        state = Examples.settle(Examples.runAll(state));
        assertThat(doomed(state)).isEqualTo(1);
        assertThat(fresh(state)).isEqualTo(1);
        state = Examples.settle(Examples.endDoomed(state));
        assertThat(fresh(state)).isEqualTo(2);
    }

    @Test
    void replacesHalfAtATime() {
        AppState state = restarting(4, 0.5, 0);
        assertThat(doomed(state)).isEqualTo(2);
        assertThat(fresh(state)).isZero();
        state = Examples.settle(Examples.endDoomed(state));
        assertThat(fresh(state)).isEqualTo(2);
        state = Examples.settle(Examples.runAll(state));
        assertThat(doomed(state)).isEqualTo(2);
    }

    @Test
    void stopsAllThenStarts() {
        AppState state = restarting(3, 0, 0);
        assertThat(doomed(state)).isEqualTo(3);
        assertThat(fresh(state)).isZero();
        state = Examples.settle(Examples.endDoomed(state));
        assertThat(fresh(state)).isEqualTo(3);
    }

    @Test
    void doublesThenReplacesOneForOne() {
        AppState state = restarting(3, 1, 1);
        assertThat(fresh(state)).isEqualTo(3);
        assertThat(doomed(state)).isZero();
        String one = Examples.ofCommand(state, true).get(0).taskId();
        state = Examples.settle(Examples.run(Examples.place(state, one), one));
        assertThat(doomed(state)).isEqualTo(1);
    }

    static Set<String> ids(List<Instance> instances) {
        return instances.stream().map(Instance::taskId).collect(Collectors.toSet());
    }

    @Test
    void whatDoesNotListenYetReplacesNothingThatServes() {
        AppState state = restarting(3, 1, 1);
        Set<String> old = ids(Examples.ofCommand(state, false));
        Set<String> fresh = ids(Examples.ofCommand(state, true));
        state = Examples.settle(Examples.runAll(state), new Listening(old, fresh));
        assertThat(doomed(state)).isZero();
        Set<String> starting = new HashSet<>(fresh);
        starting.remove(fresh.iterator().next());
        state = Examples.settle(state, new Listening(old, starting));
        assertThat(doomed(state)).isEqualTo(1);
        state = Examples.settle(state, new Listening(fresh, Set.of()));
        assertThat(doomed(state)).isEqualTo(3);
    }

    @Test
    void whereNobodyListensRunningIsEnough() {
        AppState state = restarting(3, 1, 1);
        state = Examples.runAll(state);
        Set<String> all = state.instances().keySet();
        assertThat(doomed(Examples.settle(state, new Listening(Set.of(), all)))).isEqualTo(3);
    }

    @Test
    void anOldInstanceThatDoesNotServeGoesBeforeOneThatDoes() {
        AppState state = restarting(2, 1, 0);
        List<Instance> old = Examples.ofCommand(state, false);
        String youngest = old.get(1).taskId();
        String oldest = old.get(0).taskId();
        Set<String> fresh = ids(Examples.ofCommand(state, true));
        Set<String> awaited = new HashSet<>(fresh);
        awaited.add(oldest);
        state = Examples.settle(Examples.runAll(state), new Listening(Set.of(youngest), awaited));
        assertThat(state.instance(oldest).orElseThrow().doomed()).isTrue();
        assertThat(state.instance(youngest).orElseThrow().doomed()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"1,1,0", "2,1,0", "5,1,0", "4,0.5,0", "3,0,0", "3,1,1", "5,0.6,0.2", "7,0.3,0.5", "1,0.5,0.5"})
    void alwaysEndsAndNeverFallsBelowItsMinimumNorAboveItsCapacity(int instances, double min, double over) {
        AppState state = restarting(instances, min, over);
        int least = (int) Math.ceil(instances * min);
        int most = Math.max((int) Math.floor(instances * (1 + over)), least + 1);
        for (int round = 0; round < 100; round++) {
            state = Examples.settle(state);
            long ready =
                    state.instances().values().stream().filter(Instance::ready).count();
            assertThat(ready).isGreaterThanOrEqualTo(least);
            assertThat(state.instances()).hasSizeLessThanOrEqualTo(most);
            if (InstancePlanner.plan(state, Examples.NOW).done()) {
                break;
            }
            state = round % 2 == 0 ? Examples.runAll(state) : Examples.endDoomed(state);
        }
        assertThat(InstancePlanner.plan(state, Examples.NOW).done()).isTrue();
        assertThat(state.instances()).hasSize(instances);
        assertThat(fresh(state)).isEqualTo(instances);
    }

    @Test
    void oldInstancesThatNeverStartedGoFirstAndAtOnce() {
        AppState state = Examples.running(Examples.app("v1", 3, 1, 0));
        String failed = state.instances().keySet().iterator().next();
        state = AppEvent.fold(state, TaskReport.events(state, Examples.status(failed, TaskState.FAILED)));
        state = Examples.settle(state);
        assertThat(state.instances()).hasSize(3);
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        Examples.app("v2", 3, 1, 0),
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        Examples.NOW));
        state = Examples.settle(Examples.order(state, "d1", 0, Kind.RESTART));
        assertThat(Examples.ofCommand(state, false)).hasSize(2).allMatch(Instance::ready);
        assertThat(fresh(state)).isEqualTo(2);
        assertThat(state.backoff()).isEmpty();
    }

    @Test
    void whatNeverBeganIsNotWaitedForWhenItsConfigurationIsNoLongerWanted() {
        AppState state = Examples.running(Examples.app("v1", 3, 1, 0));
        String failed = state.instances().keySet().iterator().next();
        state = AppEvent.fold(state, TaskReport.events(state, Examples.status(failed, TaskState.FAILED)));
        state = Examples.settle(state);
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        Examples.app("v2", 3, 1, 0),
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        Examples.NOW));
        // Dropped before it has done anything.
        state = AppEvent.fold(state, AppChange.release(state, "d1", false));
        state = Examples.settle(state);
        assertThat(state.instances()).hasSize(3);
        assertThat(fresh(state)).as("may be launched").isEqualTo(1);
        assertThat(Examples.ofCommand(state, false)).hasSize(2).allMatch(Instance::ready);
    }

    @Test
    void scaleDownEndsTheLeastUsefulFirstThenTheYoungest() {
        AppState state = Examples.running(Examples.app(3));
        List<String> ids = List.copyOf(state.instances().keySet());
        state = Examples.apply(
                state,
                AppChange.update(
                        state, Examples.app(4), state.current().orElseThrow().version(), false, "d1", Examples.NOW));
        state = Examples.settle(Examples.order(state, "d1", 0, Kind.SCALE));
        assertThat(state.instances()).hasSize(4);
        state = Examples.apply(
                state,
                AppChange.update(
                        state, Examples.app(2), state.current().orElseThrow().version(), true, "d2", Examples.NOW));
        state = Examples.settle(Examples.order(state, "d2", 0, Kind.SCALE));
        assertThat(state.instances().keySet()).containsExactlyElementsOf(ids);
        assertThat(state.instances().get(ids.get(2)).doomed()).isTrue();
        assertThat(doomed(state)).isEqualTo(1);
        assertThat(state.current().orElseThrow().configAt())
                .isEqualTo(state.versions().get(0).configAt());
    }

    @ParameterizedTest
    @CsvSource({"SCALE", "RESTART"})
    void whatDoesNotServeYetGoesBeforeWhatDoes(Kind kind) {
        AppState state = Examples.running(Examples.app("v1", 3, 0, 1));
        List<String> ids = List.copyOf(state.instances().keySet());
        state = Examples.apply(
                state,
                AppChange.update(
                        state,
                        Examples.app("v1", 2, 0, 1),
                        state.current().orElseThrow().version(),
                        false,
                        "d1",
                        Examples.NOW));
        state = Examples.order(state, "d1", 0, kind);
        // By age the last would go.
        Listening readiness = Listening.UNKNOWN.withUnready(Set.of(ids.get(0)));
        assertThat(Examples.settle(state, readiness).instances().get(ids.get(0)).doomed())
                .isTrue();
        Listening connections = new Listening(Set.of(ids.get(0), ids.get(2)), Set.of(ids.get(1)));
        AppState settled = Examples.settle(state, connections);
        assertThat(settled.instances().get(ids.get(1)).doomed()).isTrue();
        assertThat(doomed(settled)).isEqualTo(1);
    }

    @Test
    void planIsOneStepForAScaleOrRestartTwoForANewAppNoneForTheSame() {
        AppState none = AppState.empty("/shop/api");
        AppState created = Examples.apply(none, AppChange.create(none, Examples.app(1), false, "d0", Examples.NOW));
        assertThat(created.lock().orElseThrow().plan().steps())
                .extracting(s -> s.actions().get(0).kind())
                .containsExactly(Kind.START, Kind.SCALE);
        AppState state = Examples.running(Examples.app(1));
        AppChange.Decision same = AppChange.update(
                state, Examples.app(1), state.current().orElseThrow().version(), false, "d", Examples.NOW);
        assertThat(Examples.apply(state, same)).isEqualTo(state);
        AppChange.Decision stale =
                AppChange.update(state, Examples.app(2), Examples.NOW.minusSeconds(1), false, "d", Examples.NOW);
        assertThat(stale).isEqualTo(new AppChange.Decision.Refused(AppChange.Refusal.STALE));
    }

    @Test
    void versionsIncreaseStrictlyEvenWhenTheClockStandsAndFiftyAreKept() {
        AppState state = Examples.running(Examples.app(1));
        for (int i = 0; i < 60; i++) {
            state = Examples.apply(
                    state,
                    AppChange.update(
                            state,
                            Examples.app(2 + i),
                            state.current().orElseThrow().version(),
                            true,
                            "d" + i,
                            Examples.NOW));
        }
        assertThat(state.versions()).hasSize(AppState.MAX_VERSIONS);
        assertThat(state.versions()).extracting(AppVersion::version).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void revertKeepsInstancesThatStillRunTheOldConfiguration() {
        AppState state = restarting(2, 1, 0);
        state = Examples.apply(state, AppChange.revert(state, "d1", "d2", Examples.NOW));
        state = Examples.settle(Examples.order(
                state,
                "d2",
                0,
                state.lock()
                        .orElseThrow()
                        .plan()
                        .steps()
                        .get(0)
                        .actions()
                        .get(0)
                        .kind()));
        assertThat(state.instances()).hasSize(2).allSatisfy((id, i) -> assertThat(i.ready())
                .isTrue());
        assertThat(InstancePlanner.plan(state, Examples.NOW).done()).isTrue();
    }

    @Test
    void removalEndsEverythingAndLeavesNothing() {
        AppState state = Examples.running(Examples.app(2));
        state = Examples.apply(state, AppChange.remove(state, false, "d1", Examples.NOW));
        state = Examples.settle(Examples.order(state, "d1", 0, Kind.STOP));
        assertThat(doomed(state)).isEqualTo(2);
        state = Examples.endDoomed(state);
        assertThat(InstancePlanner.plan(state, Examples.NOW).done()).isTrue();
        assertThat(AppEvent.fold(state, AppChange.release(state, "d1", true))).isEqualTo(AppState.empty("/shop/api"));
    }
}
