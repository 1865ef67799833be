package io.finback.meshrouter.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP/1.1 listener of the mesh: takes requests, asks {@link Routing} where to, and carries bytes both ways with back-pressure.
 * Thread-safe. Owns its event loops and everything on them.
 */
public final class ProxyServer {
    private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);

    /** Connections over the limit that are being told so; beyond these they are closed without a word. */
    private static final int MAX_REFUSALS = 1_000;

    private final ProxySettings settings;
    private final Routing routing;
    private final Stats stats = new Stats();
    private final AtomicInteger connections = new AtomicInteger();
    private final LongAdder refusedConnections = new LongAdder();
    private final HostNames hostNames = new HostNames();
    private final NioEventLoopGroup group;
    private final IdentityHashMap<EventLoop, Loop> loops = new IdentityHashMap<>();
    private final Channel listener;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private ProxyServer(ProxySettings settings, Routing routing) throws IOException {
        this.settings = settings;
        this.routing = routing;
        group = new NioEventLoopGroup(settings.ioThreads(), new DefaultThreadFactory("finback-mesh", true));
        for (EventExecutor executor : group) {
            EventLoop eventLoop = (EventLoop) executor;
            loops.put(eventLoop, new Loop(eventLoop, settings, hostNames));
        }
        try {
            listener = bind();
        } catch (IOException | RuntimeException e) {
            var ignored = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            hostNames.close();
            throw e;
        }
    }

    /** Listens. Throws IOException when the address cannot be bound. */
    public static ProxyServer start(ProxySettings settings, Routing routing) throws IOException {
        return new ProxyServer(settings, routing);
    }

    private Channel bind() throws IOException {
        var binding = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(settings.host(), settings.port())
                .awaitUninterruptibly();
        if (!binding.isSuccess()) {
            throw new IOException(String.valueOf(binding.cause().getMessage()), binding.cause());
        }
        return binding.channel();
    }

    private void accept(Channel channel) {
        Loop loop = loops.get(channel.eventLoop());
        if (loop == null) {
            throw new IllegalStateException("a channel on a foreign event loop");
        }
        ResponseEncoder encoder = new ResponseEncoder();
        ClientConnection client = new ClientConnection(this, loop, encoder);
        channel.pipeline().addLast(new RequestDecoder(settings), encoder, client);
        loop.clients().add(client);
        int count = connections.incrementAndGet();
        if (count > settings.maxConnections() + MAX_REFUSALS) {
            refusedConnections.increment();
            FlowHandler.close(channel);
        } else if (count > settings.maxConnections()) {
            refusedConnections.increment();
            channel.eventLoop()
                    .execute(() -> client.refuseForOverload("more than " + settings.maxConnections()
                            + " connections (limits.max-connections); try again later"));
        } else {
            channel.eventLoop().execute(stopping.get() ? client::drain : client::pump);
        }
    }

    void clientClosed() {
        connections.decrementAndGet();
    }

    Routing routing() {
        return routing;
    }

    public Stats stats() {
        return stats;
    }

    /** Client connections open now. */
    public int connections() {
        return connections.get();
    }

    /** Client connections turned away at {@code limits.max-connections} so far. */
    public long refusedConnections() {
        return refusedConnections.sum();
    }

    /** The bound port, also when port 0 was asked for. */
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** Idle upstream connections of all loops. */
    public CompletionStage<Integer> idleUpstreams() {
        CompletableFuture<Integer> sum = CompletableFuture.completedFuture(0);
        for (Map.Entry<EventLoop, Loop> entry : loops.entrySet()) {
            sum = sum.thenCombine(
                    CompletableFuture.supplyAsync(entry.getValue()::idleConnections, entry.getKey()), Integer::sum);
        }
        return sum;
    }

    /** Accepts no more, lets what is under way finish for at most {@code limit}, then closes everything. Idempotent. */
    public CompletionStage<Void> stop(Duration limit) {
        if (!stopping.compareAndSet(false, true)) {
            return stopped;
        }
        long deadline = System.nanoTime() + limit.toNanos();
        listener.close().addListener(closed -> {
            for (Loop loop : loops.values()) {
                loop.eventLoop().execute(() -> List.copyOf(loop.clients()).forEach(ClientConnection::drain));
            }
            awaitDrained(deadline);
        });
        return stopped;
    }

    private void awaitDrained(long deadline) {
        int open = connections.get();
        if (open == 0 || System.nanoTime() - deadline > 0) {
            if (open > 0) {
                log.warn("mesh.drain_limit_reached connections={} next=close", open);
            }
            end();
        } else {
            var ignored = group.next().schedule(() -> awaitDrained(deadline), 20, TimeUnit.MILLISECONDS);
        }
    }

    private void end() {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Loop loop : loops.values()) {
            closing.add(CompletableFuture.runAsync(
                    () -> {
                        List.copyOf(loop.clients()).forEach(ClientConnection::abort);
                        loop.closeIdle();
                    },
                    loop.eventLoop()));
        }
        var closed = CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0]))
                .whenComplete((done, failure) -> {
                    hostNames.close();
                    var ending = group.shutdownGracefully(0, 2, TimeUnit.SECONDS);
                    ending.addListener(ended -> stopped.complete(null));
                });
        Objects.requireNonNull(closed);
    }
}
