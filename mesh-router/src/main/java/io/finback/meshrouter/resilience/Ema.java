package io.finback.meshrouter.resilience;

import com.google.errorprone.annotations.CanIgnoreReturnValue;

/**
 * An exponential moving average over irregular stamps. Not thread-safe. Source: twitter/finagle {@code util/Ema.scala}.
 */
final class Ema {
    private final double window;
    private boolean fresh = true;
    private long last;
    private double value;

    /** @param window how far back it looks, in the unit of the stamps; an observation that old counts {@code 1/e} */
    Ema(double window) {
        this.window = window;
    }

    @CanIgnoreReturnValue // successes only move it
    double update(long stamp, double observed) {
        if (fresh) {
            fresh = false;
            value = observed;
        } else {
            double weight = Math.exp(-Math.max(0, stamp - last) / window);
            value = observed * (1 - weight) + value * weight;
        }
        last = stamp;
        return value;
    }

    double value() {
        return value;
    }

    void reset() {
        fresh = true;
        value = 0;
    }
}
