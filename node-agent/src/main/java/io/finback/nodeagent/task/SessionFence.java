package io.finback.nodeagent.task;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * Which session with the masters counts: numbers only grow, so an older session (a ghost on the other side of a partition) is never
 * heard again. One owner. Pure but for being mutable: time is an argument, in nanoseconds of any steady clock.
 */
public final class SessionFence {
    private OptionalLong current = OptionalLong.empty();
    private long newest;
    private long heardNanos;

    /** A master admits us; false, and nothing changes, unless the number is larger than any before, and than 0. */
    public boolean admit(long number, long nowNanos) {
        if (number <= newest) {
            return false;
        }
        newest = number;
        current = OptionalLong.of(number);
        heardNanos = nowNanos;
        return true;
    }

    /** Something was said in a session; true if it is ours. */
    public boolean hear(long number, long nowNanos) {
        if (current.isEmpty() || current.getAsLong() != number) {
            return false;
        }
        heardNanos = nowNanos;
        return true;
    }

    /** We are in no session until the next admission. */
    public void leave() {
        current = OptionalLong.empty();
    }

    /** The largest number there was; 0 for none. */
    public long newest() {
        return newest;
    }

    public OptionalLong current() {
        return current;
    }

    /** How long nothing was heard in this session. */
    public Duration silence(long nowNanos) {
        return Duration.ofNanos(nowNanos - heardNanos);
    }
}
