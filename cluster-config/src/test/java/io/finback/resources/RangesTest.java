package io.finback.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.Ranges.Range;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** {@link Ranges} against what it stands for: a set of numbers. A failing seed is in the assertion's message. */
class RangesTest {
    @Test
    void equalSetsAreEqualValues() {
        Ranges merged = new Ranges(List.of(new Range(5, 6), new Range(1, 2), new Range(3, 4), new Range(2, 3)));
        assertThat(merged).isEqualTo(Ranges.of(1, 6)).hasToString("[1-6]");
        assertThat(new Ranges(List.of())).isEqualTo(Ranges.EMPTY).hasToString("[]");
    }

    @Test
    void refusesARangeThatIsNone() {
        assertThatThrownBy(() -> Ranges.of(5, 4)).hasMessage("range: [5-4] (expected: 0 <= begin <= end)");
        assertThatThrownBy(() -> Ranges.of(-1, 4)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void bothEndsBelongToARange() {
        Ranges ports = Ranges.of(31_000, 31_001);
        assertThat(ports.size()).isEqualTo(2);
        assertThat(ports.contains(31_000)).isTrue();
        assertThat(ports.contains(31_001)).isTrue();
        assertThat(ports.contains(30_999)).isFalse();
        assertThat(ports.contains(31_002)).isFalse();
    }

    @RepeatedTest(200)
    void behavesAsASet() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Set<Long> a = numbers(random);
        Set<Long> b = numbers(random);
        Ranges left = Ranges.ofValues(a);
        Ranges right = Ranges.ofValues(shuffled(b, random));
        assertThat(left.values()).as("seed %d", seed).containsExactlyElementsOf(a);
        assertThat(left.plus(right)).as("seed %d", seed).isEqualTo(Ranges.ofValues(union(a, b)));
        assertThat(left.minus(right)).as("seed %d", seed).isEqualTo(Ranges.ofValues(difference(a, b)));
        assertThat(left.intersect(right))
                .as("seed %d", seed)
                .isEqualTo(Ranges.ofValues(difference(a, difference(a, b))));
        assertThat(left.contains(right)).as("seed %d", seed).isEqualTo(a.containsAll(b));
        assertThat(left.size()).as("seed %d", seed).isEqualTo(a.size());
        List<Long> sorted = new ArrayList<>(a);
        for (int i = 0; i < sorted.size(); i++) {
            assertThat(left.nth(i)).as("seed %d", seed).hasValue(sorted.get(i));
        }
        assertThat(left.nth(sorted.size())).as("seed %d", seed).isEmpty();
        for (int i = 1; i < left.ranges().size(); i++) {
            assertThat(left.ranges().get(i).begin())
                    .as("a gap between ranges, seed %d", seed)
                    .isGreaterThan(left.ranges().get(i - 1).end() + 1);
        }
    }

    private static Set<Long> numbers(Random random) {
        Set<Long> numbers = new TreeSet<>();
        for (int i = random.nextInt(40); i > 0; i--) {
            numbers.add((long) random.nextInt(60));
        }
        return numbers;
    }

    private static List<Long> shuffled(Set<Long> numbers, Random random) {
        List<Long> list = new ArrayList<>(numbers);
        Collections.shuffle(list, random);
        return list;
    }

    private static Set<Long> union(Set<Long> a, Set<Long> b) {
        Set<Long> all = new HashSet<>(a);
        all.addAll(b);
        return all;
    }

    private static Set<Long> difference(Set<Long> a, Set<Long> b) {
        Set<Long> left = new HashSet<>(a);
        left.removeAll(b);
        return left;
    }
}
