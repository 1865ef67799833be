package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.AppChange.Decision;
import io.finback.controlplane.scheduler.AppChange.Refusal;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Deployments over several apps: the order of the plan, and joining and leaving. */
class SharedDeploymentTest {
    @Test
    void layersFollowTheLongestChainAndGroupsStandForTheirApps() {
        List<AppDefinition> apps = List.of(
                app("/db"),
                app("/cache"),
                app("/svc/a", "/db"),
                app("/svc/b", "/svc/a"),
                app("/web", "/svc", "/cache"));
        Dependencies graph = Dependencies.of(apps, Map.of("/svc", List.of("/cache")));
        assertThat(graph.direct("/web")).containsExactly("/cache", "/svc/a", "/svc/b");
        assertThat(graph.direct("/svc/a")).containsExactly("/cache", "/db");
        assertThat(graph.layers(List.of("/web", "/db")).orElseThrow())
                .containsEntry("/db", 0)
                .containsEntry("/cache", 0)
                .containsEntry("/svc/a", 1)
                .containsEntry("/svc/b", 2)
                .containsEntry("/web", 3);
        List<AppDefinition> circle = List.of(app("/a", "/g"), app("/g/b", "/c"), app("/c", "/a"));
        assertThat(Dependencies.of(circle, Map.of()).layers(List.of("/c"))).isEmpty();
    }

