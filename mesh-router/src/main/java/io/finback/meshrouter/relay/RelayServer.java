package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.ServerParams;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.Stats;
import io.netty.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** One listener of a router that speaks HTTP/2, Thrift or Mux. Each of its calls is a {@link RelayCall}. */
final class RelayServer<Q, R> implements Listener, ServiceFactory<Q, R> {
    private final Relay<Q, R> relay;
    private final ServerPolicy policy;
    private final RelaySettings settings;
    private final Optional<AccessLog> accessLog;
    private final Stats stats = new Stats();
    private final Counting counting = new Counting(stats);
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger concurrent = new AtomicInteger();
    private final LongAdder refused = new LongAdder();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final Server.Listening listening;

    RelayServer(Relay<Q, R> relay, ServerPolicy policy, RelaySettings settings, Optional<AccessLog> accessLog)
            throws IOException {
        this.relay = relay;
        this.policy = policy;
        this.settings = settings;
        this.accessLog = accessLog;
        try {
            listening = relay.dialect()
                    .server(policy)
                    .with(Sockets.LOOPS, relay.loops())
                    .with(ServerParams.MAX_IDLE_TIME, Optional.of(settings.clientIdle()))
                    .with(ServerParams.MAX_LIFE_TIME, settings.clientLife())
                    .listen(new Address(settings.host(), settings.port(), 1), this);
        } catch (IllegalStateException e) {
            throw new IOException(
                    e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
        }
    }

    /** Of one connection of a client. */
    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        Channel channel = context.local(Connections.CHANNEL).orElseThrow();
        if (connections.incrementAndGet() > settings.maxConnections()) {
            connections.decrementAndGet();
            refused.increment();
            return Reply.failed(Failure.rejected("more than " + settings.maxConnections()
                    + " connections (limits.max-connections); try again later"));
        }
        channel.closeFuture().addListener(closed -> connections.decrementAndGet());
        counting.watch(channel);
        return Reply.of(new Calls(channel));
    }

    private final class Calls implements Service<Q, R> {
        private final Channel channel;
        private volatile @Nullable Peer peer;

        Calls(Channel channel) {
            this.channel = channel;
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            Peer known = peer;
            if (known == null) {
                known = Peer.of(channel);
                peer = known;
            }
            return new RelayCall<>(RelayServer.this, known, request, context).start();
        }
    }

    Relay<Q, R> relay() {
        return relay;
    }

    Dialect<Q, R> dialect() {
        return relay.dialect();
    }

    Routing routing() {
        return relay.routing();
    }

    ServerPolicy policy() {
        return policy;
    }

    RelaySettings settings() {
        return settings;
    }

    Optional<AccessLog> accessLog() {
        return accessLog;
    }

    /** A call is under way; false: it is one too many. */
    boolean began() {
        return concurrent.incrementAndGet() <= policy.maxConcurrentRequests();
    }

    void ended() {
        concurrent.decrementAndGet();
    }

    @Override
    public int port() {
        return listening.port();
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
    public int concurrent() {
        return concurrent.get();
    }

    @Override
    public long refusedConnections() {
        return refused.sum();
    }

    @Override
    public CompletionStage<Void> stop(Duration limit) {
        if (stopping.compareAndSet(false, true)) {
            var closing = listening
                    .close(limit)
                    .toCompletableFuture()
                    .orTimeout(limit.toMillis() + 1_000, TimeUnit.MILLISECONDS)
                    .whenComplete((done, failure) -> stopped.complete(null));
            Objects.requireNonNull(closing);
        }
        return stopped;
    }
}
