package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.Stats;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP/1.1 listener of the mesh: takes requests, asks {@link Routing} where to, and carries bytes both ways with back-pressure.
 * Thread-safe. One of several on the same {@link Loops}.
 */
public final class ProxyServer implements Listener {
    private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);

    /** Connections over the limit that are being told so; beyond these they are closed without a word. */
    private static final int MAX_REFUSALS = 1_000;

    private final ProxySettings settings;
    private final Routing routing;
    private final Stats stats = new Stats();
    private final AtomicInteger connections = new AtomicInteger();
    private final LongAdder refusedConnections = new LongAdder();
    private final Loops loops;
    private final ServerPolicy policy;
    private final Optional<AccessLog> accessLog;
    private final AtomicInteger concurrent = new AtomicInteger();
    private final Channel listener;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private ProxyServer(
            Loops loops, ProxySettings settings, ServerPolicy policy, Routing routing, Optional<AccessLog> accessLog)
            throws IOException {
        this.loops = loops;
        this.settings = settings;
        this.policy = policy;
        this.routing = routing;
        this.accessLog = accessLog;
        listener = bind();
    }

    /** Listens. Throws IOException when the address cannot be bound. */
    public static ProxyServer start(
            Loops loops, ProxySettings settings, ServerPolicy policy, Routing routing, Optional<AccessLog> accessLog)
            throws IOException {
        return new ProxyServer(loops, settings, policy, routing, accessLog);
    }

    private Channel bind() throws IOException {
        var binding = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.transport().listener())
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.RCVBUF_ALLOCATOR, Transport.reads())
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
        Loop loop = loops.of(channel.eventLoop());
        ResponseEncoder encoder = new ResponseEncoder();
        ClientConnection client = new ClientConnection(this, loop, encoder);
        policy.tls().ifPresent(tls -> channel.pipeline().addLast(tls.handler(channel.alloc())));
        channel.pipeline().addLast(new Gather(stats), new RequestDecoder(settings, stats), encoder, client);
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

    ProxySettings settings() {
        return settings;
    }

    ServerPolicy policy() {
        return policy;
    }

    boolean isLogging() {
        return accessLog.isPresent();
    }

    /** A request is under way. */
    void began() {
        concurrent.incrementAndGet();
    }

    void ended() {
        concurrent.decrementAndGet();
    }

    boolean isFull() {
        return concurrent.get() > policy.maxConcurrentRequests();
    }

    void log(ClientConnection client, HttpRequest head, String uri, int status, long bytes, long epochMillis) {
        InetSocketAddress remote = client.remote();
        String ip = remote.getAddress() == null
                ? remote.getHostString()
                : remote.getAddress().getHostAddress();
        accessLog.ifPresent(to -> to.log(new AccessLog.Entry(
                ip,
                epochMillis,
                head.method().name(),
                uri,
                head.protocolVersion().text(),
                status,
                bytes,
                text(head.headers().get(HttpHeaderNames.REFERER)),
                text(head.headers().get(HttpHeaderNames.USER_AGENT)))));
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    @Override
    public int concurrent() {
        return concurrent.get();
    }

    @Override
    public Stats stats() {
        return stats;
    }

    @Override
    public int connections() {
        return connections.get();
    }

    @Override
    public long refusedConnections() {
        return refusedConnections.sum();
    }

    @Override
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public CompletionStage<Void> stop(Duration limit) {
        if (!stopping.compareAndSet(false, true)) {
            return stopped;
        }
        long deadline = System.nanoTime() + limit.toNanos();
        listener.close().addListener(closed -> {
            for (Loop loop : loops.all()) {
                loop.eventLoop().execute(() -> mine(loop).forEach(ClientConnection::drain));
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
            var ignored = loops.group().next().schedule(() -> awaitDrained(deadline), 20, TimeUnit.MILLISECONDS);
        }
    }

    private List<ClientConnection> mine(Loop loop) {
        return loop.clients().stream().filter(client -> client.server() == this).toList();
    }

    private void end() {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Loop loop : loops.all()) {
            closing.add(
                    CompletableFuture.runAsync(() -> mine(loop).forEach(ClientConnection::abort), loop.eventLoop()));
        }
        var closed = CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0]))
                .whenComplete((done, failure) -> stopped.complete(null));
        Objects.requireNonNull(closed);
    }
}
