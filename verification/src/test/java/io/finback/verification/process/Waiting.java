package io.finback.verification.process;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for conditions of other processes, which nobody can notify us of: looks often, and gives up loudly. */
final class Waiting {
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private Waiting() {}

    /** Returns once {@code condition} holds; fails with {@code state} in the message when {@code limit} has passed. */
    static void until(String what, Duration limit, Check condition, Supplier<String> state) {
        long end = System.nanoTime() + limit.toNanos();
        Throwable last = null;
        while (System.nanoTime() < end) {
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (Exception | AssertionError e) {
                last = e;
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
        throw new AssertionError("waited " + limit + " in vain: " + what + "; " + state.get(), last);
    }

    static void until(String what, Duration limit, Check condition) {
        until(what, limit, condition, () -> "no more is known");
    }

    /** A look at the world; a failure to look counts as "not yet". */
    @FunctionalInterface
    interface Check {
        boolean holds() throws Exception;
    }
}