    @Test
    void everyAppStandsAfterAllItNeedsWhateverTheGraph() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            int size = 2 + random.nextInt(12);
            List<AppDefinition> apps = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                List<String> needs = new ArrayList<>();
                for (int j = 0; j < i; j++) {
                    if (random.nextInt(3) == 0) {
                        needs.add("/a" + j);
                    }
                }
                apps.add(app("/a" + i, needs.toArray(String[]::new)));
            }
            java.util.Collections.shuffle(apps, random);
            Map<String, Integer> layers = Dependencies.of(apps, Map.of())
                    .layers(apps.stream().map(AppDefinition::id).toList())
                    .orElseThrow();
            for (AppDefinition app : apps) {
                app.dependencies().forEach(d -> assertThat(layers.get(d)).isLessThan(layers.get(app.id())));
            }
            int closing = random.nextInt(size);
            Map<String, AppDefinition> withCircle = new HashMap<>();
            apps.forEach(a -> withCircle.put(a.id(), a));
            withCircle.put("/a" + closing, app("/a" + closing, "/x"));
            withCircle.put("/x", app("/x", "/a" + closing));
            assertThat(Dependencies.of(withCircle.values(), Map.of()).layers(withCircle.keySet()))
                    .isEmpty();
        }
    }

    @Test
    void thePlanStopsThenAnnouncesThenGoesLayerByLayer() {
        DeploymentPlan plan = PlanBuilder.plan(
                "d",
                Examples.NOW,
                List.of(
                        new PlanBuilder.Change("/web", Kind.RESTART, false),
                        new PlanBuilder.Change("/new", Kind.SCALE, true),
                        new PlanBuilder.Change("/old", Kind.STOP, false)),
                Map.of("/web", 1));
        assertThat(plan.steps().stream().map(Object::toString))
                .containsExactly(
                        "Step[actions=[Action[kind=STOP, appId=/old, pod=Optional.empty]]]",
                        "Step[actions=[Action[kind=START, appId=/new, pod=Optional.empty]]]",
                        "Step[actions=[Action[kind=SCALE, appId=/new, pod=Optional.empty]]]",
                        "Step[actions=[Action[kind=RESTART, appId=/web, pod=Optional.empty]]]");
        assertThat(plan.shared()).isTrue();
        DeploymentPlan joined = plan.slice("/web").joined(plan.slice("/new")).joined(plan.slice("/old"));
        assertThat(joined).isEqualTo(plan);
        assertThat(PlanBuilder.plan("d", Examples.NOW, List.of(), Map.of()).steps())
                .isEmpty();
    }

    @Test
    void joiningTouchesNoInstanceAndLeavingUndoesIt() {
        AppState running = Examples.running(Examples.app(2));
        AppDefinition next = Examples.app("v2", 2, 1, 1);
        DeploymentPlan plan = plan("d9", Kind.RESTART);
        AppState held = Examples.apply(running, enlist(running, update(running, next), plan, false));
        assertThat(held.current().orElseThrow().definition()).isEqualTo(next);
        assertThat(Examples.settle(held).instances()).isEqualTo(running.instances());
        assertThat(MemberChange.enlist(held, update(running, next), plan, false, Examples.NOW)
                        .match(Decision.Accepted::events, why -> List.of(new AppEvent.BackoffReset())))
                .as("said again")
                .isEmpty();
        AppState done = AppEvent.fold(held, AppChange.release(held, "d9", true));
        assertThat(version(done)).isEqualTo(plan.version());
        assertThat(refusal(done, update(running, next), plan, false))
                .as("said again when it is over")
                .isEmpty();
        assertThat(refusal(done, update(running, Examples.app("v3", 2, 1, 1)), plan, false))
                .as("something else was asked for the version that is no more")
                .contains(Refusal.STALE);
        assertThat(AppEvent.fold(held, MemberChange.withdraw(held, "d9"))).isEqualTo(running);
        assertThat(MemberChange.withdraw(held, "other")).isEmpty();

        AppState begun = Examples.order(held, "d9", 0, Kind.RESTART);
        assertThat(MemberChange.withdraw(begun, "d9"))
                .as("begun: nothing to undo")
                .isEmpty();

        AppState none = AppState.empty("/shop/api");
        AppState created =
                Examples.apply(none, enlist(none, Member.create(Examples.app(1)), plan("d", Kind.SCALE), false));
        assertThat(AppEvent.fold(created, MemberChange.withdraw(created, "d"))).isEqualTo(none);

        AppState going = Examples.apply(
                running, enlist(running, Member.remove("/shop/api", version(running)), plan("d", Kind.STOP), false));
        assertThat(going.removing()).isTrue();
        assertThat(AppEvent.fold(going, MemberChange.withdraw(going, "d"))).isEqualTo(running);
    }

    @Test
    void refusesWhatIsHeldStaleOrThereAlready() {
        AppState running = Examples.running(Examples.app(2));
        DeploymentPlan plan = plan("d1", Kind.SCALE);
        AppState held = Examples.apply(running, enlist(running, update(running, Examples.app(3)), plan, false));
        DeploymentPlan other = plan("d2", Kind.SCALE);
        assertThat(refusal(held, update(held, Examples.app(4)), other, false)).contains(Refusal.LOCKED);
        assertThat(refusal(held, update(held, Examples.app(4)), other, true)).isEmpty();
        assertThat(refusal(held, update(running, Examples.app(4)), other, true)).contains(Refusal.STALE);
        assertThat(refusal(held, Member.create(Examples.app(4)), other, true)).contains(Refusal.EXISTS);
        assertThat(refusal(AppState.empty("/shop/api"), update(running, Examples.app(4)), other, true))
                .contains(Refusal.MISSING);
        assertThat(refusal(held, Member.revert("/shop/api", "d7"), other, true)).contains(Refusal.NO_SUCH_DEPLOYMENT);
    }

    @Test
    void anAppThatIsTakenAwayEndsTheDeploymentForAll() {
        DeploymentPlan plan = PlanBuilder.plan(
                "d",
                Examples.NOW,
                List.of(
                        new PlanBuilder.Change("/a", Kind.SCALE, false),
                        new PlanBuilder.Change("/b", Kind.SCALE, false)),
                Map.of("/b", 1));
        DeploymentState state = DeploymentState.EMPTY.started(plan);
        assertThat(state.open().stream().map(DeploymentPlan.Action::appId)).containsExactly("/a");
        state = state.actionDone("/a");
        assertThat(state.open().stream().map(DeploymentPlan.Action::appId)).containsExactly("/b");
        assertThat(state.appLost("/a").finished()).isTrue();
        assertThat(state.actionDone("/b").finished()).isTrue();
    }

    @Test
    void whatIsLateIsDroppedOrUndoneIfTheLabelsSaySo() {
        Map<String, String> deadline = Map.of("FINBACK_DEPLOYMENT_DEADLINE_SECONDS", "60");
        AppState running = Examples.running(Examples.app(2));
        AppState changed = late(running, deadline);
        java.time.Instant due = changed.lock().orElseThrow().plan().version().plusSeconds(60);
        assertThat(DeploymentDeadline.events(changed, due.minusMillis(1), Examples.uuids()))
                .isEmpty();
        AppState dropped = AppEvent.fold(changed, DeploymentDeadline.events(changed, due, Examples.uuids()));
        assertThat(dropped.lock()).isEmpty();
        assertThat(dropped.current()).isEqualTo(changed.current());

        Map<String, String> undo = new HashMap<>(deadline);
        undo.put("FINBACK_DEPLOYMENT_ROLLBACK", "true");
        AppState undone = late(running, undo);
        undone = AppEvent.fold(undone, DeploymentDeadline.events(undone, due, Examples.uuids()));
        assertThat(undone.current().orElseThrow().definition())
                .isEqualTo(running.current().orElseThrow().definition());
        AppState ordered =
                Examples.order(undone, undone.lock().orElseThrow().plan().id(), 0, Kind.RESTART);
        assertThat(DeploymentDeadline.events(ordered, due.plusSeconds(9999), Examples.uuids()))
                .as("what undoes is never late")
                .isEmpty();
        assertThat(DeploymentDeadline.events(late(running, Map.of()), due.plusSeconds(9999), Examples.uuids()))
                .isEmpty();
        List<AppRules.Violation> found = new ArrayList<>();
        DeploymentDeadline.check(
                found, Map.of("FINBACK_DEPLOYMENT_DEADLINE_SECONDS", "soon", "FINBACK_DEPLOYMENT_ROLLBACK", "no"));
        assertThat(found).hasSize(2);
    }

    private static AppState late(AppState running, Map<String, String> labels) {
        AppDefinition next = Examples.labelled(labels);
        AppState state = Examples.apply(
                running, AppChange.update(running, next, version(running), false, "late", Examples.NOW.plusSeconds(5)));
        return Examples.settle(Examples.order(state, "late", 0, Kind.RESTART));
    }

    private static Decision enlist(AppState state, Member member, DeploymentPlan plan, boolean force) {
        return MemberChange.enlist(state, member, plan, force, Examples.NOW.plusSeconds(5));
    }

    private static Optional<Refusal> refusal(AppState state, Member member, DeploymentPlan plan, boolean force) {
        return enlist(state, member, plan, force).match(accepted -> Optional.empty(), Optional::of);
    }

    private static Member update(AppState state, AppDefinition definition) {
        return Member.update(definition, version(state), List.of());
    }

    private static java.time.Instant version(AppState state) {
        return state.current().orElseThrow().version();
    }

    private static DeploymentPlan plan(String id, Kind kind) {
        List<PlanBuilder.Change> changes = List.of(
                new PlanBuilder.Change("/shop/api", kind, false), new PlanBuilder.Change("/other", Kind.SCALE, false));
        return PlanBuilder.plan(id, Examples.NOW.plusSeconds(5), changes, Map.of())
                .slice("/shop/api");
    }

    private static AppDefinition app(String id, String... dependencies) {
        return Examples.app(id, List.of(dependencies));
    }
}
