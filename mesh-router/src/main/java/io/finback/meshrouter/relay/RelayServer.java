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
import io.finback.meshrouter.traffic.Gate;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.netty.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One listener of a router that speaks HTTP/2, Thrift or Mux. Each of its calls is a {@link RelayCall}. */
final class RelayServer<Q, R> implements Listener, ServiceFactory<Q, R> {
    private final Relay<Q, R> relay;
    private final ServerPolicy policy;
    private final RelaySettings settings;
    private final Optional<AccessLog> accessLog;
    private final Gate gate;
    private final Counting counting;
    private final Server.Listening listening;

    RelayServer(Relay<Q, R> relay, ServerPolicy policy, RelaySettings settings, Optional<AccessLog> accessLog)
            throws IOException {
        this.relay = relay;
        this.policy = policy;
        this.settings = settings;
        this.accessLog = accessLog;
        gate = new Gate(settings.maxConnections(), policy.maxConcurrentRequests());
        counting = new Counting(stats());
        listening = Gate.bound(() -> relay.dialect()
                .server(policy)
                .withAll(settings.wire())
                .with(Sockets.LOOPS, relay.loops())
                .with(ServerParams.MAX_IDLE_TIME, Optional.of(settings.clientIdle()))
                .with(ServerParams.MAX_LIFE_TIME, settings.clientLife())
                .listen(Address.of(settings.host(), settings.port()), this));
    }

    /** Of one connection of a client. */
    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        Channel channel = context.local(Connections.CHANNEL).orElseThrow();
        if (gate.connected() > 0) {
            gate.disconnected();
            return Reply.failed(Failure.rejected(gate.tooManyConnections()));
        }
        channel.closeFuture().addListener(closed -> gate.disconnected());
        counting.watch(channel);
        return Reply.of(new Calls(channel));
    }

    private final class Calls implements Service<Q, R> {
        private final Channel channel;
        private final Stalls stalls;
        private volatile @Nullable Peer peer;

        Calls(Channel channel) {
            this.channel = channel;
            this.stalls = new Stalls(channel.eventLoop(), settings.exchangeIdle());
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            Peer known = peer;
            if (known == null) {
                known = Peer.of(channel);
                peer = known;
            }
            return new RelayCall<>(RelayServer.this, known, stalls, request, context).start();
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

    /** A call has ended; {@code status} as statistics take it. */
    void ended(Q request, Peer peer, long epochMillis, int status, boolean success, long bytes, long tookNanos) {
        gate.ended();
        stats().request();
        stats().answer(status, success, tookNanos);
        accessLog.ifPresent(log ->
                dialect().logged(request, peer, epochMillis, status, bytes).ifPresent(log::log));
    }

    @Override
    public int port() {
        return listening.port();
    }

    @Override
    public Gate gate() {
        return gate;
    }

    @Override
    public CompletionStage<?> drain(Duration limit) {
        return listening.close(limit).toCompletableFuture().orTimeout(limit.toMillis() + 1_000, TimeUnit.MILLISECONDS);
    }
}
