package io.finback.meshrouter.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BalancersTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final RandomGenerator random = new SplittableRandom(3);

    private static final class Instance implements Node {
        private final int number;
        private boolean open = true;
        private double load;
        private double weight = 1;
        private int picked;

        private Instance(int number) {
            this.number = number;
        }

        @Override
        public boolean isOpen(long now) {
            return open;
        }

        @Override
        public double load(long now) {
            return load;
        }

        @Override
        public double weight() {
            return weight;
        }

        @Override
        public String toString() {
            return "10.0.0." + number + ":80";
        }
    }

    private static List<Instance> instances(int count) {
        List<Instance> instances = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            instances.add(new Instance(i));
        }
        return List.copyOf(instances);
    }

    private void pick(Balancer balancer, List<Instance> instances, int times) {
        for (int i = 0; i < times; i++) {
            balancer.pick(instances, 0, random).picked++;
        }
    }

    @Test
    void everyBalancerPassesOverWhoIsNotOpenAndTakesOneWhenNobodyIs() {
        for (Balancer balancer : List.of(
                new PowerOfTwo(),
                new LeastLoaded(),
                new RoundRobin(),
                new Aperture(Aperture.Band.DEFAULT),
                new DeterministicAperture(new DeterministicAperture.Coordinate(1, 3, 2)))) {
            List<Instance> instances = instances(5);
            instances.forEach(instance -> instance.open = instance.number == 2);
            pick(balancer, instances, 200);
            assertThat(instances.get(2).picked).as(balancer.toString()).isEqualTo(200);
            instances.get(2).open = false;
            assertThat(balancer.pick(instances, 0, random)).isIn(instances);
        }
    }

    @Test
    void roundRobinTakesEachInTurn() {
        List<Instance> instances = instances(4);
        pick(new RoundRobin(), instances, 400);
        assertThat(instances).allSatisfy(instance -> assertThat(instance.picked).isEqualTo(100));
    }

    @Test
    void leastLoadedTakesTheLeastAndSpreadsEquals() {
        List<Instance> instances = instances(10);
        instances.forEach(instance -> instance.load = instance.number < 2 ? 1 : 5);
        pick(new LeastLoaded(), instances, 1_000);
        assertThat(instances.get(0).picked + instances.get(1).picked).isEqualTo(1_000);
        assertThat(instances.get(1).picked).isGreaterThan(50);
    }

    @Test
    void apertureStaysNarrowForFewRequestsAndWidensForMany() {
        Aperture aperture = new Aperture(new Aperture.Band(Duration.ofSeconds(1), 0.5, 2, 2));
        List<Instance> instances = instances(20);
        pick(aperture, instances, 500);
        assertThat(aperture.members(20)).isEqualTo(2);
        assertThat(instances.stream().filter(instance -> instance.picked > 0)).hasSize(2);
        instances.forEach(instance -> instance.load = 10);
        long now = 0;
        for (int i = 0; i < 400; i++) {
            now += SECOND / 10;
            assertThat(aperture.pick(instances, now, random)).isNotNull();
        }
        assertThat(aperture.members(20)).isEqualTo(20);
        instances.forEach(instance -> instance.load = 0);
        for (int i = 0; i < 1_000; i++) {
            now += SECOND / 10;
            assertThat(aperture.pick(instances, now, random)).isNotNull();
        }
        assertThat(aperture.members(20)).isEqualTo(2);
    }

    /** Weights 1 to 5, all mixed. */
    private static List<Instance> weighted(int count) {
        List<Instance> instances = instances(count);
        instances.forEach(instance -> instance.weight = 1 + instance.number % 5);
        return instances;
    }

    @Test
    void routersWithRandomAperturesCallInstancesByWeightWhateverTheirWidth() {
        for (int width : new int[] {1, 4, 25}) {
            List<Instance> instances = weighted(25);
            for (int router = 0; router < 4_000; router++) {
                Aperture aperture = new Aperture(new Aperture.Band(Duration.ofSeconds(5), 0.5, 1_000, width));
                pick(aperture, instances, 25);
            }
            double unit = instances.stream()
                            .mapToDouble(each -> each.picked / each.weight)
                            .sum()
                    / 25;
            assertThat(instances).allSatisfy(instance -> assertThat(instance.picked / instance.weight / unit)
                    .as("width %d: picks of %s per weight, of the average", width, instance)
                    .isCloseTo(1, within(width == 1 ? 0.25 : 0.13)));
        }
    }

    @Test
    void aRandomApertureCoversItsWidthOfAverageWeightAndSharesItByWeight() {
        for (int router = 0; router < 200; router++) {
            List<Instance> instances = weighted(50);
            Aperture aperture = new Aperture(new Aperture.Band(Duration.ofSeconds(5), 0.5, 1_000, 6));
            List<Instance> members = aperture.members(instances, random);
            double touched = members.stream().mapToDouble(each -> each.weight).sum();
            assertThat(touched)
                    .as("weight of those it touches, 6 times 3 at least")
                    .isBetween(18.0, 18 + 2 * 5.0);
            pick(aperture, instances, 200);
            assertThat(instances.stream().filter(each -> each.picked > 0 && !members.contains(each)))
                    .isEmpty();
        }
        List<Instance> instances = weighted(10);
        Aperture wide = new Aperture(new Aperture.Band(Duration.ofSeconds(5), 0.5, 1_000, 10));
        for (int i = 0; i < 30_000; i++) {
            Instance picked = wide.pick(instances, 0, random);
            picked.picked++;
            picked.load++;
        }
        assertThat(instances).allSatisfy(instance -> assertThat(instance.picked / instance.weight)
                .as(instance.toString())
                .isCloseTo(1_000, within(60.0)));
    }

    @Test
    void whoLeavesARandomApertureChangesThePlaceOfNobodyElse() {
        for (int router = 0; router < 100; router++) {
            List<Instance> instances = instances(40);
            Aperture aperture = new Aperture(new Aperture.Band(Duration.ofSeconds(5), 0.5, 1_000, 5));
            List<Instance> before = aperture.members(instances, random);
            assertThat(before).hasSize(5);
            List<Instance> left = new ArrayList<>(instances);
            left.remove(before.get(2));
            List<Instance> after = aperture.members(List.copyOf(left), random);
            assertThat(after)
                    .hasSize(5)
                    .containsAll(before.stream()
                            .filter(each -> each != before.get(2))
                            .toList());
        }
    }

    private static DeterministicAperture deterministic(int instance, int total, int least) {
        return new DeterministicAperture(new DeterministicAperture.Coordinate(instance, total, least));
    }

    @Test
    void routersWithAPlaceOnTheRingLoadAllInstancesAlikeWithFewConnectionsEach() {
        List<Instance> instances = instances(50);
        for (int router = 0; router < 20; router++) {
            DeterministicAperture aperture = deterministic(router, 20, 12);
            assertThat(aperture.members(instances)).hasSizeBetween(12, 16);
            pick(aperture, instances, 10_000);
        }
        assertThat(instances)
                .allSatisfy(instance ->
                        assertThat(instance.picked).as(instance.toString()).isBetween(3_600, 4_400));
    }

    @Test
    void aRouterAloneCallsEverybodyAndTwoInATieShareThem() {
        List<Instance> instances = instances(30);
        assertThat(deterministic(0, 1, 1).members(instances)).hasSize(30);
        List<Instance> first = deterministic(0, 2, 1).members(instances);
        List<Instance> second = deterministic(1, 2, 1).members(instances);
        assertThat(first).hasSize(15).doesNotContainAnyElementsOf(second);
        assertThat(second).hasSize(15);
    }

    @Test
    void theRingIsTheSameWhateverOrderInstancesAreListedIn() {
        List<Instance> instances = instances(30);
        List<Instance> reversed = new ArrayList<>(instances);
        Collections.reverse(reversed);
        assertThat(deterministic(1, 3, 5).members(List.copyOf(reversed)))
                .isEqualTo(deterministic(1, 3, 5).members(instances));
    }

    @Test
    void anInstanceOnTheRingIsCalledByItsWeight() {
        List<Instance> instances = instances(20);
        instances.get(7).weight = 3;
        instances.get(11).weight = 0;
        // As if requests were under way for as long everywhere: load follows what was given.
        DeterministicAperture aperture = deterministic(0, 1, 1);
        for (int i = 0; i < 44_000; i++) {
            Instance picked = aperture.pick(instances, 0, random);
            picked.picked++;
            picked.load++;
        }
        assertThat(instances.get(7).picked).isBetween(5_700, 6_300);
        assertThat(instances.get(11).picked).isZero();
        assertThat(instances.get(3).picked).isBetween(1_950, 2_250);
    }

    @Test
    void anApertureOfManyThousandKnowsWhomItTouches() {
        assertThat(deterministic(3, 1_000, 12).members(instances(20_000))).hasSizeBetween(20, 21);
    }

    @Test
    void refusesAPlaceThatIsNone() {
        assertThatThrownBy(() -> deterministic(3, 3, 12))
                .hasMessage("coordinate: 3 of 3 (expected: 0 <= instance < total)");
        assertThatThrownBy(() -> deterministic(0, 1, 0)).hasMessageContaining("minAperture: 0");
    }

    /** The values follow from Finagle's formula by hand. */
    @Test
    void peakEwmaJumpsToAPeakAndForgetsItByAndBy() {
        PeakEwma load = new PeakEwma(Duration.ofSeconds(10));
        assertThat(load.load(0)).isZero();
        load.start();
        assertThat(load.load(0)).as("called, never answered").isEqualTo(PeakEwma.PENALTY + 1);
        load.end(100, 0);
        assertThat(load.load(0)).isEqualTo(100);
        assertThat(load.load(10 * SECOND)).isCloseTo(100 / Math.E, within(1e-9));
        load.start();
        load.end(1_000, 10 * SECOND);
        assertThat(load.load(10 * SECOND)).as("a peak counts at once").isEqualTo(1_000);
        load.start();
        load.start();
        assertThat(load.load(10 * SECOND)).as("times those under way").isEqualTo(3_000);
        load.end(0, 20 * SECOND);
        assertThat(load.load(20 * SECOND)).isCloseTo(2 * 1_000 / Math.E, within(1e-9));
    }

    @Test
    void refusesImpossibleSettings() {
        assertThatThrownBy(() -> new PeakEwma(Duration.ZERO)).hasMessageContaining("decayTimeMs: 0");
        assertThatThrownBy(() -> new Aperture.Band(Duration.ofSeconds(1), 2, 1, 1))
                .hasMessageContaining("highLoad");
        assertThatThrownBy(() -> new Aperture.Band(Duration.ofSeconds(1), 0.5, 2, 0))
                .hasMessageContaining("minAperture: 0");
    }
}
