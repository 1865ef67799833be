package io.finback.meshrouter.rpc;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Runs things later, good to some 10 ms and cheap to cancel, on one daemon thread that starts with the first. What it runs must be quick.
 */
public final class Timer {
    /** The one of this process. */
    public static final Timer SHARED = new Timer();

    private static final long TICK_MILLIS = 10;

    /** Something that will run. */
    public static final class Task {
        private final Timeout timeout;

        private Task(Timeout timeout) {
            this.timeout = timeout;
        }

        /** It does not run, unless it has begun. */
        public void cancel() {
            boolean unused = timeout.cancel();
        }
    }

    private final HashedWheelTimer wheel = new HashedWheelTimer(
            new DefaultThreadFactory("finback-rpc-timer", true), TICK_MILLIS, TimeUnit.MILLISECONDS);

    private Timer() {}

    @CanIgnoreReturnValue
    public Task after(long nanos, Runnable work) {
        return new Task(wheel.newTimeout(timeout -> work.run(), nanos, TimeUnit.NANOSECONDS));
    }
}
