package io.finback.meshrouter.http;

import java.time.Duration;

/**
 * When a loop looks at its timeouts. A loop that stood still, because its process was stopped, its machine suspended or its processor taken, has not read
 * what peers sent meanwhile: that silence is not theirs, so the first look behind a standstill judges nobody. Not thread-safe.
 */
final class SweepClock {
    /** A look that is so many times later than usual follows a standstill. */
    private static final int LATE = 4;

    private final long late;
    private long now;
    private boolean spared;

    SweepClock(Duration usual, long now) {
        this.late = usual.toNanos() * LATE;
        this.now = now;
    }

    /** Nanoseconds, as of the last look. */
    long now() {
        return now;
    }

    /** Goes on behind a time in which there was nothing to look at. */
    void begin(long nanos) {
        spared = false;
        now = nanos;
    }

    /** Goes on to {@code nanos}. Tells whether anybody may be judged by it: not behind a standstill, but never twice in a row. */
    boolean advance(long nanos) {
        spared = !spared && nanos - now > late;
        now = nanos;
        return !spared;
    }
}
