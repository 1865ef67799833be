package io.finback.meshrouter.rpc;

/**
 * Until when an answer is of use.
 *
 * @param timestampNanos when that was said, nanoseconds since 1970
 * @param deadlineNanos nanoseconds since 1970; {@link #NEVER}: no end
 */
public record Deadline(long timestampNanos, long deadlineNanos) {
    public static final long NEVER = Long.MAX_VALUE;

    /** {@code timeoutNanos} from now on. */
    public static Deadline after(long timeoutNanos, long epochNanos) {
        return new Deadline(epochNanos, epochNanos > NEVER - timeoutNanos ? NEVER : epochNanos + timeoutNanos);
    }

    /** The stricter of both, as of the later. */
    public Deadline combined(Deadline other) {
        return new Deadline(
                Math.max(timestampNanos, other.timestampNanos), Math.min(deadlineNanos, other.deadlineNanos));
    }

    /** What is left; negative when it is over. */
    public long remainingNanos(long epochNanos) {
        return deadlineNanos == NEVER ? NEVER : deadlineNanos - epochNanos;
    }

    /** Now, in the unit of deadlines: the system's clock, good to a millisecond or better. */
    public static long now() {
        java.time.Instant now = java.time.Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
