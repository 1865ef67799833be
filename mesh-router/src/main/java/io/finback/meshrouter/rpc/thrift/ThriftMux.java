package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.client.ClientStack;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.ServerStack;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Thrift messages in Mux: many calls at a time over one connection. A server takes plain Thrift on the same port, too. */
public final class ThriftMux {
    private static final Stack.Role CLIENT_ID =
            new Stack.Role("ThriftMuxClientId", "outside of everything that sends: all attempts say the same");
    private static final Stack.Role FAILED = new Stack.Role(
            "ThriftExceptions", "outside of statistics, which count the failure, not the message that tells it");

    private ThriftMux() {}

    /** One connection to each endpoint, for all calls. */
    public static Client<byte[], byte[]> client() {
        return Mux.client()
                .withStack(stack -> stack.insertBefore(
                        ClientStack.TRACE,
                        Stack.Module.filter(CLIENT_ID, params -> clientId(params.get(ThriftParams.CLIENT_ID)))));
    }

    /** Failures of the application are answered as Thrift's TApplicationException; refusals as Mux's. */
    public static Server<byte[], byte[]> server() {
        return Server.<byte[], byte[]>of(
                        (params, address, sessions) ->
                                new Connections<>(params, address, sessions, (channel, session) -> {
                                    Mux.secure(params, channel);
                                    Sniffing sniffing = new Sniffing(params, session);
                                    channel.pipeline().addLast(sniffing);
                                    return sniffing;
                                }),
                        Params.EMPTY)
                .withStack(
                        stack -> stack.insertBefore(ServerStack.STATS, Stack.Module.filter(FAILED, params -> told())));
    }

    private static Filter.Simple<byte[], byte[]> clientId(Optional<String> name) {
        return (request, context, service) -> service.apply(
                request, name.isPresent() && context.clientId().isEmpty() ? context.withClientId(name.get()) : context);
    }

    private static Filter.Simple<byte[], byte[]> told() {
        return (request, context, service) -> {
            Reply<byte[]> reply = service.call(request, context);
            return reply.isSuccess()
                    ? reply
                    : reply.transform((response, failure) -> {
                        // Failures that Mux has words for are Mux's.
                        if (failure == null || failure instanceof Failure) {
                            return failure == null ? Reply.of(response) : Reply.failed(failure);
                        }
                        return Reply.of(ThriftMessage.read(request).failed(String.valueOf(failure)));
                    });
        };
    }

    /**
     * Finds out what a client speaks by the head of its first frame. What Thrift begins with, {@code 80 01 00 01} or {@code 80 01 00 04}, would
     * be an error with a tag that nobody uses first in Mux; a first byte that is no type of Mux is one of Thrift's other protocols. Without
     * frames ({@link ThriftParams#FRAMED}) Thrift's head comes where Mux has a length, which it is too large for.
     */
    private static final class Sniffing extends ChannelInboundHandlerAdapter implements Connections.Connection {
        private static final int CALL = 0x80010001;
        private static final int ONEWAY = 0x80010004;
        private static final int HEAD_BYTES = 8;

        private final Params params;
        private final Service<byte[], byte[]> session;
        private final Reply<Connections.Connection> found = new Reply<>();
        private @Nullable ByteBuf head;
        private @Nullable Channel channel;

        Sniffing(Params params, Service<byte[], byte[]> session) {
            this.params = params;
            this.session = session;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            channel = ctx.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ByteBuf in = (ByteBuf) msg;
            ByteBuf before = head;
            if (before != null) {
                before.writeBytes(in);
                in.release();
                in = before;
            }
            boolean framed = params.get(ThriftParams.FRAMED);
            if (in.readableBytes() < (framed ? HEAD_BYTES : 1)) {
                head = before != null
                        ? before
                        : ctx.alloc().buffer(HEAD_BYTES * 32).writeBytes(in);
                if (before == null) {
                    in.release();
                }
                return;
            }
            head = null;
            boolean thrift = framed ? isThrift(in.getInt(in.readerIndex() + 4)) : in.getByte(in.readerIndex()) < 0;
            Connections.Connection connection =
                    thrift ? Thrift.accept(params, ctx.channel(), session) : Mux.accept(params, ctx.channel(), session);
            found.complete(connection);
            ctx.fireChannelRead(in);
            ctx.pipeline().remove(this);
        }

        private static boolean isThrift(int first) {
            return first == CALL || first == ONEWAY || !Mux.isType(first >> 24);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ByteBuf rest = head;
            head = null;
            if (rest != null) {
                rest.release();
            }
            var unused = session.close(Duration.ZERO);
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Sockets.close(ctx.channel());
        }

        /** One that has not said anything yet is closed at once. */
        @Override
        public Reply<@Nullable Void> drain(Duration grace) {
            Channel own = channel;
            if (!found.isDone() && own != null) {
                Sockets.close(own);
                return Reply.of(null);
            }
            return found.flatMap(connection -> connection.drain(grace));
        }
    }
}
