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
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/** Connects and listens on event loops. Handlers, and callbacks of what they complete, run on the loop of their connection. */
public final class Sockets {
    /** The event loops of this process: one thread for each processor, daemons. */
    public static final Params.Key<EventLoopGroup> LOOPS = Params.Key.made("event loops", () -> Shared.LOOPS);

    /** Is shown every connection that is made, on its loop, before its handlers are there. */
    public static final Params.Key<Consumer<Channel>> WATCH = Params.Key.of("watch", channel -> {});

    private static final class Shared {
        private static final EventLoopGroup LOOPS = loops(
                Math.max(1, Runtime.getRuntime().availableProcessors()), new DefaultThreadFactory("finback-rpc", true));
    }

    private Sockets() {}

    /** Of Linux' epoll when its library is there, else of Java's own sockets. */
    private static EventLoopGroup loops(int threads, ThreadFactory names) {
        return Epoll.isAvailable() ? new EpollEventLoopGroup(threads, names) : new NioEventLoopGroup(threads, names);
    }

    /** Also of a group that is a single loop of another one. */
    private static boolean isEpoll(EventLoopGroup loops) {
        EventLoopGroup whole = loops instanceof EventLoop loop ? loop.parent() : loops;
        return whole instanceof EpollEventLoopGroup;
    }

    /** A connection, with {@code handler} in its pipeline; else {@link Failure.NotConnected}. */
    public static Reply<Channel> connect(Params params, Address address, Duration timeout, ChannelHandler handler) {
        Reply<Channel> reply = new Reply<>();
        EventLoopGroup loops = params.get(LOOPS);
        ChannelFuture connecting = new Bootstrap()
                .group(loops)
                .channel(isEpoll(loops) ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis())))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        params.get(WATCH).accept(channel);
                        channel.pipeline().addLast(handler);
                    }
                })
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
        EventLoopGroup loops = params.get(LOOPS);
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(isEpoll(loops) ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
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
