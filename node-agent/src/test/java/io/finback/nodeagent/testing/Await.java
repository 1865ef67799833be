package io.finback.nodeagent.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for something to become true; the limit is only ever reached by a failing test. */
public final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** How much longer than elsewhere it may take; set where the machine is interpreted (verification/kernel/guest). */
    private static final int PATIENCE = Integer.getInteger("finback.test.patience", 1);

    private Await() {}

    public static void until(String what, Callable<Boolean> condition) {
        until(what, LIMIT, condition);
    }

    public static void until(String what, Duration limit, Callable<Boolean> condition) {
        found(what, limit, () -> condition.call() ? Optional.of(true) : Optional.empty());
    }

    /** The first value there is. */
    public static <T> T found(String what, Callable<Optional<T>> search) {
        return found(what, LIMIT, search);
    }

    private static <T> T found(String what, Duration limit, Callable<Optional<T>> search) {
        long deadline = System.nanoTime() + limit.multipliedBy(PATIENCE).toNanos();
        while (true) {
            try {
                Optional<T> value = search.call();
                if (value.isPresent()) {
                    return value.get();
                }
            } catch (Exception e) {
                throw new AssertionError(what, e);
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + limit.multipliedBy(PATIENCE) + ": " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
