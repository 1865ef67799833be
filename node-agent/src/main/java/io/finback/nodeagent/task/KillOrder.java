package io.finback.nodeagent.task;

import java.time.Duration;
import java.time.Instant;

/**
 * Somebody wants a task ended.
 *
 * @param at when the order came
 * @param grace what SIGTERM is given before SIGKILL
 */
public record KillOrder(Instant at, Duration grace) {
    /** What is left of the grace at {@code now}: never negative, and never more than the whole, whatever the clock did. */
    public Duration remaining(Instant now) {
        Duration left = Duration.between(now, at.plus(grace));
        if (left.isNegative()) {
            return Duration.ZERO;
        }
        return left.compareTo(grace) > 0 ? grace : left;
    }
}
