package io.finback.meshrouter.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class P2cTest {
    private static final List<Integer> TEN = IntStream.range(0, 10).boxed().toList();

    @Test
    void spreadsEvenlyOverEqualLoads() {
        int[] counts = new int[10];
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            counts[P2c.pick(TEN, e -> 0, e -> true, random)]++;
        }
        assertThat(IntStream.of(counts)).allMatch(count -> count > 9_000 && count < 11_000);
    }

    @Test
    void prefersTheLessLoadedAndNeverPicksTheMostLoaded() {
        Random random = new Random(2);
        for (int i = 0; i < 10_000; i++) {
            assertThat(P2c.pick(TEN, e -> e, e -> true, random)).isNotEqualTo(9);
        }
    }

    @Test
    void passesOverMarkedOnesWhileAnyIsOpen() {
        Random random = new Random(3);
        for (int i = 0; i < 10_000; i++) {
            assertThat(P2c.pick(TEN, e -> e, e -> e == 7, random)).isEqualTo(7);
        }
    }

    @Test
    void triesAnywayWhenAllAreMarked() {
        Random random = new Random(4);
        assertThat(P2c.pick(TEN, e -> e, e -> false, random)).isBetween(0, 9);
        assertThat(P2c.pick(List.of(5), e -> e, e -> false, random)).isEqualTo(5);
    }

    @Test
    void marksForAGrowingTimeThatHasALimit() {
        long now = 1_000;
        FailFast mark = FailFast.HEALTHY;
        assertThat(mark.isOpen(now)).isTrue();
        Duration last = Duration.ZERO;
        for (int i = 0; i < 40; i++) {
            mark = mark.onFailure(now);
            assertThat(mark.isOpen(now)).isFalse();
            Duration pause = Duration.ofNanos(mark.untilNanos() - now);
            assertThat(pause).isGreaterThanOrEqualTo(last).isLessThanOrEqualTo(FailFast.LONGEST);
            last = pause;
            now = mark.untilNanos();
            assertThat(mark.isOpen(now)).isTrue();
        }
        assertThat(last).isEqualTo(FailFast.LONGEST);
    }

    @Test
    void doesNotGrowForFailuresOfTheSameBurst() {
        FailFast once = FailFast.HEALTHY.onFailure(0);
        assertThat(once.onFailure(1)).isEqualTo(once);
    }
}
