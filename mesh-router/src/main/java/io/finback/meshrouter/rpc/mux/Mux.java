package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandler;

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
        return Server.of(
                (params, address, sessions) -> new Connections<>(
                        params, address, sessions, (channel, session) -> accept(params, channel, session)),
                Params.EMPTY);
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

    /** A server's handlers, put into the pipeline of {@code channel}. */
    public static Connections.Connection accept(Params params, Channel channel, Service<byte[], byte[]> application) {
        secure(params, channel);
        MuxServerSession session = new MuxServerSession(params, application);
        channel.pipeline().addLast(session);
        return session;
    }

    /** TLS from the first byte on, if that is wanted and not there already. */
    public static void secure(Params params, Channel channel) {
        if (channel.pipeline().get(SslHandler.class) == null) {
            MuxHandshake.always(params).ifPresent(tls -> channel.pipeline().addLast(tls.newHandler(channel.alloc())));
        }
    }

    /** Whether {@code type} is one of Mux's messages. */
    public static boolean isType(int type) {
        return switch ((byte) type) {
            case MuxWire.T_REQ,
                    MuxWire.R_REQ,
                    MuxWire.T_DISPATCH,
                    MuxWire.R_DISPATCH,
                    MuxWire.T_DRAIN,
                    MuxWire.R_DRAIN,
                    MuxWire.T_PING,
                    MuxWire.R_PING,
                    MuxWire.T_DISCARDED,
                    MuxWire.R_DISCARDED,
                    MuxWire.T_LEASE,
                    MuxWire.T_INIT,
                    MuxWire.R_INIT,
                    MuxWire.R_ERR,
                    MuxWire.OLD_T_DISCARDED,
                    MuxWire.OLD_R_ERR -> true;
            default -> false;
        };
    }
}
