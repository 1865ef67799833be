package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of one Thrift connection: one call at a time. A call that is given up takes the connection with it, because its answer
 * could not be told from the next one's.
 */
final class ThriftClientSession extends ChannelInboundHandlerAdapter implements Service<byte[], byte[]> {
    private static final byte[] NOTHING = {};

    private final Params params;
    private final ThriftFraming framing;
    private final String endpoint;
    private final Optional<String> clientId;
    private final Reply<Service<byte[], byte[]>> ready = new Reply<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Reply<byte[]> underWay;
    private boolean upgraded;
    private volatile boolean ended;
    private String reason = "by the other side";

    ThriftClientSession(Params params, ThriftFraming framing) {
        this.params = params;
        this.framing = framing;
        endpoint = params.get(ClientParams.ENDPOINT).toString();
        clientId = params.get(ThriftParams.CLIENT_ID);
    }

    /** The session, once it is known what the other side can do. */
    Reply<Service<byte[], byte[]>> ready() {
        return ready;
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext now = context;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls == null) {
            begin(ctx);
        } else {
            tls.handshakeFuture().addListener(shaken -> {
                if (shaken.isSuccess()) {
                    begin(ctx);
                } else {
                    fail("TLS: " + shaken.cause().getMessage());
                }
            });
        }
    }

    private void begin(ChannelHandlerContext ctx) {
        if (!params.get(ThriftParams.UPGRADE)) {
            ready.complete(this);
            return;
        }
        byte[] question = TTwitter.question();
        write(framing.end(framing.begin(ctx.alloc(), question.length).writeBytes(question)));
        Duration limit = params.get(ClientParams.CONNECT_TIMEOUT);
        var unused = ctx.executor()
                .schedule(
                        () -> {
                            if (!ready.isDone()) {
                                fail("no answer to " + TTwitter.QUESTION + " within " + limit.toMillis() + " ms");
                            }
                        },
                        limit.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private void write(ByteBuf frame) {
        var unused = context().writeAndFlush(frame, context().voidPromise());
    }

    private void fail(String why) {
        reason = why;
        Sockets.close(context().channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        try {
            if (!ready.isDone()) {
                byte[] answer = bytes(in);
                upgraded = ThriftMessage.read(answer).kind() == ThriftMessage.Kind.REPLY;
                if (upgraded) {
                    framing.headers();
                }
                ready.complete(this);
                return;
            }
            Reply<byte[]> reply = underWay;
            if (reply == null) {
                fail("an answer that nobody has asked for");
                return;
            }
            if (upgraded) {
                TTwitter.skipResponse(in);
            }
            underWay = null;
            reply.complete(bytes(in));
        } catch (Failure.Protocol e) {
            fail(String.valueOf(e.getMessage()));
        } finally {
            in.release();
        }
    }

    private static byte[] bytes(ByteBuf in) {
        byte[] bytes = new byte[in.readableBytes()];
        in.readBytes(bytes);
        return bytes;
    }

    @Override
    public CompletionStage<byte[]> apply(byte[] request, Context call) {
        Reply<byte[]> reply = new Reply<>();
        ThriftMessage head;
        try {
            head = ThriftMessage.read(request);
        } catch (Failure.Protocol e) {
            return Reply.failed(e);
        }
        if (context().executor().inEventLoop()) {
            send(request, head, call, reply);
        } else {
            context().executor().execute(() -> send(request, head, call, reply));
        }
        return reply;
    }

    @SuppressWarnings("ReferenceEquality") // this very call
    private void send(byte[] request, ThriftMessage head, Context call, Reply<byte[]> reply) {
        if (ended || !context().channel().isActive()) {
            reply.fail(new Failure.ChannelClosed(endpoint, "before the call", false));
            return;
        }
        if (underWay != null) {
            reply.fail(Failure.rejected("one call at a time"));
            return;
        }
        ByteBuf frame = framing.begin(context().alloc(), 256 + request.length);
        if (upgraded) {
            TTwitter.writeRequest(frame, call, clientId);
        }
        framing.end(frame.writeBytes(request));
        if (head.kind() == ThriftMessage.Kind.ONEWAY) {
            write(frame);
            reply.complete(NOTHING);
            return;
        }
        underWay = reply;
        reply.onInterrupt(why -> context().executor().execute(() -> {
            if (underWay == reply) {
                fail("a call was given up: " + why.getMessage());
            }
        }));
        write(frame);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(String.valueOf(cause.getMessage()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended = true;
        ready.fail(new Failure.NotConnected(endpoint, "closed before the first call: " + reason));
        Reply<byte[]> reply = underWay;
        underWay = null;
        if (reply != null) {
            reply.fail(new Failure.ChannelClosed(endpoint, reason, true));
        }
        gone.complete(null);
    }

    @Override
    public Status status() {
        return ended ? Status.CLOSED : Status.OPEN;
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        ended = true;
        Sockets.close(context().channel());
        return gone;
    }
}
