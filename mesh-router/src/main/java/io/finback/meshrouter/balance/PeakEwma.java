package io.finback.meshrouter.balance;

import java.time.Duration;

/**
 * Load as latency: a moving average of how long requests took, which jumps to a new peak at once and forgets it only by and by, times the
 * requests under way. Thread-safe. Source: twitter/finagle {@code loadbalancer/PeakEwma.scala}, formula for formula.
 */
public final class PeakEwma {
    /** The load of one that is called and has never answered: more than any that has. */
    static final double PENALTY = Long.MAX_VALUE >> 16;

    private final double decayNanos;
    private boolean fresh = true;
    private double cost;
    private long stamp;
    private int pending;

    public PeakEwma(Duration decay) {
        if (decay.isZero() || decay.isNegative()) {
            throw new IllegalArgumentException("decayTimeMs: " + decay.toMillis() + " (expected: > 0)");
        }
        decayNanos = decay.toNanos();
    }

    public synchronized void start() {
        pending++;
    }

    public synchronized void end(long rttNanos, long now) {
        pending--;
        observe((double) Math.max(0, rttNanos), now);
    }

    public synchronized double load(long now) {
        observe(0, now);
        return cost == 0 && pending != 0 ? PENALTY + pending : cost * (pending + 1);
    }

    private void observe(double rtt, long now) {
        if (rtt > cost) {
            fresh = true;
        }
        if (fresh) {
            cost = rtt;
            fresh = false;
        } else {
            double weight = Math.exp(-Math.max(0, now - stamp) / decayNanos);
            cost = rtt * (1 - weight) + cost * weight;
        }
        stamp = now;
    }
}
