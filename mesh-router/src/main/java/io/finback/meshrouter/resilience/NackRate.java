package io.finback.meshrouter.resilience;

import java.time.Duration;

/**
 * Whether a client should drop calls itself because those it calls refuse most of them. The share of accepted calls is averaged over
 * about two minutes; below a half, calls are dropped with a probability that grows to three quarters. A client with fewer than
 * {@link #LEAST_RATE} calls a second is left alone. Thread-safe. Source: twitter/finagle {@code filter/NackAdmissionFilter.scala}.
 */
public final class NackRate {
    private static final Duration WINDOW = Duration.ofMinutes(2);
    private static final double THRESHOLD = 0.5;
    private static final double MOST_DROPPED = 0.75;
    private static final double LEAST_RATE = 5;
    private static final long RATE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Ema accepted = new Ema(WINDOW.toNanos());
    private long second;
    private int inSecond;
    private double rate;
    private volatile double value = 1;

    /** @param born now */
    public NackRate(long born) {
        second = born;
        accepted.update(born, 1);
    }

    /** A call was answered. */
    public synchronized void ended(boolean nacked, long now) {
        value = accepted.update(now, nacked ? 0 : 1);
    }

    /** A call begins. {@code dice}: 0 to 1. True: drop it. */
    public boolean drops(double dice, long now) {
        synchronized (this) {
            if (now - second >= RATE_NANOS) {
                rate = inSecond * (double) RATE_NANOS / (now - second);
                second = now;
                inSecond = 0;
            }
            inSecond++;
            if (Math.max(rate, inSecond) < LEAST_RATE) {
                return false;
            }
        }
        return dice < Math.min(MOST_DROPPED, Math.max(0, 1 - value / (1 - THRESHOLD)));
    }

    /** The average: 1, all were accepted. */
    public double value() {
        return value;
    }
}
