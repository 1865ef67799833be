package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.HostNames;
import io.finback.meshrouter.traffic.Stats;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What belongs to one event loop: its client connections, and its pool of idle upstream connections. A request never leaves the loop
 * its client is on, so nothing here needs a lock. All methods run on the loop.
 */
final class Loop {
    private static final long SWEEP_MILLIS = 250;

    private final EventLoop eventLoop;
    private final HostNames hostNames;
    private final Transport transport;
    private final Set<ClientConnection> clients = new HashSet<>();
    private final Map<Endpoint, ArrayDeque<UpstreamConnection>> idle = new HashMap<>();
    private boolean sweeping;
    private final SweepClock clock = new SweepClock(Duration.ofMillis(SWEEP_MILLIS), System.nanoTime());

    Loop(EventLoop eventLoop, HostNames hostNames, Transport transport) {
        this.transport = transport;
        this.eventLoop = eventLoop;
        this.hostNames = hostNames;
    }

    /** Before a connection is added: timeouts are looked at while there are connections, and a loop without any sleeps. */
    void awaken() {
        if (!sweeping) {
            sweeping = true;
            clock.begin(System.nanoTime());
            sweepLater();
        }
    }

    private void sweepLater() {
        var soon = eventLoop.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
        Objects.requireNonNull(soon);
    }

    private void sweep() {
        try {
            long now = System.nanoTime();
            if (clock.advance(now)) {
                checkTimeouts(now);
            }
        } finally {
            sweeping = !clients.isEmpty() || !idle.isEmpty();
            if (sweeping) {
                sweepLater();
            }
        }
    }

    EventLoop eventLoop() {
        return eventLoop;
    }

    /** The clock of timeouts: nanoseconds, as of the last sweep. */
    long now() {
        return clock.now();
    }

    Set<ClientConnection> clients() {
        return clients;
    }

    int idleConnections() {
        return idle.values().stream().mapToInt(ArrayDeque::size).sum();
    }

    /** The idle connection used last, if it has been idle for less than {@code maxIdleNanos}. */
    @Nullable
    UpstreamConnection poll(Endpoint endpoint, long maxIdleNanos) {
        ArrayDeque<UpstreamConnection> connections = idle.get(endpoint);
        if (connections == null) {
            return null;
        }
        for (UpstreamConnection c = connections.peekLast(); c != null; c = connections.peekLast()) {
            if (c.isActive() && c.idleFor(System.nanoTime()) >= maxIdleNanos) {
                return null;
            }
            connections.removeLast();
            c.leftPool();
            if (c.isActive()) {
                return c;
            }
        }
        return null;
    }

    void offer(UpstreamConnection connection) {
        ArrayDeque<UpstreamConnection> connections =
                idle.computeIfAbsent(connection.endpoint(), endpoint -> new ArrayDeque<>());
        if (connections.size() >= connection.settings().maxIdlePerEndpoint()
                || connection.endpoint().isGone()
                || connection.isTooOld(System.nanoTime())) {
            connection.close();
        } else if (connection.endpoint().permits().isWanted()) {
            // Somebody waits, perhaps on another loop: only the permission can change loops.
            connection.close();
        } else {
            awaken();
            connections.addLast(connection);
            connection.enteredPool();
        }
    }

    void forget(UpstreamConnection connection) {
        ArrayDeque<UpstreamConnection> connections = idle.get(connection.endpoint());
        if (connections != null && connections.remove(connection)) {
            connection.leftPool();
        }
    }

    /** Connects, and calls exactly one of the two, on this loop. */
    void connect(
            ProxySettings settings,
            Endpoint endpoint,
            Stats stats,
            Consumer<UpstreamConnection> connected,
            Consumer<ConnectFailure> failed) {
        CompletableFuture<InetAddress> address = hostNames.resolve(endpoint.host());
        if (address.isDone() && !address.isCompletedExceptionally()) {
            connectTo(settings, endpoint, stats, address.join(), connected, failed);
            return;
        }
        var resolving = address.orTimeout(settings.bindingTimeout().toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((found, failure) -> eventLoop.execute(() -> {
                    if (found != null) {
                        connectTo(settings, endpoint, stats, found, connected, failed);
                    } else {
                        endpoint.permits().giveBack();
                        failed.accept(new ConnectFailure(endpoint, "cannot resolve host " + endpoint.host(), true));
                    }
                }));
        Objects.requireNonNull(resolving);
    }

    /** Why no connection was made. */
    record ConnectFailure(Endpoint endpoint, String reason, boolean resolving) {}

    private void connectTo(
            ProxySettings settings,
            Endpoint endpoint,
            Stats stats,
            InetAddress address,
            Consumer<UpstreamConnection> connected,
            Consumer<ConnectFailure> failed) {
        ResponseDecoder decoder = new ResponseDecoder(settings, stats);
        UpstreamConnection connection = new UpstreamConnection(endpoint, stats, this, decoder, settings);
        ChannelFuture connecting = new Bootstrap()
                .group(eventLoop)
                .channel(transport.connection())
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.RCVBUF_ALLOCATOR, Transport.reads())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, settings.connectTimeout().toMillis()))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        endpoint.tls().ifPresent(tls -> channel.pipeline()
                                .addLast(tls.handler(channel.alloc(), endpoint.host(), endpoint.port())));
                        channel.pipeline().addLast(new Gather(stats), decoder, new RequestEncoder(), connection);
                    }
                })
                .connect(new InetSocketAddress(address, endpoint.port()));
        connecting.addListener(done -> {
            SslHandler tls = connecting.channel().pipeline().get(SslHandler.class);
            if (done.isSuccess() && tls != null) {
                tls.setHandshakeTimeoutMillis(
                        Math.max(1, settings.connectTimeout().toMillis()));
                var read = connecting.channel().read();
                tls.handshakeFuture().addListener(shaken -> {
                    if (shaken.isSuccess()) {
                        connected.accept(connection);
                    } else {
                        connection.close();
                        failed.accept(new ConnectFailure(endpoint, "TLS: " + why(shaken.cause()), false));
                    }
                });
                Objects.requireNonNull(read);
            } else if (done.isSuccess()) {
                connected.accept(connection);
            } else {
                endpoint.permits().giveBack();
                failed.accept(
                        new ConnectFailure(endpoint, String.valueOf(done.cause().getMessage()), false));
            }
        });
    }

    private static String why(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    void closeIdle() {
        for (ArrayDeque<UpstreamConnection> connections : idle.values()) {
            for (UpstreamConnection connection : new ArrayList<>(connections)) {
                connection.leftPool();
                connection.close();
            }
        }
        idle.clear();
    }

    private void checkTimeouts(long now) {
        for (ClientConnection client : List.copyOf(clients)) {
            client.checkTimeouts(now);
        }
        for (Map.Entry<Endpoint, ArrayDeque<UpstreamConnection>> entry : List.copyOf(idle.entrySet())) {
            ArrayDeque<UpstreamConnection> connections = entry.getValue();
            for (UpstreamConnection connection : new ArrayList<>(connections)) {
                if (entry.getKey().isGone()
                        || connection.isTooIdle(now)
                        || connection.isTooOld(now)
                        || entry.getKey().permits().isWanted()) {
                    connections.remove(connection);
                    connection.leftPool();
                    connection.close();
                }
            }
            if (connections.isEmpty()) {
                idle.remove(entry.getKey());
            }
        }
    }
}
