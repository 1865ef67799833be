package io.finback.resources;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An amount of resources: scalars by name in thousandths (Mesos' fixed-point rule: three decimals), ranges and sets by name. These
 * are plain: anybody may have them. What is reserved, revocable, or on a particular disk is {@link #special}, one entry for each
 * {@link Kind}. Zero entries are dropped, so equal amounts are equal values. Immutable, never negative.
 *
 * <p>Arithmetic never mixes kinds: an amount contains another only if it does for each kind. What is indivisible ({@link
 * Kind#isIndivisible}) is contained and taken whole. A shared volume is there once: adding it again changes nothing.
 *
 * <p>Units of the well-known scalars: {@code cpus} in cores, {@code mem} and {@code disk} in MiB, {@code gpus} in devices.
 *
 * @param milli scalar name to thousandths of its unit, each &gt; 0; plain only
 * @param ranges range resource name to its set, none empty; plain only
 * @param sets set resource name to its items, none empty; plain only
 * @param special everything that is not plain, one entry for each kind, in the order of kinds
 */
public record Resources(
        SortedMap<String, Long> milli,
        SortedMap<String, Ranges> ranges,
        SortedMap<String, SortedSet<String>> sets,
        List<Special> special) {
    public static final String CPUS = "cpus";
    public static final String MEM = "mem";
    public static final String DISK = "disk";
    public static final String GPUS = "gpus";
    public static final String PORTS = "ports";

    public static final Resources EMPTY = new Resources(new TreeMap<>(), new TreeMap<>());

    /** Sets and special kinds may be missing in what an earlier version has written. */
    public Resources(
            SortedMap<String, Long> milli,
            SortedMap<String, Ranges> ranges,
            @Nullable SortedMap<String, SortedSet<String>> sets,
            @Nullable List<Special> special) {
        this.milli = scalars(milli);
        this.ranges = nonEmpty(ranges, set -> !set.isEmpty());
        this.sets = sets == null || sets.isEmpty() ? Collections.emptySortedMap() : copiedSets(sets);
        this.special = special == null || special.isEmpty() ? List.of() : gathered(special);
    }

    public Resources(SortedMap<String, Long> milli, SortedMap<String, Ranges> ranges) {
        this(milli, ranges, Collections.emptySortedMap(), List.of());
    }

    /** {@code cpus} in cores, {@code memMib} and {@code diskMib} in MiB; each rounded to three decimals. */
    public static Resources of(double cpus, double memMib, double diskMib) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        scalars.put(CPUS, thousandths(CPUS, cpus));
        scalars.put(MEM, thousandths(MEM, memMib));
        scalars.put(DISK, thousandths(DISK, diskMib));
        return new Resources(scalars, new TreeMap<>());
    }

    /** A plain amount as that of a kind. */
    public static Resources of(Kind kind, Resources amount) {
        if (kind.isPlain() || amount.isEmpty()) {
            return amount;
        }
        return new Resources(
                Collections.emptySortedMap(),
                Collections.emptySortedMap(),
                Collections.emptySortedMap(),
                List.of(new Special(kind, amount)));
    }

    /** Rounds half up to thousandths. Throws on NaN, infinities and negatives, naming {@code name}. */
    public static long thousandths(String name, double amount) {
        if (!(amount >= 0) || amount > Long.MAX_VALUE / 2_000.0) {
            throw new IllegalArgumentException(name + ": " + amount + " (expected: a number >= 0)");
        }
        return Math.round(amount * 1000);
    }

    public Resources withPorts(Ranges ports) {
        return withRanges(PORTS, ports);
    }

    public Resources withRanges(String name, Ranges set) {
        TreeMap<String, Ranges> changed = new TreeMap<>(ranges);
        changed.put(name, set);
        return new Resources(milli, changed, sets, special);
    }

    public Resources withScalar(String name, double amount) {
        TreeMap<String, Long> changed = new TreeMap<>(milli);
        changed.put(name, thousandths(name, amount));
        return new Resources(changed, ranges, sets, special);
    }

    public Resources withSet(String name, SortedSet<String> items) {
        TreeMap<String, SortedSet<String>> changed = new TreeMap<>(sets);
        changed.put(name, items);
        return new Resources(milli, ranges, changed, special);
    }

    /** Thousandths of {@code name} that are plain; 0 when there is none. */
    public long milli(String name) {
        return milli.getOrDefault(name, 0L);
    }

    /** The plain amount in whole units, for showing; arithmetic belongs in {@link #milli(String)}. */
    public double scalar(String name) {
        return milli(name) / 1000.0;
    }

    /** Thousandths of every scalar, summed over all kinds. O(kinds); the map itself when all is plain. */
    public SortedMap<String, Long> quantities() {
        if (special.isEmpty()) {
            return milli;
        }
        TreeMap<String, Long> sum = new TreeMap<>(milli);
        special.forEach(entry -> entry.amount().milli().forEach((name, amount) -> sum.merge(name, amount, Long::sum)));
        return Collections.unmodifiableSortedMap(sum);
    }

    /** Plain ports. */
    public Ranges ports() {
        return ranges.getOrDefault(PORTS, Ranges.EMPTY);
    }

    public boolean isEmpty() {
        return milli.isEmpty() && ranges.isEmpty() && sets.isEmpty() && special.isEmpty();
    }

    public boolean isPlain() {
        return special.isEmpty();
    }

    /** The plain part. */
    public Resources plain() {
        return special.isEmpty() ? this : new Resources(milli, ranges, sets, List.of());
    }

    /** The amount of one kind, as a plain amount. */
    public Resources amountOf(Kind kind) {
        if (kind.isPlain()) {
            return plain();
        }
        for (Special entry : special) {
            if (entry.kind().equals(kind)) {
                return entry.amount();
            }
        }
        return EMPTY;
    }

    /** What is of such kinds; {@link Kind#PLAIN} is asked for the plain part. */
    public Resources filter(Predicate<Kind> wanted) {
        boolean plainWanted = wanted.test(Kind.PLAIN);
        if (special.isEmpty()) {
            return plainWanted ? this : EMPTY;
        }
        List<Special> kept =
                special.stream().filter(entry -> wanted.test(entry.kind())).toList();
        if (plainWanted) {
            return kept.size() == special.size() ? this : new Resources(milli, ranges, sets, kept);
        }
        return kept.isEmpty()
                ? EMPTY
                : new Resources(
                        Collections.emptySortedMap(), Collections.emptySortedMap(), Collections.emptySortedMap(), kept);
    }

    /** What a role may be offered: unreserved, or reserved for it or for a role above it. */
    public Resources allocatableTo(String role) {
        return special.isEmpty() ? this : filter(kind -> kind.isAllocatableTo(role));
    }

    public boolean contains(Resources other) {
        return containsPlain(other) && (other.special.isEmpty() || containsSpecial(other));
    }

    private boolean containsPlain(Resources other) {
        for (Map.Entry<String, Long> entry : other.milli.entrySet()) {
            if (milli(entry.getKey()) < entry.getValue()) {
                return false;
            }
        }
        for (Map.Entry<String, Ranges> entry : other.ranges.entrySet()) {
            if (!ranges.getOrDefault(entry.getKey(), Ranges.EMPTY).contains(entry.getValue())) {
                return false;
            }
        }
        for (Map.Entry<String, SortedSet<String>> entry : other.sets.entrySet()) {
            SortedSet<String> mine = sets.get(entry.getKey());
            if (mine == null || !mine.containsAll(entry.getValue())) {
                return false;
            }
        }
        return true;
    }

    private boolean containsSpecial(Resources other) {
        for (Special theirs : other.special) {
            Resources mine = amountOf(theirs.kind());
            boolean enough =
                    theirs.kind().isIndivisible() ? mine.equals(theirs.amount()) : mine.containsPlain(theirs.amount());
            if (!enough) {
                return false;
            }
        }
        return true;
    }

    /**
     * Sums scalars and unites ranges and sets, kind by kind. Throws when both hold the same number of a range or the same item of a
     * set, or the same indivisible disk that is not shared: that is no sum but a double gift.
     */
    public Resources plus(Resources other) {
        Resources sum = merge(other, Long::sum, Resources::united, Resources::unitedItems);
        return special.isEmpty() && other.special.isEmpty()
                ? sum
                : new Resources(sum.milli, sum.ranges, sum.sets, specialPlus(other.special));
    }

    /** What is left. Throws when {@code other} is not contained. */
    public Resources minus(Resources other) {
        if (!contains(other)) {
            throw new IllegalArgumentException("resources: " + other + " not contained in " + this);
        }
        Resources left = merge(other, (mine, theirs) -> mine - theirs, Ranges::minus, Resources::itemsLeft);
        return special.isEmpty() ? left : new Resources(left.milli, left.ranges, left.sets, specialMinus(other));
    }

    private List<Special> specialPlus(List<Special> others) {
        List<Special> sum = new ArrayList<>(special);
        for (Special theirs : others) {
            Resources mine = amountOf(theirs.kind());
            if (mine.isEmpty()) {
                sum.add(theirs);
            } else if (theirs.kind().shared()) {
                if (!mine.equals(theirs.amount())) {
                    throw new IllegalArgumentException(
                            "shared volume: " + theirs + " and " + mine + " (expected: the same size)");
                }
            } else if (theirs.kind().isIndivisible()) {
                throw new IllegalArgumentException("disk: " + theirs + " twice (expected: once)");
            } else {
                sum.removeIf(entry -> entry.kind().equals(theirs.kind()));
                sum.add(new Special(theirs.kind(), mine.plus(theirs.amount())));
            }
        }
        return sum;
    }

    private List<Special> specialMinus(Resources other) {
        List<Special> left = new ArrayList<>(special.size());
        for (Special mine : special) {
            Resources rest = mine.amount().minus(other.amountOf(mine.kind()));
            if (!rest.isEmpty()) {
                left.add(new Special(mine.kind(), rest));
            }
        }
        return left;
    }

    /** Plain parts only. */
    private Resources merge(
            Resources other,
            BinaryOperator<Long> scalars,
            BinaryOperator<Ranges> numbers,
            BinaryOperator<SortedSet<String>> items) {
        TreeMap<String, Long> mergedScalars = new TreeMap<>(milli);
        other.milli.forEach(
                (name, amount) -> mergedScalars.put(name, scalars.apply(mergedScalars.getOrDefault(name, 0L), amount)));
        TreeMap<String, Ranges> mergedRanges = new TreeMap<>(ranges);
        other.ranges.forEach((name, set) ->
                mergedRanges.put(name, numbers.apply(mergedRanges.getOrDefault(name, Ranges.EMPTY), set)));
        TreeMap<String, SortedSet<String>> mergedSets = new TreeMap<>(sets);
        other.sets.forEach((name, set) ->
                mergedSets.put(name, items.apply(mergedSets.getOrDefault(name, Collections.emptySortedSet()), set)));
        return new Resources(mergedScalars, mergedRanges, mergedSets, List.of());
    }

    private static Ranges united(Ranges mine, Ranges theirs) {
        if (!mine.intersect(theirs).isEmpty()) {
            throw new IllegalArgumentException("ranges: " + mine + " and " + theirs + " overlap (expected: disjoint)");
        }
        return mine.plus(theirs);
    }

    private static SortedSet<String> unitedItems(SortedSet<String> mine, SortedSet<String> theirs) {
        if (!Collections.disjoint(mine, theirs)) {
            throw new IllegalArgumentException("sets: " + mine + " and " + theirs + " overlap (expected: disjoint)");
        }
        TreeSet<String> all = new TreeSet<>(mine);
        all.addAll(theirs);
        return all;
    }

    private static SortedSet<String> itemsLeft(SortedSet<String> mine, SortedSet<String> theirs) {
        TreeSet<String> left = new TreeSet<>(mine);
        left.removeAll(theirs);
        return left;
    }

    private static SortedMap<String, Long> scalars(SortedMap<String, Long> given) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        given.forEach((name, amount) -> {
            if (amount < 0) {
                throw new IllegalArgumentException(name + ": " + decimal(amount) + " (expected: >= 0)");
            }
            if (amount > 0) {
                scalars.put(name, amount);
            }
        });
        return Collections.unmodifiableSortedMap(scalars);
    }

    private static <V> SortedMap<String, V> nonEmpty(SortedMap<String, V> given, Predicate<V> wanted) {
        TreeMap<String, V> kept = new TreeMap<>();
        given.forEach((name, value) -> {
            if (wanted.test(value)) {
                kept.put(name, value);
            }
        });
        return Collections.unmodifiableSortedMap(kept);
    }

    private static SortedMap<String, SortedSet<String>> copiedSets(SortedMap<String, SortedSet<String>> given) {
        TreeMap<String, SortedSet<String>> copies = new TreeMap<>();
        given.forEach((name, items) -> copies.put(name, Collections.unmodifiableSortedSet(new TreeSet<>(items))));
        return nonEmpty(copies, items -> !items.isEmpty());
    }

    private static List<Special> gathered(List<Special> given) {
        List<Special> sorted = new ArrayList<>(given);
        sorted.sort(Comparator.comparing(Special::kind));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).kind().equals(sorted.get(i - 1).kind())) {
                throw new IllegalArgumentException(
                        "special resources: " + sorted.get(i).kind() + " twice (expected: once)");
            }
        }
        return List.copyOf(sorted);
    }

    /** Mesos' text form, such as {@code cpus:4;mem:4096;ports:[31000-32000]}; reserved ones as {@code cpus(eng):2}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        appendTo(text, "");
        for (Special entry : special) {
            Kind kind = entry.kind();
            StringBuilder mark = new StringBuilder();
            kind.reservedTo().ifPresent(role -> mark.append('(').append(role).append(')'));
            kind.disk()
                    .flatMap(Disk::persistence)
                    .ifPresent(volume -> mark.append('[').append(volume.id()).append(']'));
            kind.disk()
                    .flatMap(Disk::source)
                    .ifPresent(source -> mark.append('<').append(source.type()).append('>'));
            mark.append(kind.revocable() ? "{REV}" : "").append(kind.shared() ? "{SHARED}" : "");
            entry.amount().appendTo(text, mark.toString());
        }
        return text.toString();
    }

    private void appendTo(StringBuilder text, String mark) {
        milli.forEach((name, amount) -> append(text, name + mark, decimal(amount)));
        ranges.forEach((name, set) -> append(text, name + mark, set.toString()));
        sets.forEach((name, items) -> append(text, name + mark, "{" + String.join(",", items) + "}"));
    }

    private static void append(StringBuilder text, String name, String value) {
        text.append(text.length() == 0 ? "" : ";").append(name).append(':').append(value);
    }

    private static String decimal(long thousandths) {
        return BigDecimal.valueOf(thousandths, 3).stripTrailingZeros().toPlainString();
    }
}
