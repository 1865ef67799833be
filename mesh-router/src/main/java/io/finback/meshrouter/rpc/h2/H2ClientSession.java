package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A client's side of one HTTP/2 connection. Behind a GOAWAY it takes no more calls; those that were not processed are safe to repeat. */
final class H2ClientSession implements Service<H2Message, H2Message>, H2Connection.Owner {
    private final String endpoint;
    private final Reply<Service<H2Message, H2Message>> ready = new Reply<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private volatile @Nullable Channel channel;
    private volatile @Nullable H2Connection connection;
    private volatile @Nullable H2Pings pings;
    private volatile int maxWaiting;
    private volatile boolean going;
    private volatile int lastStream = Integer.MAX_VALUE;

    H2ClientSession(String endpoint) {
        this.endpoint = endpoint;
    }

    void install(Channel opened, Params params) {
        channel = opened;
        maxWaiting = params.get(H2Params.MAX_WAITING);
        H2Connection made = H2Connection.of(false, params, this);
        connection = made;
        pings = params.get(H2Params.PINGS)
                .map(settings -> new H2Pings(made, settings))
                .orElse(null);
        opened.pipeline().addLast(made);
        opened.closeFuture().addListener(closed -> {
            going = true;
            H2Pings asking = pings;
            if (asking != null) {
                asking.end();
            }
            ready.fail(new Failure.NotConnected(endpoint, "closed before the first call"));
            gone.complete(null);
        });
    }

    Reply<Service<H2Message, H2Message>> ready(boolean tls) {
        if (!tls) {
            ready.complete(this);
        }
        return ready;
    }

    void secured(SslHandler handler, @Nullable Throwable failure) {
        if (failure != null) {
            ready.fail(new Failure.NotConnected(endpoint, "TLS: " + failure.getMessage()));
        } else if (!"h2".equals(handler.applicationProtocol())) {
            ready.fail(new Failure.NotConnected(
                    endpoint, "ALPN chose " + handler.applicationProtocol() + " (expected: h2)"));
            Sockets.close(socket());
        } else {
            ready.complete(this);
        }
    }

    private Channel socket() {
        Channel now = channel;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    @Override
    public void active() {
        H2Pings asking = pings;
        if (asking != null) {
            asking.begin();
        }
    }

    @Override
    public void pingAnswered() {
        H2Pings asking = pings;
        if (asking != null) {
            asking.answered();
        }
    }

    @Override
    public @Nullable H2Stream opened() {
        return null;
    }

    @Override
    public void goingAway(int last) {
        lastStream = last;
        going = true;
    }

    @Override
    public void streamClosed() {}

    @Override
    public CompletionStage<H2Message> apply(H2Message request, Context context) {
        if (going) {
            return Reply.failed(new Failure.ChannelClosed(endpoint, "going away", false));
        }
        H2Connection own = Objects.requireNonNull(connection);
        H2Contexts.write(context, request.headers());
        Call call = new Call(request);
        if (own.context().executor().inEventLoop()) {
            call.start(own);
        } else {
            own.context().executor().execute(() -> call.start(own));
        }
        return call.reply;
    }

    private final class Call extends H2Stream {
        private final H2Message request;
        private final Reply<H2Message> reply = new Reply<>();

        Call(H2Message request) {
            this.request = request;
        }

        void start(H2Connection own) {
            if (own.waiting() >= maxWaiting) {
                reply.fail(Failure.rejected("more than " + maxWaiting + " calls wait for a stream to " + endpoint));
                return;
            }
            int id = going ? -1 : own.begin(this);
            if (id < 0) {
                going = true;
                reply.fail(new Failure.ChannelClosed(endpoint, "going away", false));
                return;
            }
            begun(own, id);
            reply.onInterrupt(why -> {
                abort(Http2Error.CANCEL);
                reply.fail(new Failure("interrupted: " + why.getMessage(), Failure.INTERRUPTED, why));
            });
            send(request.headers(), request.body());
        }

        @Override
        void head(Http2Headers headers, Body body) {
            reply.complete(new H2Message(headers, body));
        }

        @Override
        void failed(Failure why) {
            reply.fail(why);
        }

        @Override
        Failure reset(long code) {
            if (code >= 0) {
                return H2.failure(endpoint, code);
            }
            boolean processed = id() <= lastStream;
            return new Failure.ChannelClosed(endpoint, going ? "going away" : "by the other side", processed);
        }
    }

    @Override
    public Status status() {
        return going ? Status.CLOSED : Status.OPEN;
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        Sockets.close(socket());
        return gone;
    }
}
