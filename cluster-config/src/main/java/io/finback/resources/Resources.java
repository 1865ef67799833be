package io.finback.resources;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/**
 * A vector of resources: scalars by name in thousandths (Mesos' fixed-point rule: three decimals) and ranges by name.
 * Zero entries are dropped, so equal amounts are equal values. Immutable, never negative.
 *
 * <p>Units of the well-known scalars: {@code cpus} in cores, {@code mem} and {@code disk} in MiB, {@code gpus} in devices.
 *
 * @param milli scalar name to thousandths of its unit, each &gt; 0
 * @param ranges range resource name to its set, none empty
 */
public record Resources(SortedMap<String, Long> milli, SortedMap<String, Ranges> ranges) {
    public static final String CPUS = "cpus";
    public static final String MEM = "mem";
    public static final String DISK = "disk";
    public static final String GPUS = "gpus";
    public static final String PORTS = "ports";

    public static final Resources EMPTY = new Resources(new TreeMap<>(), new TreeMap<>());

    public Resources {
        TreeMap<String, Long> scalars = new TreeMap<>();
        milli.forEach((name, amount) -> {
            if (amount < 0) {
                throw new IllegalArgumentException(name + ": " + decimal(amount) + " (expected: >= 0)");
            }
            if (amount > 0) {
                scalars.put(name, amount);
            }
        });
        TreeMap<String, Ranges> sets = new TreeMap<>();
        ranges.forEach((name, set) -> {
            if (!set.isEmpty()) {
                sets.put(name, set);
            }
        });
        milli = Collections.unmodifiableSortedMap(scalars);
        ranges = Collections.unmodifiableSortedMap(sets);
    }

    /** {@code cpus} in cores, {@code memMib} and {@code diskMib} in MiB; each rounded to three decimals. */
    public static Resources of(double cpus, double memMib, double diskMib) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        scalars.put(CPUS, thousandths(CPUS, cpus));
        scalars.put(MEM, thousandths(MEM, memMib));
        scalars.put(DISK, thousandths(DISK, diskMib));
        return new Resources(scalars, new TreeMap<>());
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
        TreeMap<String, Ranges> sets = new TreeMap<>(ranges);
        sets.put(name, set);
        return new Resources(milli, sets);
    }

    public Resources withScalar(String name, double amount) {
        TreeMap<String, Long> scalars = new TreeMap<>(milli);
        scalars.put(name, thousandths(name, amount));
        return new Resources(scalars, ranges);
    }

    /** Thousandths of {@code name}; 0 when there is none. */
    public long milli(String name) {
        return milli.getOrDefault(name, 0L);
    }

    /** The amount in whole units, for showing; arithmetic belongs in {@link #milli(String)}. */
    public double scalar(String name) {
        return milli(name) / 1000.0;
    }

    public Ranges ports() {
        return ranges.getOrDefault(PORTS, Ranges.EMPTY);
    }

    public boolean isEmpty() {
        return milli.isEmpty() && ranges.isEmpty();
    }

    public boolean contains(Resources other) {
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
        return true;
    }

    /** Sums scalars and unites ranges. Throws when both hold the same number of a range: that is no sum but a double gift. */
    public Resources plus(Resources other) {
        return merge(other, Long::sum, (mine, theirs) -> {
            if (!mine.intersect(theirs).isEmpty()) {
                throw new IllegalArgumentException(
                        "ranges: " + mine + " and " + theirs + " overlap (expected: disjoint)");
            }
            return mine.plus(theirs);
        });
    }

    /** What is left. Throws when {@code other} is not contained. */
    public Resources minus(Resources other) {
        if (!contains(other)) {
            throw new IllegalArgumentException("resources: " + other + " not contained in " + this);
        }
        return merge(other, (mine, theirs) -> mine - theirs, Ranges::minus);
    }

    private Resources merge(Resources other, BinaryOperator<Long> scalars, BinaryOperator<Ranges> sets) {
        TreeMap<String, Long> mergedScalars = new TreeMap<>(milli);
        other.milli.forEach(
                (name, amount) -> mergedScalars.put(name, scalars.apply(mergedScalars.getOrDefault(name, 0L), amount)));
        TreeMap<String, Ranges> mergedSets = new TreeMap<>(ranges);
        other.ranges.forEach(
                (name, set) -> mergedSets.put(name, sets.apply(mergedSets.getOrDefault(name, Ranges.EMPTY), set)));
        return new Resources(mergedScalars, mergedSets);
    }

    /** Mesos' text form: {@code cpus:4;mem:4096;ports:[31000-32000]}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        milli.forEach((name, amount) -> append(text, name, decimal(amount)));
        ranges.forEach((name, set) -> append(text, name, set.toString()));
        return text.toString();
    }

    private static void append(StringBuilder text, String name, String value) {
        text.append(text.length() == 0 ? "" : ";").append(name).append(':').append(value);
    }

    private static String decimal(long thousandths) {
        return BigDecimal.valueOf(thousandths, 3).stripTrailingZeros().toPlainString();
    }
}
