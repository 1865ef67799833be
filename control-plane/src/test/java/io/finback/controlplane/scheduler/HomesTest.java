package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.AppOptions.LostBehavior;
import io.finback.controlplane.scheduler.AppOptions.Residency;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which instance of a resident app has which volumes. */
class HomesTest {
    private static final AppState TWO = Examples.running(Examples.resident(2));

    @Test
    void eachInstanceHasAHomeOfItsOwn() {
        assertThat(TWO.homes()).hasSize(2).allMatch(Home::seen).noneMatch(Home::leaving);
        assertThat(TWO.homes().stream().map(Home::taskId))
                .containsExactlyElementsOf(TWO.instances().keySet());
        Home home = TWO.homes().get(0);
        assertThat(Home.volumes(home.resources()).quantities())
                .containsExactlyEntriesOf(Resources.of(0, 0, 512).milli());
        assertThat(Home.reserved(home.resources()).quantities())
                .containsExactlyEntriesOf(Resources.of(0.5, 32, 512).milli());
        assertThat(TWO.instances().values())
                .allMatch(i -> i.place().orElseThrow().ports().size() == 1);
    }

    @Test
    void whatReplacesAnEndedInstanceGetsItsHome() {
        String ended = TWO.instances().keySet().iterator().next();
        AppState after = Examples.settle(end(TWO, ended, TaskState.FAILED));
        assertThat(after.instances()).hasSize(2).doesNotContainKey(ended);
        Home home = after.homes().get(0);
        assertThat(home.id()).isEqualTo(ended);
        assertThat(after.instance(home.taskId()).orElseThrow().launched()).isFalse();
        assertThat(Demand.of(after, 9).terms().bound())
                .containsExactly(new Demand.Bound(home.taskId(), "a1", "host1", home.resources()));
        AppState again = Examples.runAll(after);
        assertThat(again.homes()).hasSize(2);
        assertThat(again.instance(home.taskId())
                        .orElseThrow()
                        .place()
                        .orElseThrow()
                        .home())
                .isEqualTo(home.resources());
    }

    @Test
    void itIsLaunchedNowhereElse() {
        String ended = TWO.instances().keySet().iterator().next();
        AppState after = Examples.settle(end(TWO, ended, TaskState.FAILED));
        String waits = after.homes().get(0).taskId();
        Instance.Place elsewhere = new Instance.Place("a2", "host2", List.of(1), java.util.Map.of(), Examples.NOW);
        assertThat(InstanceChange.launchable(after, java.util.Map.of(waits, elsewhere)))
                .isEmpty();
    }

    @Test
    void aFirstTaskThatNeverRanLeavesNothingToComeBackTo() {
        AppState created = Examples.order(
                Examples.apply(
                        AppState.empty("/shop/api"),
                        AppChange.create(AppState.empty("/shop/api"), Examples.resident(1), false, "d", Examples.NOW)),
                "d",
                1,
                DeploymentPlan.Kind.SCALE);
        AppState settled = Examples.settle(created);
        String first = settled.instances().keySet().iterator().next();
        AppState lost = Examples.settle(end(Examples.place(settled, first), first, TaskState.LOST));
        assertThat(lost.toRelease()).hasSize(1);
        assertThat(lost.homeOf(lost.instances().keySet().iterator().next())).isEmpty();
        assertThat(AppEvent.fold(lost, Homes.released(lost, first)).homes()).isEmpty();
    }

    @Test
    void anAgentThatNeverComesBackTakesItsVolumesAlong() {
        String ended = TWO.instances().keySet().iterator().next();
        AppState after = Examples.settle(end(TWO, ended, TaskState.GONE_BY_OPERATOR));
        assertThat(after.homes()).hasSize(1);
        assertThat(after.toRelease()).isEmpty();
    }

    @Test
    void aSecondChanceElsewhereIsTakenOnlyWhereItIsWanted() {
        AppDefinition patient = Examples.resident(1);
        AppOptions o = patient.options();
        AppDefinition hasty = patient.withOptions(new AppOptions(
                o.role(),
                o.limits(),
                o.check(),
                o.secrets(),
                Optional.of(new Residency(Duration.ofMinutes(1), LostBehavior.RELAUNCH_AFTER_TIMEOUT)),
                o.volumes()));
        for (boolean waitsForEver : List.of(true, false)) {
            AppState state = Examples.running(waitsForEver ? patient : hasty);
            String task = state.instances().keySet().iterator().next();
            AppState waits = Examples.settle(end(state, task, TaskState.FAILED));
            assertThat(Homes.settle(waits, Examples.NOW.plusSeconds(30))).isEmpty();
            AppState later = AppEvent.fold(waits, Homes.settle(waits, Examples.NOW.plus(Duration.ofDays(9))));
            assertThat(later.toRelease()).hasSize(waitsForEver ? 0 : 1);
            String waiting = later.instances().keySet().iterator().next();
            assertThat(later.homeOf(waiting).isPresent()).isEqualTo(waitsForEver);
        }
    }

    @Test
    void aRestartEndsTheOldOneFirstAsItsVolumesAreThere() {
        AppState one = Examples.running(Examples.resident(1));
        AppDefinition next = Examples.resident(1).withInstances(1);
        AppVersion version = one.current().orElseThrow().restarted(Examples.NOW.plusSeconds(1));
        AppState restarting = Examples.order(
                AppEvent.fold(
                        one,
                        List.of(
                                new AppEvent.VersionAdded(version),
                                new AppEvent.Locked(new AppState.Lock(
                                        DeploymentPlan.of(
                                                "r", version.version(), next.id(), DeploymentPlan.Kind.RESTART),
                                        Optional.empty(),
                                        false)))),
                "r",
                0,
                DeploymentPlan.Kind.RESTART);
        AppState settled = Examples.settle(restarting);
        assertThat(settled.instances().values()).hasSize(1).allMatch(Instance::doomed);
        AppState ended = Examples.settle(Examples.endDoomed(settled));
        assertThat(ended.instances().values()).hasSize(1).noneMatch(Instance::doomed);
        assertThat(ended.homeOf(ended.instances().keySet().iterator().next())).isPresent();
    }

    @Test
    void whatIsLeftByAScaleDownWaitsForAScaleUp() {
        AppState fewer = Examples.settle(Examples.apply(
                TWO,
                AppChange.update(
                        TWO,
                        Examples.resident(1),
                        TWO.current().orElseThrow().version(),
                        false,
                        "s",
                        Examples.NOW.plusSeconds(1))));
        fewer = Examples.endDoomed(Examples.settle(Examples.order(fewer, "s", 0, DeploymentPlan.Kind.SCALE)));
        assertThat(fewer.instances()).hasSize(1);
        assertThat(fewer.homes()).hasSize(2);
        assertThat(fewer.toRelease()).isEmpty();
        assertThat(fewer.vacant()).hasSize(1);
    }

    @Test
    void volumesDoNotChange() {
        AppDefinition app = Examples.resident(1);
        assertThat(Homes.objection(app, app.withInstances(4))).isEmpty();
        AppOptions o = app.options();
        AppDefinition larger = app.withOptions(new AppOptions(
                o.role(),
                o.limits(),
                o.check(),
                o.secrets(),
                o.residency(),
                List.of(new AppOptions.LocalVolume("data", 513))));
        assertThat(Homes.objection(app, larger)).isPresent();
        assertThat(Homes.objection(app, app.withOptions(o.withRole("other")))).isPresent();
    }

    private static AppState end(AppState state, String taskId, TaskState how) {
        return AppEvent.fold(state, TaskReport.events(state, Examples.status(taskId, how)));
    }
}
