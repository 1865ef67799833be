package io.finback.meshrouter.relay;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Looks now and then whether the calls of one connection move, instead of a timer for each: a call that has stalled is seen an eighth of the
 * limit late at most, and 10 s. On the connection's event loop.
 */
final class Stalls {
    private static final long MOST_LATE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** One call. */
    abstract static class Call {
        private int place;
        private long lastMoved;
        private long lastMoveNanos = System.nanoTime();

        /** Grows with each step, and with each byte of its bodies. */
        abstract long moved();

        /** It has not moved for {@code limit}. */
        abstract void stalled(Duration limit);

        private void check(long now, Duration limit) {
            long moved = moved();
            if (moved != lastMoved) {
                lastMoved = moved;
                lastMoveNanos = now;
            } else if (now - lastMoveNanos > limit.toNanos()) {
                stalled(limit);
            }
        }
    }

    private final EventLoop loop;
    private final Duration limit;
    private final List<Call> calls = new ArrayList<>(4);
    private boolean looking;

    Stalls(EventLoop loop, Duration limit) {
        this.loop = loop;
        this.limit = limit;
    }

    void began(Call call) {
        call.place = calls.size();
        calls.add(call);
        if (!looking) {
            looking = true;
            lookLater();
        }
    }

    void ended(Call call) {
        Call last = calls.remove(calls.size() - 1);
        if (call.place < calls.size()) {
            calls.set(call.place, last);
            last.place = call.place;
        }
    }

    private void lookLater() {
        long every = Math.max(1_000_000, Math.min(MOST_LATE_NANOS, limit.toNanos() / 8));
        var unused = loop.schedule(this::look, every, TimeUnit.NANOSECONDS);
    }

    private void look() {
        if (calls.isEmpty()) {
            looking = false;
            return;
        }
        long now = System.nanoTime();
        for (Call call : List.copyOf(calls)) {
            call.check(now, limit);
        }
        lookLater();
    }
}
