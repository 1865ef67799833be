package io.finback.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** What is reserved, revocable or a disk of its own is never mixed with anything else. */
class SpecialResourcesTest {
    private static final Kind ENG = Kind.reserved(Reservation.fixed("eng"));
    private static final Kind BACKEND = ENG.reservedFurther(Reservation.dynamic("eng/backend", Optional.of("ops")));
    private static final Kind REVOCABLE = new Kind(List.of(), Optional.empty(), true, false);
    private static final Kind MOUNT = disk(Disk.SourceType.MOUNT);
    private static final Kind VOLUME = ENG.withDisk(Optional.of(
            new Disk(Optional.of(new Disk.Persistence("v1", Optional.empty())), Optional.empty(), Optional.empty())));
    private static final Resources TEN_GB = Resources.of(0, 0, 10_240);

    @Test
    void aReservedAmountIsNoPlainOne() {
        Resources reserved = Resources.of(ENG, Resources.of(2, 0, 0));
        assertThat(reserved.contains(Resources.of(1, 0, 0))).isFalse();
        assertThat(Resources.of(4, 0, 0).contains(reserved)).isFalse();
        Resources both = reserved.plus(Resources.of(4, 0, 0));
        assertThat(both.milli(Resources.CPUS)).isEqualTo(4_000);
        assertThat(both.quantities()).containsEntry(Resources.CPUS, 6_000L);
        assertThat(both).hasToString("cpus:4;cpus(eng):2");
        assertThat(both.minus(Resources.of(ENG, Resources.of(0.5, 0, 0)))).hasToString("cpus:4;cpus(eng):1.5");
        assertThatThrownBy(() -> both.minus(Resources.of(ENG, Resources.of(2.001, 0, 0))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRoleIsGivenItsOwnAndWhatIsAboveIt() {
        Resources all = Resources.of(1, 0, 0)
                .plus(Resources.of(ENG, Resources.of(2, 0, 0)))
                .plus(Resources.of(BACKEND, Resources.of(3, 0, 0)));
        assertThat(all.allocatableTo("*").quantities()).containsEntry(Resources.CPUS, 1_000L);
        assertThat(all.allocatableTo("eng").quantities()).containsEntry(Resources.CPUS, 3_000L);
        assertThat(all.allocatableTo("eng/backend").quantities()).containsEntry(Resources.CPUS, 6_000L);
        assertThat(all.allocatableTo("engineering").quantities()).containsEntry(Resources.CPUS, 1_000L);
        assertThat(BACKEND.unreserved()).isEqualTo(ENG);
        assertThat(BACKEND.isRefined()).isTrue();
        assertThatThrownBy(() -> ENG.reservedFurther(Reservation.fixed("ops")))
                .hasMessageContaining("expected: a role below eng");
    }

    @Test
    void whatIsIndivisibleIsTakenWhole() {
        for (Kind kind : List.of(MOUNT, VOLUME)) {
            Resources disk = Resources.of(kind, TEN_GB);
            assertThat(disk.contains(Resources.of(kind, Resources.of(0, 0, 1)))).isFalse();
            assertThat(disk.minus(disk)).isEqualTo(Resources.EMPTY);
            assertThatThrownBy(() -> disk.plus(disk)).hasMessageContaining("twice");
        }
        Resources path = Resources.of(disk(Disk.SourceType.PATH), TEN_GB);
        assertThat(path.contains(Resources.of(disk(Disk.SourceType.PATH), Resources.of(0, 0, 1))))
                .isTrue();
    }

    @Test
    void aSharedVolumeIsThereOnce() {
        Resources volume = Resources.of(VOLUME.withShared(true), TEN_GB);
        assertThat(volume.plus(volume)).isEqualTo(volume);
        assertThat(volume.quantities()).containsEntry(Resources.DISK, 10_240_000L);
    }

    @Test
    void setsAreGivenItemByItem() {
        Resources both = Resources.EMPTY.withSet("zones", new TreeSet<>(List.of("a", "b")));
        Resources one = Resources.EMPTY.withSet("zones", new TreeSet<>(List.of("a")));
        assertThat(both).hasToString("zones:{a,b}");
        assertThat(both.minus(one)).hasToString("zones:{b}");
        assertThatThrownBy(() -> both.plus(one)).hasMessageContaining("overlap");
        assertThat(one.contains(both)).isFalse();
    }

    @Test
    void oneEntryForEachKind() {
        Special entry = new Special(ENG, Resources.of(1, 0, 0));
        assertThatThrownBy(() -> new Resources(
                        Resources.EMPTY.milli(),
                        Resources.EMPTY.ranges(),
                        Resources.EMPTY.sets(),
                        List.of(entry, entry)))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> new Special(Kind.PLAIN, Resources.of(1, 0, 0))).hasMessageContaining("plain");
    }

    @RepeatedTest(200)
    void whatIsGivenComesBackWhateverItsKind() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Resources all = random(random, 0);
        Resources more = random(random, 1_000);
        Resources sum = all.plus(more);
        assertThat(sum).as("seed %d", seed).isEqualTo(more.plus(all));
        assertThat(sum.contains(all) && sum.contains(more)).as("seed %d", seed).isTrue();
        assertThat(sum.minus(more)).as("seed %d", seed).isEqualTo(all);
        assertThat(sum.filter(Kind::isReserved).plus(sum.filter(kind -> !kind.isReserved())))
                .as("seed %d", seed)
                .isEqualTo(sum);
        sum.quantities().forEach((name, amount) -> assertThat(amount)
                .as("%s, seed %d", name, seed)
                .isEqualTo(all.quantities().getOrDefault(name, 0L)
                        + more.quantities().getOrDefault(name, 0L)));
    }

    private static Resources random(Random random, long fromPort) {
        List<Kind> kinds = new ArrayList<>(List.of(Kind.PLAIN, ENG, BACKEND, REVOCABLE));
        Resources resources = Resources.EMPTY;
        for (Kind kind : kinds) {
            if (random.nextBoolean()) {
                long port = fromPort + random.nextInt(500);
                Resources amount = Resources.of(random.nextInt(5_000) / 1000.0, random.nextInt(100), 1)
                        .withPorts(Ranges.of(port, port));
                resources = resources.plus(Resources.of(kind, amount));
            }
        }
        return resources;
    }

    private static Kind disk(Disk.SourceType type) {
        return Kind.PLAIN.withDisk(Optional.of(
                new Disk(Optional.empty(), Optional.empty(), Optional.of(Disk.Source.of(type, "/mnt/data")))));
    }
}
