package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One stream of either side: a head and a body each way. What comes is kept until somebody asks for the next piece, and only then does the
 * other side's window open again. The next piece of what goes out is asked for when the one before has been written. On the connection's
 * event loop.
 */
abstract class H2Stream {
    private final Incoming incoming = new Incoming();
    private @Nullable H2Connection connection;
    private int id;
    private @Nullable Body outgoing;
    private boolean headRead;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean over;

    /** The other side's head. */
    abstract void head(Http2Headers headers, Body body);

    /** It will not go on; {@code why} says what may be done about it. Once. */
    abstract void failed(Failure why);

    /** How a reset by the other side, or the end of the connection (-1), is to be told. */
    abstract Failure reset(long code);

    /** An answer that is complete before its question has been read: the rest of the question is not wanted. */
    void endIfOver() {}

    final void begun(H2Connection on, int number) {
        connection = on;
        id = number;
    }

    final H2Connection connection() {
        return Objects.requireNonNull(connection);
    }

    /** 0 before it has begun. */
    final int id() {
        return id;
    }

    final boolean outputEnded() {
        return outputEnded;
    }

    final boolean inputEnded() {
        return inputEnded;
    }

    // --- what comes ---

    final void headers(Http2Headers headers, boolean end) {
        if (headRead) {
            inputEnded |= end;
            // Trailers that are not the end say nothing that a body could tell.
            if (end) {
                boolean unused = incoming.offer(new Body.Piece(Body.Bytes.NONE, true, headers));
                endIfOver();
            }
            return;
        }
        CharSequence status = headers.status();
        if (status != null && status.length() == 3 && status.charAt(0) == '1') {
            return;
        }
        inputEnded |= end;
        headRead = true;
        head(headers, end ? Body.EMPTY : incoming);
        endIfOver();
    }

    /** All that the other side says, at once. */
    final void whole(Http2Headers headers, Body body) {
        inputEnded = true;
        headRead = true;
        head(headers, body);
        endIfOver();
    }

    /** How many of the bytes are taken at once; the others when they are asked for. */
    final int data(ByteBuf data, boolean end) {
        int length = data.readableBytes();
        if (over || (length == 0 && !end)) {
            return length;
        }
        byte[] bytes = new byte[length];
        data.readBytes(bytes);
        inputEnded |= end;
        boolean taken = incoming.offer(new Body.Piece(new Body.Bytes(bytes), end, null));
        endIfOver();
        return taken ? length : 0;
    }

    final void resetBy(long code) {
        if (code == Http2Error.NO_ERROR.code() && headRead && inputEnded) {
            // RFC 9113, section 8.1: what has come is a whole answer; the rest of the question is not wanted.
            stopSending();
        } else {
            fail(reset(code));
        }
    }

    final void closed() {
        fail(reset(-1));
    }

    private void stopSending() {
        Body sending = outgoing;
        if (sending != null && !outputEnded) {
            outputEnded = true;
            sending.cancel(new Failure("the other side wants no more", Failure.INTERRUPTED));
        }
    }

    final void fail(Failure why) {
        if (over || (inputEnded && outputEnded)) {
            return;
        }
        over = true;
        incoming.fail(why);
        Body sending = outgoing;
        if (sending != null && !outputEnded) {
            sending.cancel(why);
        }
        failed(why);
    }

    // --- what goes ---

    /** Gives the stream up. Any thread. */
    final void abort(Http2Error error) {
        connection().onLoop(() -> {
            if (over || (inputEnded && outputEnded)) {
                return;
            }
            over = true;
            Failure why = new Failure("stream given up", Failure.INTERRUPTED);
            incoming.fail(why);
            Body sending = outgoing;
            if (sending != null && !outputEnded) {
                sending.cancel(why);
            }
            connection().reset(id, error);
        });
    }

    /** Sends a head and what follows. Any thread; once. */
    final void send(Http2Headers headers, Body body) {
        connection().onLoop(() -> {
            if (over) {
                body.cancel(new Failure("stream is over", 0));
                return;
            }
            outgoing = body;
            body.onGivenUp(why -> abort(H2.code(why)));
            outputEnded = body.isEmpty();
            ChannelFuture writing = connection().head(id, headers, body.isEmpty());
            writing.addListener(done -> {
                if (!done.isSuccess()) {
                    notWritten(done.cause());
                }
            });
            if (body.isEmpty()) {
                endIfOver();
            } else {
                pump(body);
            }
        });
    }

    /** Without a head the other side has not even seen it: a connection that is going away. */
    private void notWritten(Throwable cause) {
        connection().forget(id);
        fail(new Failure("stream failed: " + cause.getMessage(), Failure.RETRYABLE | Failure.REJECTED));
    }

    private void pump(Body body) {
        Reply<Body.Piece> next = body.next();
        if (next.isSuccess()) {
            write(body, next.value());
        } else {
            next.onDone((piece, failure) -> connection().onLoop(() -> {
                if (over || outputEnded) {
                    return;
                }
                if (failure != null) {
                    abort(H2.code(failure));
                } else {
                    write(body, piece);
                }
            }));
        }
    }

    private void write(Body body, Body.Piece piece) {
        byte[] bytes = piece.data().array();
        Http2Headers trailers = piece.last() ? piece.trailers() : null;
        outputEnded |= piece.last();
        ChannelFuture written = null;
        if (bytes.length > 0 || trailers == null) {
            written = connection().data(id, Unpooled.wrappedBuffer(bytes), piece.last() && trailers == null);
        }
        if (trailers != null) {
            written = connection().head(id, trailers, true);
        }
        Objects.requireNonNull(written).addListener(done -> {
            if (piece.last()) {
                endIfOver();
            } else if (done.isSuccess()) {
                if (!over && !outputEnded) {
                    pump(body);
                }
            } else {
                body.cancel(done.cause());
            }
        });
    }

    /** The other side's body. */
    private final class Incoming implements Body {
        private final ArrayDeque<Piece> pieces = new ArrayDeque<>(2);
        private @Nullable Reply<Piece> waiting;
        private @Nullable Failure failure;

        /** Whether somebody has it already. */
        boolean offer(Piece piece) {
            Reply<Piece> reader = waiting;
            waiting = null;
            if (reader != null) {
                return reader.complete(piece);
            }
            pieces.add(piece);
            return false;
        }

        void fail(Failure why) {
            if (failure == null) {
                failure = why;
            }
            Reply<Piece> reader = waiting;
            waiting = null;
            if (reader != null) {
                boolean unused = reader.fail(why);
            }
        }

        @Override
        public Reply<Piece> next() {
            if (connection().context().executor().inEventLoop()) {
                Piece piece = pieces.poll();
                if (piece != null) {
                    connection().taken(id, piece.data().array().length);
                    return Reply.of(piece);
                }
            }
            Reply<Piece> reply = new Reply<>();
            reply.onInterrupt(this::cancel);
            connection().onLoop(() -> next(reply));
            return reply;
        }

        private void next(Reply<Piece> reply) {
            Piece piece = pieces.poll();
            Failure why = failure;
            boolean unused;
            if (piece != null) {
                connection().taken(id, piece.data().array().length);
                unused = reply.complete(piece);
            } else if (why != null) {
                unused = reply.fail(why);
            } else if (waiting != null) {
                unused = reply.fail(new Failure("one reader at a time", 0));
            } else {
                waiting = reply;
            }
        }

        @Override
        public void cancel(Throwable why) {
            abort(Http2Error.CANCEL);
        }
    }
}
