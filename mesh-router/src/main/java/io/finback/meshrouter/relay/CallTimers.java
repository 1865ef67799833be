package io.finback.meshrouter.relay;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What is to happen to one call later, unless it has ended by then. On its event loop. */
final class CallTimers {
    private final EventLoop loop;
    private final List<ScheduledFuture<?>> running = new ArrayList<>(0);

    CallTimers(EventLoop loop) {
        this.loop = loop;
    }

    void after(Duration time, Runnable then) {
        running.add(loop.schedule(then, time.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** None of them runs any more. */
    void cancel() {
        if (!running.isEmpty()) {
            running.forEach(timer -> timer.cancel(false));
            running.clear();
        }
    }
}
