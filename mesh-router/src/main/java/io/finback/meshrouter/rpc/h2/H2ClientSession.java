package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A client's side of one HTTP/2 connection. Behind a GOAWAY it takes no more calls; those that were not processed are safe to repeat. */
final class H2ClientSession extends ChannelInboundHandlerAdapter implements Service<H2Message, H2Message> {
    private final String endpoint;
    private final Reply<Service<H2Message, H2Message>> ready = new Reply<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private volatile @Nullable Channel channel;
    private Runnable whenActive = () -> {};
    private volatile boolean going;
    private volatile int lastStream = Integer.MAX_VALUE;

    H2ClientSession(String endpoint) {
        this.endpoint = endpoint;
    }

    /** @param active what is to be done as soon as the connection is open */
    void install(Channel opened, Runnable active) {
        channel = opened;
        whenActive = active;
        opened.pipeline().addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter() {
            @Override
            public boolean isSharable() {
                return true;
            }
        }));
        opened.pipeline().addLast(this);
        opened.closeFuture().addListener(closed -> {
            going = true;
            ready.fail(new Failure.NotConnected(endpoint, "closed before the first call"));
            gone.complete(null);
        });
    }

    Reply<Service<H2Message, H2Message>> ready(boolean tls) {
        if (!tls) {
            ready.complete(this);
        }
        return ready;
    }

    void secured(SslHandler handler, @Nullable Throwable failure) {
        if (failure != null) {
            ready.fail(new Failure.NotConnected(endpoint, "TLS: " + failure.getMessage()));
        } else if (!"h2".equals(handler.applicationProtocol())) {
            ready.fail(new Failure.NotConnected(
                    endpoint, "ALPN chose " + handler.applicationProtocol() + " (expected: h2)"));
            Sockets.close(opened());
        } else {
            ready.complete(this);
        }
    }

    private Channel opened() {
        Channel now = channel;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        whenActive.run();
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (msg instanceof Http2GoAwayFrame frame) {
            lastStream = frame.lastStreamId();
            going = true;
        }
        ReferenceCountUtil.release(msg);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Violations of the protocol the codec answers itself, with a GOAWAY that names them, and closes.
        if (!(cause instanceof Http2Exception)) {
            Sockets.close(ctx.channel());
        }
    }

    @Override
    public CompletionStage<H2Message> apply(H2Message request, Context context) {
        if (going) {
            return Reply.failed(new Failure.ChannelClosed(endpoint, "going away", false));
        }
        Reply<H2Message> reply = new Reply<>();
        Call call = new Call(reply);
        H2Contexts.write(context, request.headers());
        var opening = new Http2StreamChannelBootstrap(opened()).handler(call).open();
        opening.addListener(done -> {
            if (done.isSuccess()) {
                reply.onInterrupt(why -> {
                    call.abort(Http2Error.CANCEL);
                    reply.fail(new Failure("interrupted: " + why.getMessage(), Failure.INTERRUPTED, why));
                });
                call.send(request.headers(), request.body());
            } else {
                // Nothing of it was sent.
                reply.fail(new Failure(
                        "no stream to " + endpoint + ": " + done.cause().getMessage(),
                        Failure.RETRYABLE | Failure.REJECTED));
            }
        });
        return reply;
    }

    private final class Call extends H2Stream {
        private final Reply<H2Message> reply;

        Call(Reply<H2Message> reply) {
            this.reply = reply;
        }

        @Override
        void head(Http2Headers headers, Body body) {
            reply.complete(new H2Message(headers, body));
        }

        @Override
        void failed(Failure why) {
            reply.fail(why);
        }

        @Override
        Failure reset(long code) {
            if (code >= 0) {
                return H2.failure(endpoint, code);
            }
            boolean processed = !(channel() instanceof Http2StreamChannel stream)
                    || stream.stream().id() <= lastStream;
            return new Failure.ChannelClosed(endpoint, going ? "going away" : "by the other side", processed);
        }
    }

    @Override
    public Status status() {
        return going ? Status.CLOSED : Status.OPEN;
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        Sockets.close(opened());
        return gone;
    }
}
