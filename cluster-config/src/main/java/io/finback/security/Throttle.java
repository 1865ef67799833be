package io.finback.security;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Tells how long a request has to wait for its turn. Turns of a limit are evenly apart, as in Mesos; who would wait too long, or behind too
 * many, is sent away at once. Thread-safe; keeps one number for each limited principal.
 */
final class Throttle {
    /** The key of what all share who are not listed; no principal has this name. */
    private static final String OTHERS = "";

    private static final double NANOS = 1e9;

    private final Supplier<RateLimits> limits;
    private final long longestNanos;
    private final Map<String, Double> nextTurn = new HashMap<>();
    private RateLimits of = RateLimits.NONE;

    /** @param longest how long a request may wait */
    Throttle(Supplier<RateLimits> limits, Duration longest) {
        this.limits = limits;
        this.longestNanos = longest.toNanos();
    }

    /**
     * The answer to one request.
     *
     * @param nanos how long it waits; if it is not admitted, after how long it would be
     */
    record Turn(boolean admitted, long nanos) {
        static final Turn NOW = new Turn(true, 0);
    }

    /** @param now of a clock that never goes back, in nanoseconds */
    Turn next(Optional<String> principal, long now) {
        RateLimits current = limits.get();
        RateLimits.Limit limit = current.of(principal);
        if (limit.qps().isEmpty()) {
            return Turn.NOW;
        }
        double apart = NANOS / limit.qps().getAsDouble();
        String key = current.shares(principal) ? OTHERS : principal.orElse(OTHERS);
        synchronized (this) {
            if (!of.equals(current)) {
                nextTurn.clear();
                of = current;
            }
            double turn = Math.max((double) now, nextTurn.getOrDefault(key, (double) now));
            double wait = turn - now;
            boolean full = limit.capacity().isPresent()
                    && Math.ceil(wait / apart) > limit.capacity().getAsLong();
            if (full || wait > longestNanos) {
                return new Turn(false, (long) wait);
            }
            nextTurn.put(key, turn + apart);
            return new Turn(true, (long) wait);
        }
    }
}
