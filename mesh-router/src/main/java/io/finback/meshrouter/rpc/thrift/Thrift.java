package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Verdict;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandler;

/**
 * Clients and servers of Thrift, framed or not, one call at a time on a connection. A request and its answer are whole messages, of any of Thrift's
 * protocols; only their heads are read. What travels with calls goes over the wire when both sides know Twitter's headers.
 */
public final class Thrift {
    private Thrift() {}

    /** A pool of connections to each endpoint. */
    public static Client<byte[], byte[]> client() {
        return Client.of(Thrift::transport, Params.EMPTY);
    }

    public static Server<byte[], byte[]> server() {
        return Server.of(
                (params, address, sessions) -> new Connections<>(
                        params, address, sessions, (channel, session) -> accept(params, channel, session)),
                Params.EMPTY);
    }

    /** Answers that are exceptions, declared in the IDL or not, are failures; the rest is as ever. */
    public static Verdict.Classifier<byte[], byte[]> exceptionsAsFailures() {
        return (request, response, failure) -> {
            if (failure != null) {
                return Verdict.of(failure);
            }
            try {
                return response.length > 0 && ThriftMessage.read(response).isException(response)
                        ? Verdict.FAILURE
                        : Verdict.SUCCESS;
            } catch (Failure.Protocol e) {
                return Verdict.FAILURE;
            }
        };
    }

    /** Sessions of one endpoint, each a connection of its own. */
    public static ServiceFactory<byte[], byte[]> transport(Params params) {
        Address endpoint = params.get(ClientParams.ENDPOINT);
        StatsReceiver.Counter connects = params.get(Common.STATS).counter("connects");
        return context -> {
            ThriftFraming framing = new ThriftFraming(params);
            ThriftClientSession session = new ThriftClientSession(params, framing);
            ChannelInitializer<Channel> opening = new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    params.get(ThriftParams.TLS).ifPresent(tls -> channel.pipeline()
                            .addLast(tls.newHandler(channel.alloc(), endpoint.host(), endpoint.port())));
                    channel.pipeline().addLast(framing.decoder(), session);
                }
            };
            return Sockets.connect(params, endpoint, params.get(ClientParams.CONNECT_TIMEOUT), opening)
                    .flatMap(channel -> session.ready())
                    .tapped((service, failure) -> connects.add(failure == null ? 1 : 0));
        };
    }

    /** A server's handlers, put into the pipeline of {@code channel}. */
    public static Connections.Connection accept(Params params, Channel channel, Service<byte[], byte[]> application) {
        if (channel.pipeline().get(SslHandler.class) == null) {
            params.get(ThriftParams.TLS).ifPresent(tls -> channel.pipeline().addLast(tls.newHandler(channel.alloc())));
        }
        ThriftFraming framing = new ThriftFraming(params);
        ThriftServerSession session = new ThriftServerSession(application, framing, params.get(ThriftParams.UPGRADE));
        channel.pipeline().addLast(framing.decoder(), session);
        return session;
    }
}
