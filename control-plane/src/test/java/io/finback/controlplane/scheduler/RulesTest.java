package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Placing, backoff, updates, environment, ports, ids. */
class RulesTest {
    static Matcher.Offered offer(String agent, double cpus, int ports) {
        Resources r = Resources.of(cpus, 1000, 0);
        return new Matcher.Offered(
                OfferId.of("o-" + agent),
                AgentId.of(agent),
                agent,
                ports == 0 ? r : r.withPorts(Ranges.of(31000, 31000 + ports - 1)),
                Map.of("rack", agent.substring(0, 1)));
    }

    static Demand demand(String app, double cpus, int ports, int waiting, List<Constraint> constraints) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < waiting; i++) {
            ids.add(AppPath.taskId(app, "u" + i));
        }
        return new Demand(
                app,
                1,
                Resources.of(cpus, 10, 0),
                java.util.Collections.nCopies(ports, 0),
                false,
                constraints,
                ids,
                Instant.EPOCH,
                List.of());
    }

    @Test
    void spreadsOverAgentsPacksSeveralIntoOneOfferAndNeverGivesAPortTwice() {
        Matcher.Result result = Matcher.match(
                List.of(demand("/web", 0.5, 2, 6, List.of())),
                List.of(offer("a", 4, 10), offer("b", 4, 10), offer("c", 4, 10)),
                new SplittableRandom(7));
        assertThat(result.assignments()).hasSize(6);
        assertThat(result.assignments().stream().filter(a -> a.offer().host().equals("a")))
                .hasSize(2);
        for (String host : List.of("a", "b", "c")) {
            Set<Integer> seen = new HashSet<>();
            result.assignments().stream()
                    .filter(a -> a.offer().host().equals(host))
                    .forEach(a -> a.ports().forEach(p -> assertThat(seen.add(p)).isTrue()));
            assertThat(seen).hasSize(4).allMatch(p -> p >= 31000 && p < 31010);
        }
        assertThat(result.misses()).isEmpty();
    }

    @Test
    void tellsTheFirstReasonPerOffer() {
        Matcher.Result result = Matcher.match(
                List.of(
                        demand("/big", 8, 1, 1, List.of()),
                        demand("/ports", 1, 1, 1, List.of()),
                        demand("/rack", 1, 0, 1, List.of(new Constraint("rack", "IS", Optional.of("z"))))),
                List.of(offer("a", 4, 0), offer("b", 4, 0)),
                new SplittableRandom(1));
        assertThat(result.assignments()).isEmpty();
        assertThat(result.misses().get("/big").reasons()).containsOnly(Map.entry(RejectReason.INSUFFICIENT_CPUS, 2));
        assertThat(result.misses().get("/ports").reasons()).containsOnly(Map.entry(RejectReason.INSUFFICIENT_PORTS, 2));
        assertThat(result.misses().get("/rack").reasons())
                .containsOnly(Map.entry(RejectReason.UNFULFILLED_CONSTRAINT, 2));
    }

    @Test
    void constraintsDecideByWhatIsAlreadyPlaced() {
        Constraint unique = new Constraint("hostname", "UNIQUE", Optional.empty());
        Matcher.Result result = Matcher.match(
                List.of(demand("/u", 0.1, 0, 3, List.of(unique))),
                List.of(offer("a", 4, 0), offer("b", 4, 0)),
                new SplittableRandom(1));
        assertThat(result.assignments()).hasSize(2);
        assertThat(result.misses().get("/u").reasons()).containsOnly(Map.entry(RejectReason.UNFULFILLED_CONSTRAINT, 2));
        Constraints.Spot a = new Constraints.Spot("a", Map.of("rack", "1", "speed", "2.0"));
        Constraints.Spot b = new Constraints.Spot("b", Map.of("rack", "2"));
        assertThat(allow("rack", "LIKE", "[13]", a)).isTrue();
        assertThat(allow("rack", "UNLIKE", "[13]", a)).isFalse();
        assertThat(allow("gone", "UNLIKE", "x", a)).isTrue();
        assertThat(allow("gone", "LIKE", "x", a)).isFalse();
        assertThat(allow("speed", "IS", "2", a)).isTrue();
        assertThat(allow("rack", "CLUSTER", null, b, a)).isFalse();
        assertThat(allow("rack", "MAX_PER", "1", a, a)).isFalse();
        assertThat(allow("rack", "GROUP_BY", "2", a, a)).isFalse();
        assertThat(allow("rack", "GROUP_BY", "2", a, a, b)).isTrue();
    }

    static boolean allow(String field, String op, String value, Constraints.Spot spot, Constraints.Spot... placed) {
        return Constraints.allow(List.of(new Constraint(field, op, Optional.ofNullable(value))), spot, List.of(placed));
    }

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
                instance.place().orElseThrow());
        assertThat(env)
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
