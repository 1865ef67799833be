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
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;

/**
 * Clients and servers of HTTP/2, with prior knowledge or over TLS with ALPN. A call is answered when the response's head is there; bodies
 * stream behind it, both ways at once. A call that may be repeated must have a body that can be: repetitions send the same {@link Body}.
 */
public final class H2 {
    private static final int RESET_SECONDS = 30;

    private H2() {}

    /** One connection to each endpoint, for all calls. Responses of 500 and above are failures. */
    public static Client<H2Message, H2Message> client() {
        return Client.of(
                H2::transport,
                Params.EMPTY
                        .with(ClientParams.POOL, ClientParams.Pool.SHARED)
                        .with(ClientParams.NACK_ADMISSION, true)
                        .with(Common.CLASSIFIER, serverErrorsAsFailures()));
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
                    Http2Settings settings = settings(params).pushEnabled(false).maxConcurrentStreams(0);
                    Http2FrameCodec codec = limited(
                            Http2FrameCodecBuilder.forClient().encoderEnforceMaxConcurrentStreams(true),
                            params,
                            settings);
                    channel.pipeline().addLast(codec);
                    session.install(channel, () -> widen(params, codec));
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
        Http2FrameCodec codec = limited(
                Http2FrameCodecBuilder.forServer(),
                params,
                settings(params).maxConcurrentStreams(params.get(H2Params.MAX_STREAMS)));
        channel.pipeline().addLast(codec);
        H2ServerSession session = new H2ServerSession(channel, application, () -> widen(params, codec));
        session.install();
        return session;
    }

    private static Http2Settings settings(Params params) {
        return Http2Settings.defaultSettings()
                .initialWindowSize(params.get(H2Params.WINDOW_BYTES))
                .maxHeaderListSize(params.get(H2Params.MAX_HEADER_LIST_BYTES))
                .maxFrameSize(params.get(H2Params.MAX_FRAME_BYTES))
                .headerTableSize(params.get(H2Params.HEADER_TABLE_BYTES));
    }

    private static Http2FrameCodec limited(Http2FrameCodecBuilder builder, Params params, Http2Settings settings) {
        Http2FrameCodec codec = builder.initialSettings(settings)
                .decoderEnforceMaxRstFramesPerWindow(params.get(H2Params.MAX_RESETS), RESET_SECONDS)
                .decoderEnforceMaxSmallContinuationFrames(params.get(H2Params.MAX_SMALL_CONTINUATIONS))
                .gracefulShutdownTimeoutMillis(0)
                .build();
        if (codec.connection().local().flowController() instanceof DefaultHttp2LocalFlowController windows) {
            windows.windowUpdateRatio(params.get(H2Params.WINDOW_UPDATE_RATIO).floatValue());
        }
        return codec;
    }

    /** Lets more come at once than HTTP/2 begins with. When the connection is open. */
    static void widen(Params params, Http2FrameCodec codec) {
        int more = params.get(H2Params.CONNECTION_WINDOW_BYTES) - Http2CodecUtil.DEFAULT_WINDOW_SIZE;
        if (more > 0) {
            try {
                Http2Connection connection = codec.connection();
                connection.local().flowController().incrementWindowSize(connection.connectionStream(), more);
            } catch (Http2Exception e) {
                throw new IllegalStateException("connection window of " + more + " bytes more", e);
            }
        }
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
