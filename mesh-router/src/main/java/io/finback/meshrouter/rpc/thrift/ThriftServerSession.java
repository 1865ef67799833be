package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of one Thrift connection: calls are made one behind the other and answered in their order. While another one waits the
 * socket is not read, so that what waits is at most what one read brought.
 */
final class ThriftServerSession extends ChannelInboundHandlerAdapter implements Connections.Connection {
    private final Service<byte[], byte[]> service;
    private final ThriftFraming framing;
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Reply<byte[]> underWay;
    private final boolean upgrades;
    private boolean upgraded;
    private boolean taking;
    private boolean draining;

    /** @param upgrades whether it says that it knows Twitter's headers */
    ThriftServerSession(Service<byte[], byte[]> service, ThriftFraming framing, boolean upgrades) {
        this.service = service;
        this.framing = framing;
        this.upgrades = upgrades;
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
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        waiting.add((ByteBuf) msg);
        take();
    }

    private void take() {
        if (taking) {
            return;
        }
        taking = true;
        try {
            while (underWay == null && !waiting.isEmpty()) {
                ByteBuf in = waiting.removeFirst();
                try {
                    call(in);
                } finally {
                    in.release();
                }
            }
        } catch (Failure.Protocol e) {
            Sockets.close(context().channel());
        } finally {
            taking = false;
        }
        // While only one is under way it is read on: to learn that the client went away.
        context().channel().config().setAutoRead(waiting.isEmpty());
        if (draining && underWay == null) {
            Sockets.close(context().channel());
        }
    }

    private void call(ByteBuf in) {
        Context call = upgraded ? TTwitter.readRequest(in) : Context.EMPTY;
        byte[] message = new byte[in.readableBytes()];
        in.readBytes(message);
        ThriftMessage head = ThriftMessage.read(message);
        if (!upgraded && head.method().equals(TTwitter.QUESTION)) {
            answer(false, upgrades ? TTwitter.yes(head.sequence()) : head.unknown());
            if (upgrades) {
                upgraded = true;
                framing.headers();
            }
            return;
        }
        Reply<byte[]> reply = service.call(message, call);
        underWay = reply;
        if (reply.isDone()) {
            answered(head, reply);
        } else {
            reply.onDone((value, failure) -> {
                if (context().executor().inEventLoop()) {
                    ended(head, reply);
                } else {
                    context().executor().execute(() -> ended(head, reply));
                }
            });
        }
    }

    private void ended(ThriftMessage head, Reply<byte[]> reply) {
        answered(head, reply);
        take();
    }

    private void answered(ThriftMessage head, Reply<byte[]> reply) {
        underWay = null;
        if (head.kind() == ThriftMessage.Kind.ONEWAY || !context().channel().isActive()) {
            return;
        }
        Throwable failure = reply.failure();
        answer(upgraded, failure == null ? reply.value() : head.failed(String.valueOf(failure)));
    }

    private void answer(boolean header, byte[] message) {
        ByteBuf frame = framing.begin(context().alloc(), 1 + message.length);
        if (header) {
            TTwitter.writeResponse(frame);
        }
        var unused = context()
                .writeAndFlush(framing.end(frame.writeBytes(message)), context().voidPromise());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Sockets.close(ctx.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
        Reply<byte[]> reply = underWay;
        if (reply != null) {
            reply.interrupt(new Failure("the client is gone", Failure.INTERRUPTED));
        }
        var unused = service.close(Duration.ZERO);
        gone.complete(null);
    }

    /** Thrift cannot tell a client to go elsewhere: the call under way is answered, then the connection is closed. */
    @Override
    public Reply<@Nullable Void> drain(Duration grace) {
        context().executor().execute(() -> {
            draining = true;
            if (underWay == null) {
                Sockets.close(context().channel());
            } else {
                var unused = context()
                        .executor()
                        .schedule(() -> Sockets.close(context().channel()), grace.toMillis(), TimeUnit.MILLISECONDS);
            }
        });
        return gone;
    }
}
