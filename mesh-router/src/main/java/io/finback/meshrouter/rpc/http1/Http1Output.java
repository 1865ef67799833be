package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.h2.Body;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * Writes a head and what follows it. The next piece is asked for when the one before has been written, so a peer that does not read makes the body
 * wait. A body that is longer or shorter than its head says ends the connection: what came behind it would be read as another message.
 * On the connection's event loop.
 */
final class Http1Output {
    /** Told once. */
    @FunctionalInterface
    interface Ended {
        /** It is over: with {@code failure} before its end, with null at it. */
        void ended(@Nullable Throwable failure);
    }

    private final ChannelHandlerContext context;
    private final Body body;
    private final boolean empty;
    private final Ended ended;
    private final long declared;
    private long sent;
    private boolean over;

    private Http1Output(ChannelHandlerContext context, HttpMessage head, Body body, boolean empty, Ended ended) {
        this.context = context;
        this.body = body;
        this.empty = empty;
        this.ended = ended;
        String length = head.headers().get(HttpHeaderNames.CONTENT_LENGTH);
        declared = length == null ? -1 : Long.parseLong(length);
    }

    /** {@code bodyless}: nothing follows this head, whatever {@code body} has. */
    static Http1Output begin(
            ChannelHandlerContext context, HttpMessage head, Body body, boolean bodyless, Ended ended) {
        boolean empty = bodyless || body.isEmpty();
        Http1Output output = new Http1Output(context, head, body, empty, ended);
        if (empty) {
            if (!body.isEmpty()) {
                body.cancel(new Failure("nothing follows this head", Failure.INTERRUPTED));
            }
            var unused = context.write(head, context.voidPromise());
            context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT)
                    .addListener(written -> output.end(written.cause()));
        } else {
            body.onGivenUp(why -> context.executor().execute(() -> output.end(why)));
            context.writeAndFlush(head).addListener(written -> {
                if (written.isSuccess()) {
                    output.pump();
                } else {
                    output.end(written.cause());
                }
            });
        }
        return output;
    }

    boolean isOver() {
        return over;
    }

    /** Writes no more, and tells nobody. */
    void stop(Throwable why) {
        if (!over) {
            over = true;
            if (!empty) {
                body.cancel(why);
            }
        }
    }

    private void end(@Nullable Throwable failure) {
        if (!over) {
            over = true;
            if (failure != null && !empty) {
                body.cancel(failure);
            }
            ended.ended(failure);
        }
    }

    private void pump() {
        if (over) {
            return;
        }
        Reply<Body.Piece> next = body.next();
        if (next.isSuccess()) {
            write(next.value());
        } else {
            next.onDone((piece, failure) -> {
                if (context.executor().inEventLoop()) {
                    taken(piece, failure);
                } else {
                    context.executor().execute(() -> taken(piece, failure));
                }
            });
        }
    }

    private void taken(Body.Piece piece, @Nullable Throwable failure) {
        if (failure != null) {
            end(failure);
        } else if (!over) {
            write(piece);
        }
    }

    private void write(Body.Piece piece) {
        byte[] bytes = piece.data().array();
        sent += bytes.length;
        if (declared >= 0 && (sent > declared || (piece.last() && sent != declared))) {
            end(new Failure("body of " + sent + " bytes (expected: " + declared + ", as its content-length says)", 0));
            return;
        }
        if (bytes.length == 0 && !piece.last()) {
            pump();
            return;
        }
        HttpContent content;
        if (piece.last()) {
            DefaultLastHttpContent last = new DefaultLastHttpContent(Unpooled.wrappedBuffer(bytes));
            if (declared < 0 && piece.trailers() != null) {
                Http1Heads.copy(piece.trailers(), last.trailingHeaders());
            }
            content = last;
        } else {
            content = new DefaultHttpContent(Unpooled.wrappedBuffer(bytes));
        }
        context.writeAndFlush(content).addListener(written -> {
            if (!written.isSuccess()) {
                end(written.cause());
            } else if (piece.last()) {
                end(null);
            } else {
                pump();
            }
        });
    }
}
