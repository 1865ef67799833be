package io.finback.meshrouter.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.heap.Pressure.Verdict;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PressureTest {
    private final Pressure pressure = new Pressure(new HeapSettings(96 << 20, 4, Duration.ofSeconds(5), 64 << 20));
    private long collections = 100;

    private Verdict afterASecondWith(int more) {
        collections += more;
        return pressure.look(collections);
    }

    @Test
    void isBusyAfterThreeSecondsOfManyCollections() {
        assertThat(pressure.look(collections)).as("what was before").isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(4)).isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(20)).isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(3)).as("one second that was calm").isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(4)).isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(4)).isEqualTo(Verdict.AS_IT_IS);
        assertThat(afterASecondWith(4)).isEqualTo(Verdict.BUSY);
    }

    @Test
    void isIdleWhenThereWasNoneForAWhile() {
        for (int second = 0; second < 4; second++) {
            assertThat(afterASecondWith(0)).isEqualTo(Verdict.AS_IT_IS);
        }
        assertThat(afterASecondWith(1)).as("one collection").isEqualTo(Verdict.AS_IT_IS);
        for (int second = 0; second < 4; second++) {
            assertThat(afterASecondWith(0)).isEqualTo(Verdict.AS_IT_IS);
        }
        assertThat(afterASecondWith(0)).isEqualTo(Verdict.IDLE);
    }

    @Test
    void theShareThatIsFreeMakesTheWholeAsLargeAsItShallBe() {
        assertThat(SerialHeap.freeShare(18, 200)).isEqualTo(91);
        assertThat(SerialHeap.freeShare(18, 21)).isEqualTo(14);
        assertThat(SerialHeap.freeShare(40, 21)).as("more is alive").isZero();
        assertThat(SerialHeap.freeShare(1, 1_000)).isEqualTo(96);
    }

    @ParameterizedTest
    @CsvSource({
        "heap.busy, 1, 4, 5, 64",
        "heap.busy, 8192, 4, 5, 64",
        "heap.busy-from, 96, 0, 5, 64",
        "heap.idle-after, 96, 4, 0, 64",
        "heap.most-live, 96, 4, 5, 1"
    })
    void aWrongSettingIsNamed(String key, long busy, int busyFrom, int idleAfter, long mostLive) {
        assertThatThrownBy(() -> new HeapSettings(busy << 20, busyFrom, Duration.ofSeconds(idleAfter), mostLive << 20))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key + ": ")
                .hasMessageContaining("expected: ");
    }
}
