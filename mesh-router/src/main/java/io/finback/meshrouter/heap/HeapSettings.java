package io.finback.meshrouter.heap;

import java.time.Duration;

/**
 * When a router has a larger first generation, {@code finback.router.heap}.
 *
 * @param busy its size then, in bytes; 0: never
 * @param busyFrom collections of it in each of some seconds, from which on a router is busy
 * @param idleAfter how long there is none before it is small again
 * @param mostLive the most that may be alive in the heap, in bytes: changing the size costs a pause that grows with it
 */
public record HeapSettings(long busy, int busyFrom, Duration idleAfter, long mostLive) {
    private static final long SMALLEST = 16L << 20;
    private static final long LARGEST = 4L << 30;
    private static final int MOST_A_SECOND = 1_000;
    private static final Duration SHORTEST_IDLE = Duration.ofSeconds(1);
    private static final Duration LONGEST_IDLE = Duration.ofDays(1);

    /** Throws {@link IllegalArgumentException} naming the key below {@code finback.router}. */
    public HeapSettings {
        require(busy == 0 || (busy >= SMALLEST && busy <= LARGEST), "heap.busy", busy, "0, or 16 MiB..4 GiB");
        require(busyFrom >= 1 && busyFrom <= MOST_A_SECOND, "heap.busy-from", busyFrom, "1.." + MOST_A_SECOND);
        require(
                idleAfter.compareTo(SHORTEST_IDLE) >= 0 && idleAfter.compareTo(LONGEST_IDLE) <= 0,
                "heap.idle-after",
                idleAfter,
                "1 s..1 d");
        require(mostLive >= SMALLEST && mostLive <= LARGEST, "heap.most-live", mostLive, "16 MiB..4 GiB");
    }

    private static void require(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
