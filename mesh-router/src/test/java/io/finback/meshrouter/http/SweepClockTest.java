package io.finback.meshrouter.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SweepClockTest {
    private final SweepClock clock = new SweepClock(Duration.ofMillis(250), millis(0));

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    @Test
    void judgesAtEachLookThatIsInTime() {
        assertThat(clock.advance(millis(250))).isTrue();
        assertThat(clock.advance(millis(1_250))).isTrue();
        assertThat(clock.now()).isEqualTo(millis(1_250));
    }

    @Test
    void sparesEverybodyOnceBehindAStandstill() {
        assertThat(clock.advance(millis(60_000))).isFalse();
        assertThat(clock.now()).as("what is read now is progress now").isEqualTo(millis(60_000));
        assertThat(clock.advance(millis(60_250))).isTrue();
    }

    @Test
    void judgesAllTheSameWhereEveryLookIsLate() {
        assertThat(clock.advance(millis(5_000))).isFalse();
        assertThat(clock.advance(millis(10_000))).isTrue();
        assertThat(clock.advance(millis(15_000))).isFalse();
    }

    @Test
    void aTimeWithoutConnectionsIsNoStandstill() {
        clock.begin(millis(60_000));
        assertThat(clock.now()).isEqualTo(millis(60_000));
        assertThat(clock.advance(millis(60_250))).isTrue();
    }
}
