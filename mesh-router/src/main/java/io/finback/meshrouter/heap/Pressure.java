package io.finback.meshrouter.heap;

/** Tells from the collections of each second whether a router has become busy or idle. Pure but for what it has seen. Not thread-safe. */
final class Pressure {
    enum Verdict {
        /** Nothing to do. */
        AS_IT_IS,
        BUSY,
        IDLE
    }

    /** Seconds in a row: a router that starts, or a single burst, is not worth a pause. */
    private static final int BUSY_SECONDS = 3;

    private final int busyFrom;
    private final long idleSeconds;
    private long before = -1;
    private int busy;
    private long idle;

    Pressure(HeapSettings settings) {
        this.busyFrom = settings.busyFrom();
        this.idleSeconds = settings.idleAfter().toSeconds();
    }

    /** Once a second. {@code collections}: all so far. */
    Verdict look(long collections) {
        long news = before < 0 ? 0 : collections - before;
        before = collections;
        busy = news >= busyFrom ? busy + 1 : 0;
        idle = news == 0 ? idle + 1 : 0;
        if (busy >= BUSY_SECONDS) {
            return Verdict.BUSY;
        }
        return idle >= idleSeconds ? Verdict.IDLE : Verdict.AS_IT_IS;
    }
}
