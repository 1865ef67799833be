package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.settings.ClusterSettings.Rejoin;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LinkHistoryTest {
    private static final Rejoin SETTINGS = new Rejoin(Duration.ofMinutes(1), Duration.ofSeconds(10));
    private static final Duration SHORT = Duration.ofSeconds(8);
    private static final Set<String> SILENT = Set.of("akka://finback@m2:25520");

    private static LinkHistory after(int removals) {
        return Stream.iterate(LinkHistory.NONE, history -> history.removed(SHORT, SILENT, SETTINGS))
                .skip(removals)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void waitsNotAtFirstThenTwiceAsLongEachTime() {
        assertThat(Stream.of(0, 1, 2, 3, 4, 5, 6, 7, 1_000)
                        .map(removals ->
                                after(removals).waitBeforeJoining(SETTINGS).toSeconds()))
                .containsExactly(0L, 0L, 1L, 2L, 4L, 8L, 10L, 10L, 10L);
        assertThat(after(7).silent()).isEqualTo(SILENT);
    }

    @Test
    void aMembershipThatLastedForgetsWhatWasBefore() {
        assertThat(after(7).removed(Duration.ofMinutes(1), SILENT, SETTINGS).removals())
                .isOne();
        assertThat(after(7).lasting(Duration.ofMinutes(1), SETTINGS)).isEqualTo(LinkHistory.NONE);
        assertThat(after(7).lasting(SHORT, SETTINGS)).isEqualTo(after(7));
    }

    @Test
    void linesBecomeRare() {
        assertThat(Stream.of(1, 2, 3, 4, 5, 7, 8, 9)
                        .filter(removals -> after(removals).isWorthALine()))
                .containsExactly(1, 2, 4, 8);
    }
}
