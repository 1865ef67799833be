package io.finback.controlplane.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * How long the latest successful runs took, in milliseconds, oldest first, and how many there ever were.
 *
 * @param latest at most {@link #KEPT}
 */
public record Durations(long count, List<Long> latest) {
    public static final Durations NONE = new Durations(0, List.of());
    /** Enough for a 99th percentile. */
    static final int KEPT = 200;

    public Durations {
        latest = List.copyOf(latest);
    }

    Durations with(long millis) {
        List<Long> next = new ArrayList<>(latest);
        next.add(millis);
        return new Durations(count + 1, next.size() > KEPT ? next.subList(next.size() - KEPT, next.size()) : next);
    }

    /** In seconds; all zero when nothing has run. */
    public Summary summary() {
        List<Long> sorted = latest.stream().sorted().toList();
        return new Summary(
                at(sorted, 0.5),
                at(sorted, 0.75),
                at(sorted, 0.95),
                at(sorted, 0.98),
                at(sorted, 0.99),
                latest.stream().mapToLong(Long::longValue).average().orElse(0) / 1000,
                count);
    }

    /** Between the two nearest ranks, as Chronos' histograms do. */
    private static double at(List<Long> sorted, double quantile) {
        if (sorted.isEmpty()) {
            return 0;
        }
        double position = quantile * (sorted.size() + 1);
        int below = (int) Math.floor(position);
        if (below < 1) {
            return sorted.get(0) / 1000.0;
        }
        if (below >= sorted.size()) {
            return sorted.get(sorted.size() - 1) / 1000.0;
        }
        double low = sorted.get(below - 1);
        double high = sorted.get(below);
        return (low + (position - below) * (high - low)) / 1000;
    }

    public record Summary(double median, double p75, double p95, double p98, double p99, double mean, long count) {}
}
