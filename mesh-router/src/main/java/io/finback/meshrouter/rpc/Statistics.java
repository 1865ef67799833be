package io.finback.meshrouter.rpc;

import io.finback.meshrouter.resilience.Buckets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/**
 * Statistics in memory, since the start. Percentiles are of buckets that are at most a sixteenth wide, so they are good to 6 %. At most
 * {@link #MAX_NAMES} names of a kind: later ones are counted together under {@code other}. Thread-safe; recording takes no lock.
 */
public final class Statistics implements StatsReceiver {
    private static final int MAX_NAMES = 10_000;
    private static final String OTHER = "other";

    private static final class Count implements Counter {
        private final LongAdder sum = new LongAdder();

        @Override
        public void add(long delta) {
            sum.add(delta);
        }
    }

    private static final class Distribution implements Stat {
        private static final Buckets BUCKETS = new Buckets(4);

        private final AtomicLongArray buckets = new AtomicLongArray(BUCKETS.count());
        private final LongAdder sum = new LongAdder();

        @Override
        public void add(long value) {
            long v = Math.max(0, value);
            buckets.getAndIncrement(BUCKETS.of(v));
            sum.add(v);
        }

        private long count() {
            long count = 0;
            for (int i = 0; i < BUCKETS.count(); i++) {
                count += buckets.get(i);
            }
            return count;
        }

        private long percentile(double fraction, long count) {
            long rank = (long) Math.ceil(fraction * count);
            long seen = 0;
            for (int i = 0; i < BUCKETS.count(); i++) {
                seen += buckets.get(i);
                if (seen >= rank && seen > 0) {
                    return BUCKETS.upper(i);
                }
            }
            return 0;
        }
    }

    private final Map<String, Count> counters = new ConcurrentHashMap<>();
    private final Map<String, Distribution> stats = new ConcurrentHashMap<>();
    private final Map<String, List<DoubleSupplier>> gauges = new ConcurrentHashMap<>();

    @Override
    public Counter counter(String name) {
        return counters.computeIfAbsent(counters.size() < MAX_NAMES ? name : OTHER, key -> new Count());
    }

    @Override
    public Stat stat(String name) {
        return stats.computeIfAbsent(stats.size() < MAX_NAMES ? name : OTHER, key -> new Distribution());
    }

    @Override
    public void gauge(String name, DoubleSupplier value) {
        if (gauges.size() < MAX_NAMES) {
            gauges.computeIfAbsent(name, key -> new CopyOnWriteArrayList<>()).add(value);
        }
    }

    @Override
    public void removeGauge(String name, DoubleSupplier value) {
        gauges.computeIfPresent(name, (key, values) -> {
            values.remove(value);
            return values.isEmpty() ? null : values;
        });
    }

    private static double sum(List<DoubleSupplier> values) {
        return values.stream().mapToDouble(DoubleSupplier::getAsDouble).sum();
    }

    /** A counter's value; 0 when nobody has counted. */
    public long count(String name) {
        Count counter = counters.get(name);
        return counter == null ? 0 : counter.sum.sum();
    }

    /** A gauge's value; not a number when there is none. */
    public double gauge(String name) {
        List<DoubleSupplier> values = gauges.get(name);
        return values == null ? Double.NaN : sum(values);
    }

    /** How many values a stat took. */
    public long samples(String name) {
        Distribution stat = stats.get(name);
        return stat == null ? 0 : stat.count();
    }

    /** At least that share of a stat's values is at most this. */
    public long percentile(String name, double fraction) {
        Distribution stat = stats.get(name);
        return stat == null ? 0 : stat.percentile(fraction, stat.count());
    }

    /** All of it by name, with Finagle's suffixes of histograms ({@code .count .sum .avg .p50 .p90 .p95 .p99 .p9990 .p9999 .max}). */
    public Map<String, Number> snapshot() {
        Map<String, Number> all = new TreeMap<>();
        counters.forEach((name, counter) -> all.put(name, counter.sum.sum()));
        gauges.forEach((name, values) -> all.put(name, sum(values)));
        stats.forEach((name, stat) -> {
            long count = stat.count();
            all.put(name + ".count", count);
            if (count > 0) {
                long sum = stat.sum.sum();
                all.put(name + ".sum", sum);
                all.put(name + ".avg", (double) sum / count);
                all.put(name + ".p50", stat.percentile(0.5, count));
                all.put(name + ".p90", stat.percentile(0.9, count));
                all.put(name + ".p95", stat.percentile(0.95, count));
                all.put(name + ".p99", stat.percentile(0.99, count));
                all.put(name + ".p9990", stat.percentile(0.999, count));
                all.put(name + ".p9999", stat.percentile(0.9999, count));
                all.put(name + ".max", stat.percentile(1, count));
            }
        });
        return all;
    }
}
