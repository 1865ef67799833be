package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks the other side now and then whether it is there, and closes the connection when there is no answer in time. On the loop. Source:
 * twitter/finagle {@code liveness/ThresholdFailureDetector.scala}.
 */
final class H2Pings {
    private final H2Connection connection;
    private final H2Params.Pings settings;
    private @Nullable ScheduledFuture<?> next;
    private boolean waiting;

    H2Pings(H2Connection connection, H2Params.Pings settings) {
        this.connection = connection;
        this.settings = settings;
    }

    void begin() {
        after(settings.every(), this::ping);
    }

    private void after(Duration pause, Runnable then) {
        next = connection.context().executor().schedule(then, pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void ping() {
        waiting = true;
        connection.ping();
        after(settings.answer(), () -> Sockets.close(connection.context().channel()));
    }

    void answered() {
        if (waiting) {
            waiting = false;
            end();
            begin();
        }
    }

    void end() {
        ScheduledFuture<?> task = next;
        if (task != null) {
            boolean unused = task.cancel(false);
        }
    }
}
