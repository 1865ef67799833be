package io.finback.nodeagent.probe;

import io.finback.nodeagent.check.Outcome;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Connects and hangs up. No thread waits meanwhile. */
final class TcpLook {
    private TcpLook() {}

    static CompletionStage<Outcome> at(InetSocketAddress address, Duration timeout) {
        AsynchronousSocketChannel channel;
        try {
            channel = AsynchronousSocketChannel.open();
        } catch (IOException e) {
            return CompletableFuture.completedFuture(new Outcome.Broken("no socket to be had: " + e.getMessage()));
        }
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        channel.connect(address, outcome, new CompletionHandler<@Nullable Void, CompletableFuture<Outcome>>() {
            @Override
            public void completed(@Nullable Void nothing, CompletableFuture<Outcome> waiting) {
                waiting.complete(new Outcome.Connected(true));
            }

            @Override
            public void failed(Throwable failure, CompletableFuture<Outcome> waiting) {
                waiting.complete(new Outcome.Connected(false));
            }
        });
        return outcome.completeOnTimeout(new Outcome.TimedOut(timeout), timeout.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((seen, failure) -> close(channel));
    }

    /** A connection that still waits ends with it. */
    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing can be done, and nothing follows: the outcome is known.
            return;
        }
    }
}
