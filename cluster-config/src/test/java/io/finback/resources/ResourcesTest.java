package io.finback.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ResourcesTest {
    @Test
    void keepsThreeDecimalsAndDropsZeros() {
        Resources resources = Resources.of(0.1, 32, 0).withScalar(Resources.GPUS, 0);
        assertThat(resources.milli(Resources.CPUS)).isEqualTo(100);
        assertThat(resources).isEqualTo(Resources.of(0.1000001, 32, 0)).hasToString("cpus:0.1;mem:32");
        assertThat(resources.milli(Resources.DISK)).isZero();
        assertThat(Resources.of(0, 0, 0)).isEqualTo(Resources.EMPTY);
    }

    @Test
    void showsItselfInMesosForm() {
        assertThat(Resources.of(4, 4096, 0).withPorts(Ranges.of(31_000, 32_000)))
                .hasToString("cpus:4;mem:4096;ports:[31000-32000]");
    }

    @Test
    void refusesWhatIsNoAmount() {
        for (double wrong : new double[] {-0.001, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Resources.of(wrong, 1, 1))
                    .hasMessage("cpus: " + wrong + " (expected: a number >= 0)");
        }
    }

    @Test
    void refusesToTakeMoreThanThereIs() {
        Resources one = Resources.of(1, 10, 0);
        assertThat(one.contains(Resources.of(1, 10, 0))).isTrue();
        assertThat(one.contains(Resources.of(1.001, 10, 0))).isFalse();
        assertThatThrownBy(() -> one.minus(Resources.of(1.001, 0, 0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.minus(Resources.EMPTY.withPorts(Ranges.of(1, 1))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesToGiveAPortTwice() {
        Resources port = Resources.EMPTY.withPorts(Ranges.of(31_000, 31_000));
        assertThatThrownBy(() -> port.plus(port)).hasMessageContaining("overlap");
    }

    @Test
    void tenTenthsAreOne() {
        Resources sum = Resources.EMPTY;
        for (int i = 0; i < 10; i++) {
            sum = sum.plus(Resources.of(0.1, 0, 0));
        }
        assertThat(sum).isEqualTo(Resources.of(1, 0, 0));
    }

    @RepeatedTest(200)
    void whatIsGivenComesBack() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Resources all = random(random, 0);
        Resources more = random(random, 1_000);
        Resources sum = all.plus(more);
        assertThat(sum).as("seed %d", seed).isEqualTo(more.plus(all));
        assertThat(sum.contains(all) && sum.contains(more)).as("seed %d", seed).isTrue();
        assertThat(sum.minus(more)).as("seed %d", seed).isEqualTo(all);
        assertThat(sum.minus(sum)).as("seed %d", seed).isEqualTo(Resources.EMPTY);
        assertThat(new Resources(new TreeMap<>(sum.milli()), new TreeMap<>(sum.ranges())))
                .as("seed %d", seed)
                .isEqualTo(sum);
    }

    /** Ports from {@code from} on, so that two of them can be disjoint. */
    private static Resources random(Random random, int from) {
        Resources resources =
                Resources.of(random.nextInt(5_000) / 1000.0, random.nextInt(100), random.nextBoolean() ? 0 : 1.5);
        for (int i = random.nextInt(4); i > 0; i--) {
            resources =
                    resources.withPorts(resources.ports().plus(Ranges.ofValues(List.of(from + random.nextInt(50)))));
        }
        return resources;
    }
}
