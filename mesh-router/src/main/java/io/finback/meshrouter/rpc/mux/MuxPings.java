package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks the other side now and then whether it is there, and closes the connection when there is no answer in time. On the loop. Source:
 * twitter/finagle {@code liveness/ThresholdFailureDetector.scala}.
 */
final class MuxPings {
    private final MuxConnection connection;
    private final Optional<MuxParams.Pings> settings;
    private final StatsReceiver.Counter sent;
    private final StatsReceiver.Counter closed;
    private final StatsReceiver.Stat latency;
    private @Nullable ScheduledFuture<?> next;
    private boolean waiting;
    private long sentAt;

    MuxPings(MuxConnection connection, Optional<MuxParams.Pings> settings, StatsReceiver stats) {
        this.connection = connection;
        this.settings = settings;
        StatsReceiver scope = stats.scope("failuredetector");
        sent = scope.counter("ping");
        closed = scope.counter("close");
        latency = scope.stat("ping_latency_us");
    }

    void begin() {
        settings.ifPresent(this::pingLater);
    }

    private void pingLater(MuxParams.Pings pings) {
        next = connection
                .context()
                .executor()
                .schedule(() -> ping(pings), pings.every().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void ping(MuxParams.Pings pings) {
        sent.increment();
        waiting = true;
        sentAt = System.nanoTime();
        connection.output().writeSimple(MuxWire.T_PING, MuxWire.CONTROL_TAG);
        next = connection
                .context()
                .executor()
                .schedule(
                        () -> {
                            closed.increment();
                            connection.closing("no answer to a ping within "
                                    + pings.answer().toMillis() + " ms");
                            Sockets.close(connection.context().channel());
                        },
                        pings.answer().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    void answered() {
        if (waiting) {
            waiting = false;
            latency.add((System.nanoTime() - sentAt) / 1_000);
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
