package io.finback.controlplane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an app's labels change about its place in line and its waits. */
class SchedulingLabelsTest {
    private static final AppDefinition LABELLED =
            Examples.labelled(Map.of(SchedulingLabels.PRIORITY, "7", SchedulingLabels.FLAPPING, "60"));

    @Test
    void whatFlapsWaitsLongerAndLongerAndWhatLivedLongDoesNot() {
        AppState state = Examples.running(LABELLED);
        state = ended(state, 59);
        assertThat(state.backoff().orElseThrow().delay()).isEqualTo(Duration.ofSeconds(30));
        state = ended(Examples.runAll(Examples.settle(state)), 1);
        assertThat(state.backoff().orElseThrow().delay()).isEqualTo(Duration.ofSeconds(60));
        AppState calm = ended(Examples.running(LABELLED), 60);
        assertThat(calm.backoff()).isEmpty();
        assertThat(calm.lastFailure()).isPresent();
    }

    @Test
    void theHigherPriorityIsSaidWithTheDemand() {
        assertThat(Demand.of(Examples.running(LABELLED), 1).priority()).isEqualTo(7);
        assertThat(Demand.of(Examples.running(Examples.app(1)), 1).request().priority())
                .isZero();
    }

    @Test
    void wrongLabelsAreNamed() {
        assertThat(AppRules.check(Examples.labelled(Map.of(SchedulingLabels.PRIORITY, "-1"))))
                .extracting(AppRules.Violation::path)
                .containsExactly("/labels/FINBACK_PRIORITY");
        assertThat(AppRules.check(Examples.labelled(Map.of(SchedulingLabels.FLAPPING, "x"))))
                .extracting(AppRules.Violation::message)
                .containsExactly("'x' (expected: 1 to 86400)");
        assertThat(AppRules.check(LABELLED)).isEmpty();
    }

    private static AppState ended(AppState state, long seconds) {
        Instance first = state.instances().values().iterator().next();
        return new AppEvent.InstanceEnded(
                        first.taskId(),
                        TaskState.FAILED,
                        first.startedAt().orElseThrow().plusSeconds(seconds),
                        Optional.empty(),
                        Optional.empty())
                .applyTo(state);
    }
}
