package io.finback.meshrouter.http;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.Gate;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
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
    private final Gate gate;
    private final Loops loops;
    private final ServerPolicy policy;
    private final Optional<AccessLog> accessLog;
    private final Channel listener;

    private ProxyServer(
            Loops loops, ProxySettings settings, ServerPolicy policy, Routing routing, Optional<AccessLog> accessLog)
            throws IOException {
        this.loops = loops;
        this.settings = settings;
        this.policy = policy;
        this.routing = routing;
        this.accessLog = accessLog;
        gate = new Gate(settings.maxConnections(), policy.maxConcurrentRequests());
        listener = Gate.bound(() -> Sockets.listen(
                Params.EMPTY.with(Sockets.LOOPS, loops.group()),
                Address.of(settings.host(), settings.port()),
                new Accepting()));
    }

    /** Listens. Throws IOException when the address cannot be bound. */
    public static ProxyServer start(
            Loops loops, ProxySettings settings, ServerPolicy policy, Routing routing, Optional<AccessLog> accessLog)
            throws IOException {
        return new ProxyServer(loops, settings, policy, routing, accessLog);
    }

    @Sharable
    private final class Accepting extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            channel.config().setAutoRead(false);
            channel.config().setRecvByteBufAllocator(Transport.reads());
            accept(channel);
        }
    }

    private void accept(Channel channel) {
        Loop loop = loops.of(channel.eventLoop());
        loop.awaken();
        ResponseEncoder encoder = new ResponseEncoder();
        ClientConnection client = new ClientConnection(this, loop, encoder);
        policy.tls().ifPresent(tls -> channel.pipeline().addLast(tls.handler(channel.alloc())));
        channel.pipeline().addLast(new Gather(stats()), new RequestDecoder(settings, stats()), encoder, client);
        loop.clients().add(client);
        int over = gate.connected();
        if (over > MAX_REFUSALS) {
            FlowHandler.close(channel);
        } else if (over > 0) {
            channel.eventLoop().execute(() -> client.refuseForOverload(gate.tooManyConnections()));
        } else {
            channel.eventLoop().execute(gate.isStopping() ? client::drain : client::pump);
        }
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
    public Gate gate() {
        return gate;
    }

    @Override
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public CompletionStage<?> drain(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        CompletableFuture<Void> drained = new CompletableFuture<>();
        listener.close().addListener(closed -> {
            for (Loop loop : loops.all()) {
                loop.eventLoop().execute(() -> mine(loop).forEach(ClientConnection::drain));
            }
            awaitDrained(deadline, drained);
        });
        return drained;
    }

    private void awaitDrained(long deadline, CompletableFuture<Void> drained) {
        int open = connections();
        if (open == 0 || System.nanoTime() - deadline > 0) {
            if (open > 0) {
                log.warn("mesh.drain_limit_reached connections={} next=close", open);
            }
            end(drained);
        } else {
            var ignored =
                    loops.group().next().schedule(() -> awaitDrained(deadline, drained), 20, TimeUnit.MILLISECONDS);
        }
    }

    private List<ClientConnection> mine(Loop loop) {
        return loop.clients().stream().filter(client -> client.server() == this).toList();
    }

    private void end(CompletableFuture<Void> drained) {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Loop loop : loops.all()) {
            closing.add(
                    CompletableFuture.runAsync(() -> mine(loop).forEach(ClientConnection::abort), loop.eventLoop()));
        }
        var closed = CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0]))
                .whenComplete((done, failure) -> drained.complete(null));
        Objects.requireNonNull(closed);
    }
}
