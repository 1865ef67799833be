package io.finback.meshrouter.balance;

import java.time.Duration;

/**
 * How long an endpoint that refuses connections is passed over: {@link #FIRST}, doubling with every failure in a row up to
 * {@link #LONGEST}. An immutable value; {@code now} is any monotonic clock in nanoseconds.
 *
 * @param failures connects that failed in a row
 * @param untilNanos passed over until then; of no meaning without failures
 */
public record FailFast(int failures, long untilNanos) {
    public static final Duration FIRST = Duration.ofMillis(500);
    public static final Duration LONGEST = Duration.ofSeconds(16);
    public static final FailFast HEALTHY = new FailFast(0, 0);

    public boolean isOpen(long now) {
        return failures == 0 || now - untilNanos >= 0;
    }

    /** After a connect that began before the mark and fails behind it, the mark does not grow again. */
    public FailFast onFailure(long now) {
        if (failures > 0 && !isOpen(now)) {
            return this;
        }
        long pause = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(failures, 20));
        return new FailFast(failures + 1, now + pause);
    }
}
