package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.h2.Body;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The body of a message that comes. The socket is read while somebody waits for the next piece; what one read brought beyond it is kept. On the
 * connection's event loop, but for {@link #next} and {@link #cancel}.
 */
final class Http1Incoming implements Body {
    private final ChannelHandlerContext context;
    private final Runnable givesUp;
    private final Consumer<Throwable> givenUp;
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(2);
    private @Nullable Reply<Piece> waiting;
    private @Nullable Failure failure;
    private volatile boolean ended;

    /**
     * One of a connection.
     *
     * @param givesUp at once, when the reader wants no more of what has not ended
     * @param givenUp the same, on the loop
     */
    Http1Incoming(ChannelHandlerContext context, Runnable givesUp, Consumer<Throwable> givenUp) {
        this.context = context;
        this.givesUp = givesUp;
        this.givenUp = givenUp;
    }

    static Piece piece(HttpContent content) {
        byte[] bytes = new byte[content.content().readableBytes()];
        content.content().readBytes(bytes);
        if (!(content instanceof LastHttpContent last)) {
            return new Piece(new Bytes(bytes), false, null);
        }
        Http2Headers trailers = null;
        if (!last.trailingHeaders().isEmpty()) {
            trailers = new DefaultHttp2Headers();
            Http1Heads.copy(last.trailingHeaders(), trailers);
        }
        return new Piece(new Bytes(bytes), true, trailers);
    }

    void offer(Piece piece) {
        boolean last = piece.last();
        ended = last;
        if (failure != null) {
            return;
        }
        Reply<Piece> reader = waiting;
        waiting = null;
        if (reader == null || !reader.complete(piece)) {
            pieces.add(piece);
        }
        context.channel().config().setAutoRead(last || waiting != null);
    }

    void fail(Failure why) {
        if (ended || failure != null) {
            return;
        }
        failure = why;
        Reply<Piece> reader = waiting;
        waiting = null;
        if (reader != null) {
            boolean unused = reader.fail(why);
        }
    }

    @Override
    public Reply<Piece> next() {
        Reply<Piece> reply = new Reply<>();
        reply.onInterrupt(this::cancel);
        if (context.executor().inEventLoop()) {
            next(reply);
        } else {
            context.executor().execute(() -> next(reply));
        }
        return reply;
    }

    private void next(Reply<Piece> reply) {
        Piece piece = pieces.poll();
        Failure why = failure;
        boolean unused;
        if (piece != null) {
            unused = reply.complete(piece);
        } else if (why != null) {
            unused = reply.fail(why);
        } else if (waiting != null || ended) {
            unused = reply.fail(new Failure(ended ? "behind the end" : "one reader at a time", 0));
        } else {
            waiting = reply;
            context.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void cancel(Throwable why) {
        if (ended) {
            return;
        }
        givesUp.run();
        context.executor().execute(() -> {
            pieces.clear();
            if (!ended && failure == null) {
                fail(new Failure("given up: " + why.getMessage(), Failure.INTERRUPTED));
                givenUp.accept(why);
            }
        });
    }
}
