package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.client.ClientStack;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.HostNames;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Stats;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A router's connections to instances, by endpoint, and by event loop where the protocol wants it. Thread-safe. */
final class Upstreams<Q, R> {
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Dialect<Q, R> dialect;
    private final RelaySettings settings;
    private final EventLoopGroup loops;
    private final HostNames names;
    private final Map<Endpoint, Map<EventLoopGroup, ServiceFactory<Q, R>>> all = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Upstreams(Dialect<Q, R> dialect, RelaySettings settings, EventLoopGroup loops, HostNames names) {
        this.dialect = dialect;
        this.settings = settings;
        this.loops = loops;
        this.names = names;
    }

    /** A connection to {@code endpoint} for one call, to be closed behind it. */
    Reply<Service<Q, R>> acquire(Routing.To to, Endpoint endpoint, EventLoop loop, Context context) {
        if (closed) {
            return Reply.failed(new Failure.Closed("router"));
        }
        Map<EventLoopGroup, ServiceFactory<Q, R>> own = all.get(endpoint);
        if (own == null) {
            own = all.computeIfAbsent(endpoint, added -> new ConcurrentHashMap<>());
            endpoint.whenRetired(() -> retire(endpoint));
        }
        EventLoopGroup where = dialect.perLoop() ? loop : loops;
        ServiceFactory<Q, R> factory = own.get(where);
        if (factory == null) {
            factory = own.computeIfAbsent(where, group -> factory(to, endpoint, group));
        }
        return factory.acquire(context);
    }

    /** What was acquired is not needed any more. */
    static void giveBack(Service<?, ?> connection) {
        var unused = connection.close(Duration.ZERO);
    }

    private ServiceFactory<Q, R> factory(Routing.To to, Endpoint endpoint, EventLoopGroup where) {
        ClientPolicy policy = to.destination().policy();
        Stats stats = to.destination().stats();
        Params params = dialect.client(policy)
                .withAll(settings.wire())
                .with(ClientParams.CONNECT_TIMEOUT, settings.connectTimeout())
                .with(ClientParams.POOL, dialect.pool(policy))
                .with(Sockets.LOOPS, where)
                .with(Sockets.WATCH, new Counting(stats)::watch);
        Duration idle = policy.pool().idleTime().orElse(settings.upstreamIdle());
        Params aging = params.with(ClientParams.MAX_IDLE_TIME, java.util.Optional.of(idle))
                .with(ClientParams.MAX_LIFE_TIME, policy.pool().lifeTime());
        return ClientStack.<Q, R>connections(made -> context -> resolved(made, endpoint, context))
                .make(aging);
    }

    private Reply<Service<Q, R>> resolved(Params params, Endpoint endpoint, Context context) {
        CompletableFuture<InetAddress> address = names.resolve(endpoint.host());
        if (address.isDone() && !address.isCompletedExceptionally()) {
            return connected(params, address.join(), endpoint, context);
        }
        return Reply.from(address.orTimeout(settings.bindingTimeout().toNanos(), TimeUnit.NANOSECONDS))
                .<Service<Q, R>>transform((found, failure) -> failure == null
                        ? connected(params, found, endpoint, context)
                        : Reply.failed(new Failure.NotConnected(
                                endpoint.toString(), "binding timed out or failed: " + endpoint.host())));
    }

    private Reply<Service<Q, R>> connected(Params params, InetAddress address, Endpoint endpoint, Context context) {
        Params whole = params.with(ClientParams.ENDPOINT, new Address(address.getHostAddress(), endpoint.port(), 1));
        return dialect.transport(whole).acquire(context);
    }

    private void retire(Endpoint endpoint) {
        Map<EventLoopGroup, ServiceFactory<Q, R>> own = all.remove(endpoint);
        if (own != null) {
            own.values().forEach(factory -> {
                var unused = factory.close(GRACE);
            });
        }
    }

    /** Closes all of them; listeners must have been stopped before. */
    void close() {
        closed = true;
        all.keySet().forEach(this::retire);
    }
}
