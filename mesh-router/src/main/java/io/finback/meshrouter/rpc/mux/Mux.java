package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Expiring;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.ServerParams;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Clients and servers of Mux. A request and its answer are bytes, whose arrays are the caller's and the application's again as soon as they
 * have been answered; destination, delegations, deadline, trace and entries travel in the {@link Context}.
 */
public final class Mux {
    private Mux() {}

    /** One connection to each endpoint, for all calls; it drops calls itself when most are refused. */
    public static Client<byte[], byte[]> client() {
        return Client.of(
                Mux::transport,
                Params.EMPTY.with(ClientParams.POOL, ClientParams.Pool.SHARED).with(ClientParams.NACK_ADMISSION, true));
    }

    public static Server<byte[], byte[]> server() {
        return Server.of(MuxListening::new, Params.EMPTY);
    }

    /** Sessions of one endpoint, each a connection of its own. */
    public static ServiceFactory<byte[], byte[]> transport(Params params) {
        Address endpoint = params.get(ClientParams.ENDPOINT);
        StatsReceiver stats = params.get(Common.STATS);
        StatsReceiver.Counter connects = stats.counter("connects");
        StatsReceiver.Stat latency = stats.stat("connect_latency_ms");
        StatsReceiver.Stat failedLatency = stats.stat("failed_connect_latency_ms");
        return context -> {
            long start = System.nanoTime();
            MuxClientSession session = new MuxClientSession(params);
            return Sockets.connect(
                            params, endpoint, params.get(ClientParams.CONNECT_TIMEOUT), new Opening(params, session))
                    .flatMap(channel -> session.ready())
                    .tapped((service, failure) -> {
                        long millis = (System.nanoTime() - start) / 1_000_000;
                        if (failure == null) {
                            connects.increment();
                            latency.add(millis);
                        } else {
                            failedLatency.add(millis);
                        }
                    });
        };
    }

    private static final class Opening extends ChannelInitializer<Channel> {
        private final Params params;
        private final MuxClientSession session;

        Opening(Params params, MuxClientSession session) {
            this.params = params;
            this.session = session;
        }

        @Override
        protected void initChannel(Channel channel) {
            MuxHandshake.always(params).ifPresent(tls -> {
                SslHandler handler = MuxHandshake.clientHandler(tls, channel, params);
                channel.pipeline().addLast(handler);
                handler.handshakeFuture().addListener(shaken -> {
                    if (shaken.isSuccess()) {
                        session.begin();
                    }
                });
            });
            channel.pipeline().addLast(session);
        }
    }

    /** A server that runs. */
    private static final class MuxListening implements Server.Listening {
        private final Channel channel;
        private final Set<MuxServerSession> sessions = ConcurrentHashMap.newKeySet();
        private volatile boolean closing;

        MuxListening(Params params, Address address, ServiceFactory<byte[], byte[]> factory) {
            StatsReceiver stats = params.get(Common.STATS);
            stats.gauge("connections", sessions::size);
            channel = Sockets.listen(params, address, new Accepting(params, factory, stats));
        }

        @Sharable
        private final class Accepting extends ChannelInitializer<Channel> {
            private final Params params;
            private final ServiceFactory<byte[], byte[]> factory;
            private final StatsReceiver.Counter connects;
            private final StatsReceiver.Counter closes;

            Accepting(Params params, ServiceFactory<byte[], byte[]> factory, StatsReceiver stats) {
                this.params = params;
                this.factory = factory;
                connects = stats.counter("connects");
                closes = stats.counter("closes");
            }

            @Override
            protected void initChannel(Channel accepted) {
                Reply<Service<byte[], byte[]>> service = factory.acquire(Context.EMPTY);
                if (closing || !service.isSuccess()) {
                    Sockets.close(accepted);
                    return;
                }
                connects.increment();
                Drains application = new Drains(service.value());
                MuxServerSession session = new MuxServerSession(
                        params,
                        Expiring.of(
                                application,
                                params.get(ServerParams.MAX_LIFE_TIME),
                                params.get(ServerParams.MAX_IDLE_TIME),
                                params.get(Common.STATS)));
                application.session = session;
                sessions.add(session);
                accepted.closeFuture().addListener(closed -> {
                    closes.increment();
                    sessions.remove(session);
                });
                MuxHandshake.always(params)
                        .ifPresent(tls -> accepted.pipeline().addLast(tls.newHandler(accepted.alloc())));
                accepted.pipeline().addLast(session);
            }
        }

        @Override
        public int port() {
            return ((InetSocketAddress) channel.localAddress()).getPort();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            closing = true;
            Sockets.close(channel);
            List<CompletionStage<?>> ends = new ArrayList<>();
            for (MuxServerSession session : sessions) {
                ends.add(session.drain(grace));
            }
            return Reply.ended(ends);
        }
    }

    /** An application whose session is drained when it is closed by age or idleness. */
    private static final class Drains implements Service<byte[], byte[]> {
        private static final Duration GRACE = Duration.ofSeconds(10);

        private final Service<byte[], byte[]> service;
        private volatile @Nullable MuxServerSession session;

        Drains(Service<byte[], byte[]> service) {
            this.service = service;
        }

        @Override
        public CompletionStage<byte[]> apply(byte[] request, Context context) {
            return service.apply(request, context);
        }

        @Override
        public Status status() {
            return service.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            MuxServerSession whole = session;
            if (whole != null) {
                var unused = whole.drain(GRACE);
            }
            return service.close(grace);
        }
    }
}
