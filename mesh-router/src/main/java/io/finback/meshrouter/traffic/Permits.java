package io.finback.meshrouter.traffic;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * How many connections one instance may have, and who waits for one. A permission can pass from one event loop to another; a connection
 * cannot. Thread-safe. Source: twitter/finagle WatermarkPool.scala.
 */
public final class Permits {
    /** What became of a request for a connection. */
    public enum Outcome {
        GRANTED,
        QUEUED,
        TOO_MANY_WAITERS
    }

    private final PoolPolicy policy;
    private final boolean limited;
    private final ArrayDeque<Runnable> waiters = new ArrayDeque<>(0);
    private int open;

    public Permits(PoolPolicy policy) {
        this.policy = policy;
        this.limited = policy.maxConnections() < Integer.MAX_VALUE;
    }

    /** Takes a permission, or keeps {@code waiter} to be run when there may be one; it runs on any thread and asks again. */
    public Outcome take(Runnable waiter) {
        if (!limited) {
            return Outcome.GRANTED;
        }
        synchronized (this) {
            if (open < policy.maxConnections()) {
                open++;
                return Outcome.GRANTED;
            }
            if (waiters.size() >= policy.maxWaiters()) {
                return Outcome.TOO_MANY_WAITERS;
            }
            waiters.addLast(waiter);
            return Outcome.QUEUED;
        }
    }

    /** A connection has closed, or was not made. */
    public void giveBack() {
        if (!limited) {
            return;
        }
        @Nullable Runnable next;
        synchronized (this) {
            open = Math.max(0, open - 1);
            next = waiters.pollFirst();
        }
        if (next != null) {
            next.run();
        }
    }

    /** Who was told does not need it any more. */
    public void passOn() {
        @Nullable Runnable next;
        synchronized (this) {
            next = open < policy.maxConnections() ? waiters.pollFirst() : null;
        }
        if (next != null) {
            next.run();
        }
    }

    /** How many wait. */
    public synchronized int waiting() {
        return waiters.size();
    }

    /** Whether somebody waits. */
    public boolean isWanted() {
        if (!limited) {
            return false;
        }
        synchronized (this) {
            return !waiters.isEmpty();
        }
    }

    public synchronized void forget(Runnable waiter) {
        waiters.removeIf(waiter::equals);
    }
}
