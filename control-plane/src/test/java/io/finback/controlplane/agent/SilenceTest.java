package io.finback.controlplane.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How long an agent may say nothing, by what it said last. */
final class SilenceTest {
    private static final Instant START = Instant.EPOCH;
    private static final Duration RETURN = Duration.ofSeconds(75);

    private final Silence silence = new Silence(settings(RETURN), START);

    @Test
    void whatVanishesIsGivenUpAfterTheShortTime() {
        assertThat(silence.begins(at(3))).isFalse();
        assertThat(silence.begins(at(4))).isTrue();
        assertThat(silence.begins(at(5))).as("once for each silence").isFalse();
        assertThat(silence.givingUpIsDue(at(30))).isFalse();
        assertThat(silence.givingUpIsDue(at(31))).isTrue();
        assertThat(silence.givingUpIsDue(at(32))).as("asked a second ago").isFalse();
        assertThat(silence.givingUpIsDue(at(33))).as("and not answered").isTrue();
        silence.givenUp();
        assertThat(silence.givingUpIsDue(at(1000))).isFalse();
    }

    @Test
    void whatHasSaidThatItStopsIsAwaitedForLonger() {
        silence.left();
        assertThat(silence.isSilent()).as("no work at once").isTrue();
        assertThat(silence.givingUpIsDue(at(75))).isFalse();
        assertThat(silence.givingUpIsDue(at(76))).isTrue();
    }

    @Test
    void itsReturnEndsTheLongerTime() {
        silence.left();
        assertThat(silence.heard(at(60))).as("it had been silent").isTrue();
        silence.registered();
        assertThat(silence.isSilent()).isFalse();
        assertThat(silence.givingUpIsDue(at(90))).isFalse();
        assertThat(silence.givingUpIsDue(at(91))).isTrue();
    }

    @Test
    void neverForLessThanWhatVanishes() {
        Silence brief = new Silence(settings(Duration.ZERO), START);
        brief.left();
        assertThat(brief.givingUpIsDue(at(30))).isFalse();
        assertThat(brief.givingUpIsDue(at(31))).isTrue();
    }

    private static AgentSettings settings(Duration returnWithin) {
        return new AgentSettings(
                Duration.ofSeconds(1),
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                returnWithin,
                Duration.ofSeconds(2),
                10);
    }

    private static Instant at(long seconds) {
        return START.plusSeconds(seconds);
    }
}
