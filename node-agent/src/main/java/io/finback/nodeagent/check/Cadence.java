package io.finback.nodeagent.check;

import java.time.Duration;

/** When to look. Pure: chance is an argument, from 0 (inclusive) to 1 (exclusive). */
public final class Cadence {
    /** Least time between two looks: a check that asks for none must not take a processor. */
    private static final Duration LEAST = Duration.ofMillis(100);

    private static final double SPREAD = 0.1;

    private Cadence() {}

    /** Of a task that has just started: the delay itself. */
    public static Duration first(Duration delay) {
        return delay.isNegative() ? Duration.ZERO : delay;
    }

    /**
     * Of a task that was adopted: anywhere within an interval, so that the checks of a whole agent do not come at once when it
     * restarts; never before what is left of the delay.
     */
    public static Duration resumed(Duration delay, Duration interval, Duration sinceStart, double chance) {
        Duration left = delay.minus(sinceStart);
        Duration spread = scaled(interval, chance);
        return left.compareTo(spread) > 0 ? left : spread;
    }

    /** From the end of a look to the next: the interval, give or take a tenth, so that tasks started together drift apart. */
    public static Duration next(Duration interval, double chance) {
        Duration wanted = scaled(interval, 1 - SPREAD + 2 * SPREAD * chance);
        return wanted.compareTo(LEAST) < 0 ? LEAST : wanted;
    }

    private static Duration scaled(Duration duration, double factor) {
        return Duration.ofNanos((long) (duration.toNanos() * factor));
    }
}
