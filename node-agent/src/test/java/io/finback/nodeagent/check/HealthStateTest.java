package io.finback.nodeagent.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.tasks.CheckStatus;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HealthStateTest {
    private static final Duration LATE = Duration.ofMinutes(1);
    private static final Outcome GOOD = new Outcome.Connected(true);
    private static final Outcome BAD = new Outcome.Connected(false);

    private HealthState state = HealthState.resumed(Optional.empty());

    @Test
    void reportsTheFirstSuccessEveryFailureAndTheRecovery() {
        HealthCheck check = tcp(10);
        assertThat(reports(check, GOOD, GOOD, BAD, BAD, GOOD, GOOD))
                .containsExactly(
                        Optional.of(true),
                        Optional.empty(),
                        Optional.of(false),
                        Optional.of(false),
                        Optional.of(true),
                        Optional.empty());
    }

    @Test
    void endsTheTaskAtTheLimitOfFailuresInARow() {
        HealthCheck check = tcp(3);
        assertThat(kills(check, BAD, BAD, GOOD, BAD, BAD, BAD))
                .containsExactly(false, false, false, false, false, true);
    }

    @Test
    void aFailureCountsOnlyAfterTheGracePeriodUntilTheFirstSuccess() {
        HealthCheck check = tcp(1);
        Duration early = Duration.ofSeconds(10);
        HealthState.Verdict ignored = state.after(check, BAD, early);
        assertThat(ignored.report()).isEmpty();
        assertThat(ignored.kill()).isFalse();
        assertThat(state.after(check, BAD, early.plusNanos(1)).kill()).isTrue();

        HealthState healthy = state.after(check, GOOD, Duration.ZERO).next();
        assertThat(healthy.after(check, BAD, Duration.ofSeconds(1)).kill()).isTrue();
    }

    @Test
    void withoutALimitItNeverEndsTheTaskAndDoesNotTalkForEver() {
        HealthCheck check = tcp(0);
        int reported = 0;
        for (int look = 0; look < 1000; look++) {
            HealthState.Verdict verdict = state.after(check, BAD, LATE);
            state = verdict.next();
            assertThat(verdict.kill()).isFalse();
            reported += verdict.report().isPresent() ? 1 : 0;
        }
        assertThat(reported).isEqualTo(HealthState.MOST_REPORTED);
        assertThat(state.after(check, GOOD, LATE).report()).contains(true);
    }

    @Test
    void aNewAgentDoesNotRepeatWhatTheLastOneSaid() {
        assertThat(HealthState.resumed(Optional.of(true))
                        .after(tcp(3), GOOD, LATE)
                        .report())
                .isEmpty();
        assertThat(HealthState.resumed(Optional.of(false))
                        .after(tcp(3), GOOD, LATE)
                        .report())
                .contains(true);
    }

    @Test
    void knowsWhatIsGood() {
        Probe plain = http(List.of());
        assertThat(HealthState.passes(plain, new Outcome.Answered(200))).isTrue();
        assertThat(HealthState.passes(plain, new Outcome.Answered(399))).isTrue();
        assertThat(HealthState.passes(plain, new Outcome.Answered(199))).isFalse();
        assertThat(HealthState.passes(plain, new Outcome.Answered(400))).isFalse();
        assertThat(HealthState.passes(http(List.of(404)), new Outcome.Answered(404)))
                .isTrue();
        assertThat(HealthState.passes(http(List.of(404)), new Outcome.Answered(200)))
                .isFalse();
        assertThat(HealthState.passes(plain, new Outcome.Exited(0))).isTrue();
        assertThat(HealthState.passes(plain, new Outcome.Exited(1))).isFalse();
        assertThat(HealthState.passes(plain, new Outcome.TimedOut(LATE))).isFalse();
        assertThat(HealthState.passes(plain, new Outcome.Broken("no"))).isFalse();
    }

    @Test
    void saysWhatAGeneralCheckSawWithoutAVerdict() {
        Probe probe = http(List.of());
        assertThat(Sightings.of(probe, new Outcome.Answered(503)).statusCode()).contains(503);
        assertThat(Sightings.of(probe, new Outcome.TimedOut(LATE))).isEqualTo(CheckStatus.none(probe));
    }

    @Test
    void looksComeInTimeAndNotAllAtOnce() {
        Duration interval = Duration.ofSeconds(10);
        assertThat(Cadence.next(interval, 0)).isEqualTo(Duration.ofSeconds(9));
        assertThat(Cadence.next(interval, 0.999_999)).isBetween(Duration.ofMillis(10_999), Duration.ofSeconds(11));
        assertThat(Cadence.next(Duration.ZERO, 0.5)).isPositive();
        assertThat(Cadence.first(Duration.ofSeconds(15))).isEqualTo(Duration.ofSeconds(15));
        Duration delay = Duration.ofSeconds(15);
        assertThat(Cadence.resumed(delay, interval, Duration.ZERO, 0.3)).isEqualTo(delay);
        assertThat(Cadence.resumed(delay, interval, LATE, 0.3)).isEqualTo(Duration.ofSeconds(3));
    }

    private List<Optional<Boolean>> reports(HealthCheck check, Outcome... outcomes) {
        List<Optional<Boolean>> reports = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            HealthState.Verdict verdict = state.after(check, outcome, LATE);
            state = verdict.next();
            reports.add(verdict.report());
        }
        return reports;
    }

    private List<Boolean> kills(HealthCheck check, Outcome... outcomes) {
        List<Boolean> kills = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            HealthState.Verdict verdict = state.after(check, outcome, LATE);
            state = verdict.next();
            kills.add(verdict.kill());
        }
        return kills;
    }

    private static HealthCheck tcp(int failures) {
        return new HealthCheck(
                Probe.of(new Probe.Tcp(80, false)),
                Duration.ofSeconds(15),
                Duration.ofSeconds(10),
                Duration.ofSeconds(20),
                failures,
                Duration.ofSeconds(10));
    }

    private static Probe http(List<Integer> statuses) {
        return Probe.of(new Probe.Http("http", 80, "", false, statuses));
    }
}
