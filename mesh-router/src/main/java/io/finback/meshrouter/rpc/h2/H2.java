package io.finback.meshrouter.rpc.h2;

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
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * Clients and servers of HTTP/2, with prior knowledge or over TLS with ALPN; servers also by an upgrade of HTTP/1.1. A call is answered when the response's head is there; bodies
 * stream behind it, both ways at once. A call that may be repeated must have a body that can be: repetitions send the same {@link Body}.
 */
public final class H2 {
    private H2() {}

    /** One connection to each endpoint, for all calls. Responses of 500 and above are failures. */
    public static Client<H2Message, H2Message> client() {
        return Client.of(
                H2::transport,
                Params.EMPTY
                        .with(ClientParams.POOL, ClientParams.Pool.SHARED)
                        .with(ClientParams.NACK_ADMISSION, true)
                        .with(Common.DISCARD, H2::discard)
                        .with(Common.CLASSIFIER, serverErrorsAsFailures()));
    }

    private static void discard(@Nullable Object answer) {
        if (answer instanceof H2Message message) {
            message.body().cancel(new Failure("the call was made again", Failure.INTERRUPTED));
        }
    }

    public static Server<H2Message, H2Message> server() {
        return Server.of(
                (params, address, sessions) -> new Connections<>(
                        params, address, sessions, (channel, session) -> accept(params, channel, session)),
                Params.EMPTY.with(Common.CLASSIFIER, serverErrorsAsFailures()));
    }

    /** As Finagle has it unless told otherwise. */
    public static Verdict.Classifier<H2Message, H2Message> serverErrorsAsFailures() {
        return (request, response, failure) ->
                failure == null ? response.status() >= 500 ? Verdict.FAILURE : Verdict.SUCCESS : Verdict.of(failure);
    }

    /** Sessions of one endpoint, each a connection of its own. */
    public static ServiceFactory<H2Message, H2Message> transport(Params params) {
        Address endpoint = params.get(ClientParams.ENDPOINT);
        StatsReceiver.Counter connects = params.get(Common.STATS).counter("connects");
        return context -> {
            H2ClientSession session = new H2ClientSession(endpoint.toString());
            ChannelInitializer<Channel> opening = new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    params.get(H2Params.TLS).ifPresent(tls -> {
                        SslHandler handler = tls.newHandler(channel.alloc(), endpoint.host(), endpoint.port());
                        channel.pipeline().addLast(handler);
                        handler.handshakeFuture().addListener(shaken -> session.secured(handler, shaken.cause()));
                    });
                    session.install(channel, params);
                }
            };
            return Sockets.connect(params, endpoint, params.get(ClientParams.CONNECT_TIMEOUT), opening)
                    .flatMap(channel -> session.ready(params.get(H2Params.TLS).isPresent()))
                    .tapped((service, failure) -> connects.add(failure == null ? 1 : 0));
        };
    }

    private static Connections.Connection accept(
            Params params, Channel channel, Service<H2Message, H2Message> application) {
        params.get(H2Params.TLS).ifPresent(tls -> {
            SslHandler handler = tls.newHandler(channel.alloc());
            channel.pipeline().addLast(handler);
            handler.handshakeFuture().addListener(shaken -> {
                if (!"h2".equals(handler.applicationProtocol())) {
                    Sockets.close(channel);
                }
            });
        });
        H2ServerSession session = new H2ServerSession(channel, application, params);
        session.install(params);
        return session;
    }

    /** How a stream is reset because of {@code failure}: as the other side did it, else by what the flags say. */
    static Http2Error code(Throwable failure) {
        if (failure instanceof H2Reset reset) {
            Http2Error known = Http2Error.valueOf(reset.code());
            return known == null ? Http2Error.INTERNAL_ERROR : known;
        }
        long flags = Failure.flagsOf(failure);
        return (flags & Failure.RETRYABLE) != 0
                ? Http2Error.REFUSED_STREAM
                : (flags & Failure.INTERRUPTED) != 0 ? Http2Error.CANCEL : Http2Error.INTERNAL_ERROR;
    }

    /** What a code of RST_STREAM means for the call: refused streams were not processed. Source: RFC 9113, sections 5.4.2 and 8.7. */
    static Failure failure(String endpoint, long code) {
        long flags = code == 7
                ? Failure.RETRYABLE | Failure.REJECTED
                : code == 11 ? Failure.REJECTED | Failure.NON_RETRYABLE : code == 8 ? Failure.INTERRUPTED : 0;
        return new H2Reset("stream reset by " + endpoint + ", code " + code, code, flags);
    }
}
