package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.traffic.StreamRetries;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds a response back until its end says what it means: at most so long, and so many bytes. A response that begins while its request still
 * runs is passed on with its first bytes: the client may need them to go on. On one event loop.
 */
final class GrpcWait {
    /**
     * What was read.
     *
     * @param last the end, if that was reached
     * @param failure how it broke off, if it did
     */
    record Read(
            List<Body.Piece> pieces,
            Body.@Nullable Piece last,
            @Nullable Throwable failure,
            Body rest) {}

    private final Body source;
    private final StreamRetries limits;
    private final BooleanSupplier requestRead;
    private final List<Body.Piece> pieces = new ArrayList<>(2);
    private final Reply<Read> reply = new Reply<>();
    private @Nullable ScheduledFuture<?> timer;
    private @Nullable Reply<Body.Piece> reading;
    private int bytes;

    private GrpcWait(Body source, StreamRetries limits, BooleanSupplier requestRead) {
        this.source = source;
        this.limits = limits;
        this.requestRead = requestRead;
    }

    /** @param requestRead whether the client has said everything */
    static Reply<Read> of(Body source, StreamRetries limits, BooleanSupplier requestRead, EventLoop loop) {
        GrpcWait wait = new GrpcWait(source, limits, requestRead);
        wait.read();
        if (!wait.reply.isDone()) {
            wait.timer = loop.schedule(
                    () -> wait.done(null, null), limits.classification().toNanos(), TimeUnit.NANOSECONDS);
            wait.reply.onInterrupt(source::cancel);
        }
        return wait.reply;
    }

    private void read() {
        Reply<Body.Piece> next = source.next();
        reading = next;
        next.onDone((piece, failure) -> {
            if (reply.isDone()) {
                return;
            }
            reading = null;
            if (failure != null) {
                done(null, failure);
                return;
            }
            pieces.add(piece);
            bytes += piece.data().array().length;
            if (piece.last()) {
                done(piece, null);
            } else if (bytes > limits.responseBytes() || (bytes > 0 && !requestRead.getAsBoolean())) {
                done(null, null);
            } else {
                read();
            }
        });
    }

    private void done(Body.@Nullable Piece last, @Nullable Throwable failure) {
        ScheduledFuture<?> running = timer;
        if (running != null) {
            running.cancel(false);
        }
        boolean unused = reply.complete(new Read(List.copyOf(pieces), last, failure, rest()));
    }

    /** What follows: first the piece that is being waited for. */
    private Body rest() {
        Reply<Body.Piece> waiting = reading;
        if (waiting == null) {
            return source;
        }
        return new Body() {
            private boolean first = true;

            @Override
            public Reply<Piece> next() {
                boolean mine = first;
                first = false;
                return mine ? waiting.map(piece -> piece) : source.next();
            }

            @Override
            public void cancel(Throwable why) {
                source.cancel(why);
            }
        };
    }
}
