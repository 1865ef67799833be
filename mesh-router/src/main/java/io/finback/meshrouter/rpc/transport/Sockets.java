package io.finback.meshrouter.rpc.transport;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Connects and listens on event loops. Handlers, and callbacks of what they complete, run on the loop of their connection. */
public final class Sockets {
    /** The event loops of this process: one thread for each processor, daemons. */
    public static final Params.Key<EventLoopGroup> LOOPS = Params.Key.made("event loops", () -> Shared.LOOPS);

    private static final class Shared {
        private static final EventLoopGroup LOOPS = new NioEventLoopGroup(
                Math.max(1, Runtime.getRuntime().availableProcessors()), new DefaultThreadFactory("finback-rpc", true));
    }

    private Sockets() {}

    /** A connection, with {@code handler} in its pipeline; else {@link Failure.NotConnected}. */
    public static Reply<Channel> connect(Params params, Address address, Duration timeout, ChannelHandler handler) {
        Reply<Channel> reply = new Reply<>();
        ChannelFuture connecting = new Bootstrap()
                .group(params.get(LOOPS))
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis())))
                .handler(handler)
                .connect(new InetSocketAddress(address.host(), address.port()));
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                reply.complete(connecting.channel());
            } else {
                reply.fail(new Failure.NotConnected(
                        address.toString(), String.valueOf(done.cause().getMessage())));
            }
        });
        return reply;
    }

    /** Listens; throws IllegalStateException naming the address when that is not possible. */
    public static Channel listen(Params params, Address address, ChannelHandler child) {
        ChannelFuture bound = new ServerBootstrap()
                .group(params.get(LOOPS))
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1_024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(child)
                .bind(new InetSocketAddress(address.host(), address.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IllegalStateException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage()
                            + " (expected: an address of this machine with a free port)",
                    bound.cause());
        }
        return bound.channel();
    }

    /** Closes without waiting. */
    public static void close(Channel channel) {
        var closing = channel.close();
        assert closing != null;
    }
}
