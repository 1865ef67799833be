package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.h2.Body;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A response's body on its way to the client: says how it ended, and counts it. On one event loop. */
final class Watched implements Body {
    private final Body source;
    private final ArrayDeque<Piece> held;
    private final Function<@Nullable Http2Headers, Outcome> atEnd;
    private final Reply<Outcome> end = new Reply<>();
    private Consumer<Failure> givenUp = why -> {};
    private long bytes;

    /**
     * @param held pieces that were read of {@code source} already
     * @param atEnd what a whole body means, by its trailers
     */
    Watched(Body source, List<Piece> held, Function<@Nullable Http2Headers, Outcome> atEnd) {
        this.source = source;
        this.held = new ArrayDeque<>(held);
        this.atEnd = atEnd;
    }

    /** How it ended, once it has. */
    Reply<Outcome> end() {
        return end;
    }

    long bytes() {
        return bytes;
    }

    @Override
    public Reply<Piece> next() {
        Piece before = held.poll();
        if (before != null) {
            took(before);
            return Reply.of(before);
        }
        return source.next().tapped((piece, failure) -> {
            if (failure == null) {
                took(piece);
            } else {
                boolean unused = end.complete(
                        (Failure.flagsOf(failure) & Failure.INTERRUPTED) != 0 ? Outcome.IGNORED : Outcome.FAILURE);
            }
        });
    }

    private void took(Piece piece) {
        bytes += piece.data().array().length;
        if (piece.last()) {
            boolean unused = end.complete(atEnd.apply(piece.trailers()));
        }
    }

    @Override
    public void onGivenUp(Consumer<Failure> then) {
        givenUp = then;
    }

    /** It does not move: whoever sends it and whoever takes it is told. */
    void giveUp(Failure why) {
        source.cancel(why);
        boolean unused = end.complete(Outcome.FAILURE);
        givenUp.accept(why);
    }

    @Override
    public void cancel(Throwable why) {
        source.cancel(why);
        boolean unused = end.complete(Outcome.IGNORED);
    }
}
