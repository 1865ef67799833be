package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of one HTTP/2 connection. What the application refuses as not processed is reset with REFUSED_STREAM, its other failures
 * are answered with 500. A server that closes sends GOAWAY, refuses newer streams, and answers those it has.
 */
final class H2ServerSession implements Connections.Connection, H2Connection.Owner {
    private final Channel channel;
    private final Service<H2Message, H2Message> service;
    private final Reply<@Nullable Void> gone = new Reply<>();
    private final H2Connection connection;
    private int underWay;
    private boolean draining;

    H2ServerSession(Channel channel, Service<H2Message, H2Message> service, Params params) {
        this.channel = channel;
        this.service = service;
        connection = H2Connection.of(true, params, this);
    }

    void install(Params params) {
        if (params.get(H2Params.TLS).isPresent()) {
            channel.pipeline().addLast(connection);
        } else {
            H2Greeting.install(channel, connection, params, this::upgraded);
        }
        channel.closeFuture().addListener(closed -> {
            var unused = service.close(Duration.ZERO);
            gone.complete(null);
        });
    }

    @Override
    public void active() {}

    @Override
    public H2Stream opened() {
        underWay++;
        return new Exchange();
    }

    /** A request of HTTP/1.1 has become stream 1, whose other half is closed. */
    private void upgraded(Http2Headers headers, byte[] body) {
        H2Stream first = opened();
        connection.adopt(Http2CodecUtil.HTTP_UPGRADE_STREAM_ID, first);
        first.whole(headers, body.length == 0 ? Body.EMPTY : Body.of(body));
    }

    @Override
    public void goingAway(int last) {}

    @Override
    public void streamClosed() {
        underWay--;
        closeIfDrained();
    }

    private final class Exchange extends H2Stream {
        private @Nullable Reply<H2Message> reply;

        @Override
        void head(Http2Headers headers, Body body) {
            if (draining) {
                abort(Http2Error.REFUSED_STREAM);
                return;
            }
            Reply<H2Message> answer = service.call(new H2Message(headers, body), H2Contexts.read(headers));
            reply = answer;
            answer.onDone((response, failure) -> {
                if (failure == null) {
                    send(response.headers(), response.body());
                } else if (failure instanceof H2Reset) {
                    abort(H2.code(failure));
                } else if ((Failure.flagsOf(failure) & Failure.RETRYABLE) != 0) {
                    abort(Http2Error.REFUSED_STREAM);
                } else if ((Failure.flagsOf(failure) & Failure.REJECTED) != 0) {
                    abort(Http2Error.ENHANCE_YOUR_CALM);
                } else {
                    H2Message error = H2Message.response(500, Body.EMPTY);
                    send(error.headers(), error.body());
                }
            });
        }

        @Override
        void failed(Failure why) {
            Reply<H2Message> answer = reply;
            if (answer != null) {
                answer.interrupt(why.flagged(Failure.INTERRUPTED));
            }
        }

        @Override
        Failure reset(long code) {
            return code >= 0 ? H2.failure("the client", code) : new Failure("the client is gone", Failure.INTERRUPTED);
        }

        @Override
        void endIfOver() {
            if (outputEnded() && !inputEnded()) {
                // RFC 9113, section 8.1: the answer is complete, the rest of the request is not needed.
                abort(Http2Error.NO_ERROR);
            }
        }
    }

    private void closeIfDrained() {
        if (draining && underWay == 0) {
            Sockets.close(channel);
        }
    }

    @Override
    public Reply<@Nullable Void> drain(Duration grace) {
        channel.eventLoop().execute(() -> {
            if (draining || !channel.isActive()) {
                return;
            }
            draining = true;
            if (!connection.isThere()) {
                Sockets.close(channel);
                return;
            }
            connection.goAway(this::closeIfDrained);
            var unused =
                    channel.eventLoop().schedule(() -> Sockets.close(channel), grace.toMillis(), TimeUnit.MILLISECONDS);
        });
        return gone;
    }
}
