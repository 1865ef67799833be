package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One stream of either side: a head and a body each way. Its channel does not read by itself: what comes is taken when somebody asks for
 * the next piece, and only then does the other side's window open again. The next piece of what goes out is asked for when the one before
 * has been written. On the stream's event loop.
 */
abstract class H2Stream extends ChannelInboundHandlerAdapter {
    private final Incoming incoming = new Incoming();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Body outgoing;
    private boolean headRead;
    private boolean headWritten;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean over;

    /** The other side's head. */
    abstract void head(Http2Headers headers, Body body);

    /** It will not go on; {@code why} says what may be done about it. Once. */
    abstract void failed(Failure why);

    /** How a reset by the other side, or the end of the connection, is to be told. */
    abstract Failure reset(long code);

    ChannelHandlerContext context() {
        ChannelHandlerContext now = context;
        if (now == null) {
            throw new IllegalStateException("not open yet");
        }
        return now;
    }

    private void onLoop(Runnable work) {
        if (context().executor().inEventLoop()) {
            work.run();
        } else {
            context().executor().execute(work);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setAutoRead(false);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        var unused = ctx.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (msg instanceof Http2HeadersFrame frame) {
            inputEnded |= frame.isEndStream();
            if (headRead && !frame.isEndStream()) {
                // An informational head, or trailers that are not the end: nothing that a body could tell.
                var unused = ctx.read();
                return;
            }
            if (headRead) {
                incoming.offer(new Body.Piece(Body.Bytes.NONE, true, frame.headers()));
                return;
            }
            CharSequence status = frame.headers().status();
            if (status != null && status.length() == 3 && status.charAt(0) == '1') {
                var unused = ctx.read();
                return;
            }
            headRead = true;
            head(frame.headers(), frame.isEndStream() ? Body.EMPTY : incoming);
            endIfOver();
        } else if (msg instanceof Http2DataFrame frame) {
            byte[] data = new byte[frame.content().readableBytes()];
            frame.content().readBytes(data);
            inputEnded |= frame.isEndStream();
            boolean last = frame.isEndStream();
            ReferenceCountUtil.release(msg);
            incoming.offer(new Body.Piece(new Body.Bytes(data), last, null));
            endIfOver();
        } else {
            ReferenceCountUtil.release(msg);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Http2ResetFrame frame) {
            if (frame.errorCode() == Http2Error.NO_ERROR.code() && headRead) {
                stopSending();
            } else {
                fail(reset(frame.errorCode()));
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(reset(-1));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Without a head the other side has not even seen it: too many streams, or a connection that is going away.
        long flags = headWritten || outgoing == null ? 0 : Failure.RETRYABLE | Failure.REJECTED;
        fail(new Failure("stream failed: " + cause.getMessage(), flags));
        Sockets.close(ctx.channel());
    }

    /** RFC 9113, section 8.1: what has come is a whole answer, to be read to its end; the rest of the question is not wanted. */
    private void stopSending() {
        Body sending = outgoing;
        if (sending != null && !outputEnded) {
            outputEnded = true;
            sending.cancel(new Failure("the other side wants no more", Failure.INTERRUPTED));
        }
    }

    private void fail(Failure why) {
        if (over || (inputEnded && outputEnded && headWritten)) {
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

    /** Gives the stream up. Any thread. */
    final void abort(Http2Error error) {
        onLoop(() -> {
            if (context().channel().isActive() && !(inputEnded && outputEnded)) {
                over = true;
                Failure why = new Failure("stream given up", Failure.INTERRUPTED);
                incoming.fail(why);
                Body sending = outgoing;
                if (sending != null && !outputEnded) {
                    sending.cancel(why);
                }
                var unused = context().writeAndFlush(new DefaultHttp2ResetFrame(error));
            }
        });
    }

    /** Sends a head and what follows. Any thread; once. */
    final void send(Http2Headers headers, Body body) {
        onLoop(() -> {
            if (over) {
                body.cancel(new Failure("stream is over", 0));
                return;
            }
            outgoing = body;
            outputEnded = body.isEmpty();
            var writing = context().writeAndFlush(new DefaultHttp2HeadersFrame(headers, body.isEmpty()));
            writing.addListener(done -> {
                headWritten = done.isSuccess();
                if (!done.isSuccess()) {
                    exceptionCaught(context(), done.cause());
                }
            });
            if (body.isEmpty()) {
                endIfOver();
            } else {
                pump(body);
            }
        });
    }

    private void pump(Body body) {
        body.next()
                .onDone((piece, failure) -> onLoop(() -> {
                    if (over || outputEnded) {
                        return;
                    }
                    if (failure != null) {
                        abort(H2.code(failure));
                        return;
                    }
                    boolean trailers = piece.last() && piece.trailers() != null;
                    ByteBuf data = Unpooled.wrappedBuffer(piece.data().array());
                    boolean silent = trailers && !data.isReadable();
                    var written = silent
                            ? context().newSucceededFuture()
                            : context().write(new DefaultHttp2DataFrame(data, piece.last() && !trailers));
                    Http2Headers last = piece.trailers();
                    if (trailers && last != null) {
                        written = context().write(new DefaultHttp2HeadersFrame(last, true));
                    }
                    outputEnded |= piece.last();
                    var flushed = context().flush();
                    assert flushed != null;
                    written.addListener(done -> {
                        if (piece.last()) {
                            endIfOver();
                        } else if (done.isSuccess()) {
                            pump(body);
                        } else {
                            body.cancel(done.cause());
                        }
                    });
                }));
    }

    /** An answer that is complete before its question has been read: the rest of the question is not wanted. */
    void endIfOver() {}

    final boolean outputEnded() {
        return outputEnded;
    }

    final boolean inputEnded() {
        return inputEnded;
    }

    final Channel channel() {
        return context().channel();
    }

    /** The other side's body. */
    private final class Incoming implements Body {
        private final ArrayDeque<Piece> pieces = new ArrayDeque<>();
        private @Nullable Reply<Piece> waiting;
        private @Nullable Failure failure;

        void offer(Piece piece) {
            Reply<Piece> reader = waiting;
            waiting = null;
            if (reader != null) {
                reader.complete(piece);
            } else {
                pieces.add(piece);
            }
        }

        void fail(Failure why) {
            if (failure == null) {
                failure = why;
            }
            Reply<Piece> reader = waiting;
            waiting = null;
            if (reader != null) {
                reader.fail(why);
            }
        }

        @Override
        public Reply<Piece> next() {
            Reply<Piece> reply = new Reply<>();
            reply.onInterrupt(this::cancel);
            onLoop(() -> {
                Piece piece = pieces.poll();
                Failure why = failure;
                if (piece != null) {
                    reply.complete(piece);
                } else if (why != null) {
                    reply.fail(why);
                } else if (waiting != null) {
                    reply.fail(new Failure("one reader at a time", 0));
                } else {
                    waiting = reply;
                    var unused = context().read();
                }
            });
            return reply;
        }

        @Override
        public void cancel(Throwable why) {
            abort(Http2Error.CANCEL);
        }
    }
}
