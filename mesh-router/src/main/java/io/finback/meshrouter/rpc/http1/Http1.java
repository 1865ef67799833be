package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Timer;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.client.ClientStack;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Clients and servers of HTTP/1.1, with the messages of {@link H2}, so that one service is served by both: heads have pseudo-headers and names in
 * small letters, and what is meant for one hop alone ({@code Connection}, {@code Transfer-Encoding}) is the library's. A body without a {@code
 * content-length} is sent in chunks. A call is answered when the response's head is there, and its connection is free when the body has been
 * read: every body has to be read to its end or cancelled.
 */
public final class Http1 {
    /** A refusal of what was not processed, as Finagle says it with 503. */
    static final AsciiString NACK = AsciiString.cached("finagle-http-nack");

    static final AsciiString NON_RETRYABLE_NACK = AsciiString.cached("finagle-http-nonretryable-nack");

    private static final Stack.Role HELD = new Stack.Role(
            "DelayedRelease",
            "directly above the pool: a connection is given back when the body of its answer is over");

    private static final int MAX_DISCARD_BYTES = 64 << 10;

    /** Longer than a delayed acknowledgement. */
    private static final long DISCARD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private Http1() {}

    /** A pool of connections to each endpoint. Responses of 500 and above are failures. */
    public static Client<H2Message, H2Message> client() {
        return Client.of(
                        Http1::transport,
                        Params.EMPTY
                                .with(ClientParams.NACK_ADMISSION, true)
                                .with(Common.DISCARD, Http1::discard)
                                .with(Common.CLASSIFIER, H2.serverErrorsAsFailures()))
                .withStack(stack -> stack.insertBefore(
                        ClientStack.POOL, Stack.Module.of(HELD, (params, next) -> new HeldSessions(next))));
    }

    /** Read to its end if that is near, so that its connection can be used again. */
    private static void discard(@Nullable Object answer) {
        if (answer instanceof H2Message message && !message.body().isEmpty()) {
            Reply<Body.Piece> rest = Body.whole(message.body(), MAX_DISCARD_BYTES);
            Timer.Task late = Timer.SHARED.after(
                    DISCARD_NANOS, () -> rest.interrupt(new Failure("the call was made again", Failure.INTERRUPTED)));
            rest.onDone((piece, failure) -> late.cancel());
        }
    }

    public static Server<H2Message, H2Message> server() {
        return Server.of(
                (params, address, sessions) -> new Connections<>(
                        params, address, sessions, (channel, session) -> accept(params, channel, session)),
                Params.EMPTY.with(Common.CLASSIFIER, H2.serverErrorsAsFailures()));
    }

    /** Sessions of one endpoint, each a connection of its own. */
    public static ServiceFactory<H2Message, H2Message> transport(Params params) {
        Address endpoint = params.get(ClientParams.ENDPOINT);
        StatsReceiver.Counter connects = params.get(Common.STATS).counter("connects");
        return context -> {
            Http1ClientSession session = new Http1ClientSession(params);
            ChannelInitializer<Channel> opening = new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    params.get(Http1Params.TLS).ifPresent(tls -> channel.pipeline()
                            .addLast(tls.newHandler(channel.alloc(), endpoint.host(), endpoint.port())));
                    channel.pipeline()
                            .addLast(
                                    new HttpClientCodec(
                                            params.get(Http1Params.MAX_LINE_BYTES),
                                            params.get(Http1Params.MAX_HEADER_BYTES),
                                            params.get(Http1Params.MAX_PIECE_BYTES)),
                                    session);
                }
            };
            return Sockets.connect(params, endpoint, params.get(ClientParams.CONNECT_TIMEOUT), opening)
                    .flatMap(channel -> session.ready())
                    .tapped((service, failure) -> connects.add(failure == null ? 1 : 0));
        };
    }

    private static Connections.Connection accept(
            Params params, Channel channel, Service<H2Message, H2Message> application) {
        params.get(Http1Params.TLS).ifPresent(tls -> {
            SslHandler handler = tls.newHandler(channel.alloc());
            channel.pipeline().addLast(handler);
        });
        Http1ServerCodec.Requests requests = new Http1ServerCodec.Requests(params);
        Http1ServerCodec.Responses responses = new Http1ServerCodec.Responses();
        Http1ServerSession session = new Http1ServerSession(application, requests, responses, params);
        channel.pipeline().addLast(requests, responses, session);
        return session;
    }
}
