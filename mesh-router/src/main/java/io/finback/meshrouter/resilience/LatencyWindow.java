package io.finback.meshrouter.resilience;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A percentile of latencies of late: of the last full window and the one before, so that old times are forgotten. Buckets are an eighth
 * wide. Thread-safe; recording is one increment.
 */
public final class LatencyWindow {
    private static final Buckets BUCKETS = new Buckets(3);

    private final long windowNanos;
    private volatile AtomicLongArray current = new AtomicLongArray(BUCKETS.count());
    private AtomicLongArray previous = new AtomicLongArray(BUCKETS.count());
    private volatile long began;

    /** @param born now */
    public LatencyWindow(Duration window, long born) {
        windowNanos = window.toNanos();
        began = born;
    }

    public void record(long nanos, long now) {
        if (now - began >= windowNanos) {
            turn(now);
        }
        current.getAndIncrement(BUCKETS.of(Math.max(0, nanos) / 1_000));
    }

    /** At least that share took at most that long; 0 when nothing is known. Nanoseconds. */
    public synchronized long percentile(double fraction) {
        AtomicLongArray now = current;
        long count = 0;
        for (int i = 0; i < BUCKETS.count(); i++) {
            count += now.get(i) + previous.get(i);
        }
        long rank = (long) Math.ceil(count * fraction);
        long seen = 0;
        for (int i = 0; i < BUCKETS.count() && count > 0; i++) {
            seen += now.get(i) + previous.get(i);
            if (seen >= rank && seen > 0) {
                return BUCKETS.upper(i) * 1_000;
            }
        }
        return 0;
    }

    private synchronized void turn(long now) {
        if (now - began >= windowNanos) {
            previous = now - began >= 2 * windowNanos ? new AtomicLongArray(BUCKETS.count()) : current;
            current = new AtomicLongArray(BUCKETS.count());
            began = now;
        }
    }
}
