package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Backoff, updates, environment, ports, ids. */
class RulesTest {
    @Test
    void backoffGrowsByTheFactorUpToTheMaximumAndIsForgottenWhenIdle() {
        AppDefinition.BackoffRule rule = new AppDefinition.BackoffRule(Duration.ofSeconds(1), 2, Duration.ofSeconds(5));
        Instant config = Examples.NOW;
        Optional<Backoff> backoff = Optional.empty();
        List<Long> seconds = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            backoff = Optional.of(Backoff.raised(backoff, config, rule, config));
            seconds.add(backoff.get().delay().toSeconds());
        }
        assertThat(seconds).containsExactly(1L, 2L, 4L, 5L);
        assertThat(Backoff.raised(backoff, config, rule, config.plusSeconds(60)).delay())
                .isEqualTo(rule.initial());
        assertThat(Backoff.raised(backoff, config.plusSeconds(1), rule, config).delay())
                .isEqualTo(rule.initial());
        assertThat(Backoff.raisedBy(TaskState.FINISHED, Optional.empty())).isTrue();
        assertThat(Backoff.raisedBy(TaskState.KILLED, Optional.empty())).isFalse();
        assertThat(Backoff.raisedBy(TaskState.LOST, Optional.empty())).isFalse();
    }

    /** 500 of them once made an app wait for five minutes. */
    @Test
    void manyLaunchesThatAreRefusedTogetherDelayAsOne() {
        AppState state = Examples.running(Examples.app(500));
        for (String id : java.util.List.copyOf(state.instances().keySet())) {
            state = new AppEvent.InstanceEnded(
                            id,
                            TaskState.LOST,
                            Examples.NOW.plusSeconds(1),
                            Optional.of("INVALID_OFFERS"),
                            Optional.empty())
                    .applyTo(state);
        }
        assertThat(state.backoff().orElseThrow().delay()).isEqualTo(Duration.ofSeconds(1));
        assertThat(state.instances()).isEmpty();
    }

    /** Who asks again, because no answer came, would have had two instances fewer. */
    @Test
    void endingATaskTwiceScalesOnce() {
        AppState state = Examples.running(Examples.app(3));
        String id = state.instances().keySet().iterator().next();
        for (String deployment : List.of("first", "again")) {
            AppChange.Decision decision =
                    AppChange.killAndScale(state, List.of(id), true, deployment, Examples.NOW.plusSeconds(1));
            assertThat(decision).isInstanceOf(AppChange.Decision.Accepted.class);
            for (AppEvent event : ((AppChange.Decision.Accepted) decision).events()) {
                state = event.applyTo(state);
            }
            assertThat(state.current().orElseThrow().definition().instances())
                    .as(deployment)
                    .isEqualTo(2);
        }
    }

    @Test
    void updatesThatContradictOrRepeatMeanNothing() {
        AppState state = Examples.running(Examples.app(1));
        String id = state.instances().keySet().iterator().next();
        assertThat(TaskReport.events(state, Examples.status(id, TaskState.STAGING)))
                .isEmpty();
        assertThat(TaskReport.events(state, Examples.status(id, TaskState.RUNNING)))
                .isEmpty();
        assertThat(TaskReport.events(state, Examples.status("shop_api.other", TaskState.FAILED)))
                .isEmpty();
        assertThat(TaskReport.stray(state, Examples.status("shop_api.other", TaskState.RUNNING)))
                .isTrue();
        assertThat(TaskReport.stray(state, Examples.status("shop_api.other", TaskState.FAILED)))
                .isFalse();
        state = AppEvent.fold(state, TaskReport.events(state, Examples.status(id, TaskState.FAILED)));
        assertThat(state.instances()).isEmpty();
        assertThat(state.backoff()).isPresent();
        assertThat(state.lastFailure().orElseThrow().state()).isEqualTo(TaskState.FAILED);
        assertThat(TaskReport.events(state, Examples.status(id, TaskState.RUNNING)))
                .isEmpty();
    }

    @Test
    void environmentIsAsDocumentedAndTheAppsOwnWins() {
        AppState state = Examples.running(Examples.app(1));
        Instance instance = state.instances().values().iterator().next();
        Map<String, String> env = TaskEnvironment.environment(
                state.current().orElseThrow(),
                instance.taskId(),
                instance.place().orElseThrow(),
                false);
        assertThat(env)
                .containsEntry("MARATHON_APP_ENFORCE_GROUP_ROLE", "false")
                .containsEntry("PORT", "31005")
                .containsEntry("PORT0", "31005")
                .containsEntry("PORTS", "31005")
                .containsEntry("PORT_10001", "31005")
                .containsEntry("PORT_HTTP-API", "31005")
                .containsEntry("PORT_HTTP_API", "31005")
                .containsEntry("HOST", "host1")
                .containsEntry("MARATHON_APP_ID", "/shop/api")
                .containsEntry("MARATHON_APP_VERSION", "2026-01-02T03:04:05.678Z")
                .containsEntry("MARATHON_APP_RESOURCE_MEM", "32.0")
                .containsEntry("MARATHON_APP_LABELS", "TIER")
                .containsEntry("MARATHON_APP_LABEL_TIER", "front")
                .containsEntry("A", "b");
    }

    @Test
    void assignedPortsAreLowestFreeAndExhaustionIsTold() {
        PortBook book = PortBook.EMPTY.with("/a", new PortBook.Holding(1, List.of(10000, 8080)));
        assertThat(book.assign("/b", List.of(0, 9000, 0))).contains(List.of(10001, 9000, 10002));
        assertThat(book.assign("/a", List.of(0))).contains(List.of(10000));
        assertThat(book.assign("/b", java.util.Collections.nCopies(10001, 0))).isEmpty();
        assertThat(book.outdated("/a", 0)).isTrue();
    }

    @Test
    void idsAreAbsoluteAndSafeAsEntityAndTaskIds() {
        assertThat(AppPath.absolute("a//b/")).isEqualTo("/a/b");
        assertThat(AppPath.ofEntityId(AppPath.entityId("/a.x/b-c"))).isEqualTo("/a.x/b-c");
        assertThat(AppPath.entityOfTask(AppPath.taskId("/a.x/b", "uu-id"))).contains("a.x_b");
        assertThat(AppPath.problem("/a/restart")).isPresent();
        assertThat(AppPath.problem("/A")).isPresent();
        assertThat(AppPath.problem("/a_b")).isPresent();
        assertThat(AppPath.problem("/")).isPresent();
        assertThat(AppPath.problem("/shop/api-2.v1")).isEmpty();
    }

    @Test
    void deploymentGoesStepByStepAndForgetsAppsTakenAway() {
        DeploymentState state = new DeploymentEvent.Started(DeploymentPlan.of(
                        "d", Examples.NOW, "/a", DeploymentPlan.Kind.START, DeploymentPlan.Kind.SCALE))
                .applyTo(DeploymentState.EMPTY);
        assertThat(state.open()).extracting(DeploymentPlan.Action::kind).containsExactly(DeploymentPlan.Kind.START);
        state = new DeploymentEvent.ActionDone("/a").applyTo(state);
        assertThat(state.step()).isEqualTo(1);
        assertThat(new DeploymentEvent.ActionDone("/a").applyTo(state).finished())
                .isTrue();
        assertThat(new DeploymentEvent.AppLost("/a").applyTo(state).finished()).isTrue();
    }
}
