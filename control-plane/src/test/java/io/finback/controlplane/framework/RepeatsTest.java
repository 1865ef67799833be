package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RepeatsTest {
    private static final Instant START = Instant.EPOCH;

    private final Repeats<String> repeats = new Repeats<>(Duration.ofSeconds(1), Duration.ofSeconds(3));

    @Test
    void delaysDoubleUpToTheLongest() {
        repeats.said("a", START);
        assertThat(repeats.due(START.plusMillis(999), 10)).isEmpty();
        assertThat(repeats.due(START.plusSeconds(1), 10)).containsExactly("a");
        assertThat(repeats.due(START.plusSeconds(2), 10)).isEmpty();
        assertThat(repeats.due(START.plusSeconds(3), 10)).containsExactly("a");
        assertThat(repeats.due(START.plusSeconds(5), 10)).isEmpty();
        assertThat(repeats.due(START.plusSeconds(6), 10)).containsExactly("a");
        assertThat(repeats.due(START.plusSeconds(9), 10)).containsExactly("a");
    }

    @Test
    void noMoreThanAskedForAndTheLongestDueFirst() {
        repeats.said("late", START.plusMillis(2));
        repeats.said("first", START);
        repeats.said("second", START.plusMillis(1));
        assertThat(repeats.due(START.plusSeconds(2), 2)).containsExactly("first", "second");
        assertThat(repeats.due(START.plusSeconds(2), 2)).containsExactly("late");
        assertThat(repeats.due(START.plusSeconds(2), 2)).isEmpty();
    }

    @Test
    void whatIsAnsweredIsNotSaidAgain() {
        repeats.said("a", START);
        repeats.said("a", START.plusSeconds(1));
        repeats.sayNow("b", START);
        repeats.answered("b");
        assertThat(repeats.contains("b")).isFalse();
        assertThat(repeats.due(START.plusSeconds(1), 10)).isEmpty();
        assertThat(repeats.due(START.plusSeconds(2), 10)).containsExactly("a");
        repeats.answered("a");
        repeats.answered("never said");
        assertThat(repeats.size()).isZero();
    }

    /** A scheduler that was away when it was told, again and again, does not wait longer for the next time than it was away. */
    @Test
    void updatesAreToldAgainSoonHoweverLongNobodyTookThem() {
        Config master = ConfigFactory.defaultReference().getConfig("finback.master");
        Repeats<String> updates =
                new Repeats<>(master.getDuration("update-repeat"), master.getDuration("update-repeat-max"));
        updates.said("end", START);
        int silent = 0;
        int longest = 0;
        for (int second = 1; second <= 600; second++) {
            silent = updates.due(START.plusSeconds(second), 1).isEmpty() ? silent + 1 : 0;
            longest = Math.max(longest, silent);
        }
        assertThat(longest).isLessThan(15);
    }
}
