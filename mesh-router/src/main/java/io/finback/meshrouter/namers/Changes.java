package io.finback.meshrouter.namers;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Counts changes of what names mean, and tells who waits for one. One per process. Thread-safe. */
public final class Changes {
    private final AtomicLong version = new AtomicLong();
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();

    /** Grows whenever a name begins or ceases to mean something. Not when only addresses behind it change. */
    public long version() {
        return version.get();
    }

    public void happened() {
        version.incrementAndGet();
        for (Runnable waiter : List.copyOf(waiting)) {
            if (waiting.remove(waiter)) {
                waiter.run();
            }
        }
    }

    /** Runs {@code waiter} once: at the next change, or now if there was one since {@code seen}. The result takes it back. */
    public Runnable next(long seen, Runnable waiter) {
        Runnable once = new Once(waiter);
        waiting.add(once);
        if (version.get() != seen && waiting.remove(once)) {
            once.run();
        }
        return () -> waiting.remove(once);
    }

    /** So that one waiter can wait twice. */
    private static final class Once implements Runnable {
        private final Runnable waiter;

        Once(Runnable waiter) {
            this.waiter = waiter;
        }

        @Override
        public void run() {
            waiter.run();
        }
    }
}
