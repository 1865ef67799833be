package io.finback.meshrouter.resilience;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many retries a client may make, so that retries never become the load: a share of its requests within the last {@code ttl}, and
 * a few per second besides. Every request deposits, every retry withdraws. Thread-safe; a deposit takes no lock. Source: twitter/finagle
 * {@code service/RetryBudget.scala}.
 */
public final class RetryBudget {
    private static final int SLICES = 10;
    private static final long DEPOSIT = 1_000;

    /**
     * How large one is.
     *
     * @param ttl how long a deposit counts, 1 s to 60 s
     * @param minRetriesPerSecond always allowed, at least 0
     * @param percentCanRetry retries per request, as a fraction: 0.2 is one retry for five requests; 0 to 1000
     */
    public record Spec(Duration ttl, int minRetriesPerSecond, double percentCanRetry) {
        public static final Spec DEFAULT = new Spec(Duration.ofSeconds(10), 10, 0.2);

        public Spec {
            if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(Duration.ofSeconds(60)) > 0) {
                throw new IllegalArgumentException("ttlSecs: " + ttl.toSeconds() + " (expected: 1 to 60)");
            }
            if (minRetriesPerSecond < 0) {
                throw new IllegalArgumentException("minRetriesPerSec: " + minRetriesPerSecond + " (expected: >= 0)");
            }
            if (!(percentCanRetry >= 0 && percentCanRetry <= 1_000)) {
                throw new IllegalArgumentException("percentCanRetry: " + percentCanRetry + " (expected: 0 to 1000)");
            }
        }
    }

    private final long deposit;
    private final long withdrawal;
    private final long reserve;
    private final long sliceNanos;
    private final LongAdder[] slices = new LongAdder[SLICES];
    /** The slice that is written now, counted from the beginning of the clock. */
    private final AtomicLong current = new AtomicLong(Long.MIN_VALUE);

    public RetryBudget(Spec spec) {
        deposit = spec.percentCanRetry() == 0 ? 0 : DEPOSIT;
        withdrawal = spec.percentCanRetry() == 0 ? 1 : Math.max(1, Math.round(DEPOSIT / spec.percentCanRetry()));
        reserve = spec.minRetriesPerSecond() * spec.ttl().toSeconds() * withdrawal;
        sliceNanos = spec.ttl().toNanos() / SLICES;
        for (int i = 0; i < SLICES; i++) {
            slices[i] = new LongAdder();
        }
    }

    /** A request was made. */
    public void deposit(long now) {
        slice(now).add(deposit);
    }

    /** Takes one retry; false when there is none left. */
    public synchronized boolean tryWithdraw(long now) {
        LongAdder slice = slice(now);
        if (sum() + reserve < withdrawal) {
            return false;
        }
        slice.add(-withdrawal);
        return true;
    }

    /** Retries left. */
    public synchronized long balance(long now) {
        LongAdder unused = slice(now);
        return Math.max(0, (sum() + reserve) / withdrawal);
    }

    private long sum() {
        long sum = 0;
        for (LongAdder slice : slices) {
            sum += slice.sum();
        }
        return sum;
    }

    /** The slice of {@code now}; whoever first comes into a new one empties what has grown too old. */
    private LongAdder slice(long now) {
        long wanted = Math.floorDiv(now, sliceNanos);
        long seen = current.get();
        if (wanted > seen && current.compareAndSet(seen, wanted)) {
            long first = seen == Long.MIN_VALUE ? wanted : Math.max(seen + 1, wanted - SLICES + 1);
            for (long slice = first; slice <= wanted; slice++) {
                slices[(int) Math.floorMod(slice, (long) SLICES)].reset();
            }
        }
        return slices[(int) Math.floorMod(wanted, (long) SLICES)];
    }
}
