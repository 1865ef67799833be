package io.finback.meshrouter.http;

import io.finback.meshrouter.rpc.http1.Http1Framing;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.Stats;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection to one endpoint: serves one exchange at a time, and waits in its loop's pool in between. */
final class UpstreamConnection extends FlowHandler {
    private final Endpoint endpoint;
    private final Stats stats;
    private final Loop loop;
    private final ResponseDecoder decoder;
    private final ProxySettings settings;
    private final long born = System.nanoTime();
    private @Nullable Exchange exchange;
    private boolean interim;
    private boolean flushingHead;

    /** How much may still come of an answer that nobody wants; negative when there is none. */
    private long discards = -1;

    /** Answers that nobody wanted so far. */
    private int discarded;

    private @Nullable Runnable whenDiscarded;

    private long idleSince;

    UpstreamConnection(Endpoint endpoint, Stats stats, Loop loop, ResponseDecoder decoder, ProxySettings settings) {
        this.endpoint = endpoint;
        this.stats = stats;
        this.settings = settings;
        this.loop = loop;
        this.decoder = decoder;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    void enteredPool() {
        stats.cached(1);
    }

    void leftPool() {
        stats.cached(-1);
    }

    /** Nanoseconds in the pool. */
    long idleFor(long now) {
        return now - idleSince;
    }

    ProxySettings settings() {
        return settings;
    }

    boolean isTooIdle(long now) {
        return idleFor(now)
                > endpoint.pool()
                        .idleTime()
                        .orElse(settings.upstreamIdleTimeout())
                        .toNanos();
    }

    boolean isTooOld(long now) {
        return endpoint.pool().lifeTime().isPresent()
                && now - born > endpoint.pool().lifeTime().get().toNanos();
    }

    /** From now on what happens here is told to {@code newExchange}; to be pumped when its head was flushed. */
    void attach(Exchange newExchange) {
        exchange = newExchange;
    }

    /** Gives it back: to the pool if it may carry another exchange, else it is closed. */
    void release(boolean reusable) {
        exchange = null;
        if (reusable && inboxEmpty() && decoder.isBetweenResponses() && isActive()) {
            idleSince = System.nanoTime();
            loop.offer(this);
            pump();
        } else {
            close();
        }
    }

    /** Gives it back although the rest of its answer is not wanted: that is read first, if it is not too much and comes soon. */
    void discard() {
        exchange = null;
        discards = settings.discardBytes();
        int number = ++discarded;
        while (discards >= 0 && !inboxEmpty()) {
            takeNext();
        }
        if (discards >= 0) {
            var waiting = context()
                    .executor()
                    .schedule(
                            () -> {
                                if (discards >= 0 && discarded == number) {
                                    close();
                                }
                            },
                            settings.discardTime().toNanos(),
                            TimeUnit.NANOSECONDS);
            Objects.requireNonNull(waiting);
            pump();
        }
    }

    boolean isDiscarding() {
        return discards >= 0;
    }

    /** {@code then} runs once, when what is discarded has ended, its time is over or the connection is lost. */
    void whenDiscarded(Runnable then) {
        whenDiscarded = then;
    }

    private void discardEnded() {
        Runnable then = whenDiscarded;
        whenDiscarded = null;
        if (then != null) {
            then.run();
        }
    }

    private void discard(HttpContent content) {
        boolean readable = content.decoderResult().isSuccess();
        discards -= content.content().readableBytes();
        content.release();
        if (!readable || discards < 0) {
            close();
        } else if (content instanceof LastHttpContent) {
            discards = -1;
            release(true);
            discardEnded();
        }
    }

    boolean isActive() {
        return context().channel().isActive();
    }

    boolean isWritable() {
        return context().channel().isWritable();
    }

    /** Begins a request. */
    void writeHead(HttpRequest head) {
        decoder.expect(head.method().equals(HttpMethod.HEAD));
        send(head);
    }

    void write(Object message) {
        send(message);
    }

    void flush() {
        context().flush();
    }

    /** The first flush of a request. When that fails the instance cannot have processed anything of it. */
    void flushHead() {
        flushingHead = true;
        flush();
        flushingHead = false;
    }

    /** Whether the peer has ended it, or reset it, and the news only waits to be read. Costs a system call; false where it cannot be told. */
    boolean isEnding() {
        return !Transport.isEstablished(context().channel());
    }

    void close() {
        exchange = null;
        discards = -1;
        discardInbox();
        close(context().channel());
        discardEnded();
    }

    @Override
    boolean wants() {
        return exchange == null || exchange.clientIsWritable();
    }

    @Override
    boolean watches() {
        return exchange == null;
    }

    @Override
    void take(Object message) {
        Exchange current = exchange;
        if (discards >= 0 && message instanceof HttpContent content) {
            discard(content);
            return;
        }
        if (current == null) {
            ReferenceCountUtil.release(message);
            loop.forget(this);
            close();
            return;
        }
        if (message instanceof HttpResponse response) {
            Optional<Throwable> unreadable = Http1Framing.unreadable(response);
            if (unreadable.isPresent()) {
                ReferenceCountUtil.release(message);
                broken(unreadable.get());
            } else if (response.status().code() < 200) {
                interim = true;
                current.onInterim(response);
            } else {
                current.onResponse(response);
            }
        } else if (message instanceof HttpContent content) {
            takeContent(current, content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void takeContent(Exchange current, HttpContent content) {
        if (content.decoderResult().isFailure()) {
            Throwable cause = content.decoderResult().cause();
            content.release();
            broken(cause);
        } else if (interim) {
            interim = !(content instanceof LastHttpContent);
            content.release();
        } else if (content instanceof LastHttpContent last) {
            current.onResponseEnd(last);
        } else {
            current.onResponseContent(content);
        }
    }

    @Override
    void pumped() {
        if (exchange != null) {
            exchange.flushClient();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        stats.connection(1);
        super.channelActive(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stats.connection(-1);
        endpoint.permits().giveBack();
        super.channelInactive(ctx);
    }

    @Override
    void inputEnded() {
        Exchange current = exchange;
        exchange = null;
        if (isDiscarding()) {
            close();
        } else if (current == null) {
            loop.forget(this);
        } else {
            current.onUpstreamLost("connection closed by " + endpoint);
        }
    }

    @Override
    void broken(Throwable cause) {
        Exchange current = exchange;
        if (current == null) {
            loop.forget(this);
        }
        close();
        if (current != null && flushingHead) {
            current.onUnsent(endpoint + ": " + cause.getMessage());
        } else if (current != null) {
            current.onUpstreamLost(endpoint + ": " + cause.getMessage());
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null && isWritable()) {
            exchange.onUpstreamWritable();
        }
    }
}
