package io.finback.controlplane.allocation;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What the allocator does, in numbers, as long as it is on this master; they stand still while it is on another. Thread-safe. */
public final class AllocatorMeter {
    /** Upper ends of the histogram, in seconds: from one change in a small pool to a full pass over a very large one. */
    private static final double[] BOUNDS = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1};
    /** Passes that percentiles are taken of. */
    private static final int WINDOW = 1024;

    private final AtomicLongArray buckets = new AtomicLongArray(BOUNDS.length + 1);
    private final AtomicLongArray recent = new AtomicLongArray(WINDOW);
    private final AtomicLong passes = new AtomicLong();
    private final LongAdder nanoseconds = new LongAdder();
    private final LongAdder offers = new LongAdder();

    /** A pass that had something to do has taken this long and made so many offers. Called by one thread at a time. */
    void passed(long tookNanos, int made) {
        int bucket = 0;
        while (bucket < BOUNDS.length && tookNanos > BOUNDS[bucket] * 1e9) {
            bucket++;
        }
        buckets.incrementAndGet(bucket);
        recent.set((int) (passes.get() % WINDOW), tookNanos);
        nanoseconds.add(tookNanos);
        offers.add(made);
        passes.incrementAndGet();
    }

    public long passes() {
        return passes.get();
    }

    /** How long the last passes took, in milliseconds, shortest first; at most 1,024 of them. */
    public double[] recentMillis() {
        double[] sorted = new double[(int) Math.min(passes.get(), WINDOW)];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = recent.get(i) / 1e6;
        }
        Arrays.sort(sorted);
        return sorted;
    }

    /** In Prometheus' text format; names and meaning are in {@code docs/metrics.md}. */
    public String prometheus() {
        StringBuilder text = new StringBuilder("# TYPE finback_allocator_pass_seconds histogram\n");
        long sum = 0;
        for (int i = 0; i <= BOUNDS.length; i++) {
            sum += buckets.get(i);
            String bound = i == BOUNDS.length ? "+Inf" : Double.toString(BOUNDS[i]);
            text.append(
                    String.format(Locale.ROOT, "finback_allocator_pass_seconds_bucket{le=\"%s\"} %d\n", bound, sum));
        }
        text.append(String.format(Locale.ROOT, "finback_allocator_pass_seconds_sum %.6f\n", nanoseconds.sum() / 1e9));
        text.append(String.format(Locale.ROOT, "finback_allocator_pass_seconds_count %d\n", sum));
        text.append("# TYPE finback_allocator_offers_made_total counter\n");
        return text.append(String.format(Locale.ROOT, "finback_allocator_offers_made_total %d\n", offers.sum()))
                .toString();
    }
}
