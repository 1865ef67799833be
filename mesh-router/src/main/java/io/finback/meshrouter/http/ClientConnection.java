package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.Forwarded;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.Stats;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection: one exchange after the other, in the order of its requests. While an exchange runs, the next pipelined request
 * waits unread. Runs on its event loop.
 *
 * <p>It ends politely by lingering: no more output, input read and dropped until the client closes, so that a reset does not destroy an
 * answer on its way; at most {@link #LINGER} from when the socket took everything.
 */
final class ClientConnection extends FlowHandler {
    static final Duration LINGER = Duration.ofSeconds(2);

    private final ProxyServer server;
    private final Loop loop;
    private final ResponseEncoder encoder;
    private @Nullable Exchange exchange;
    private boolean http10;
    private boolean keepAlive = true;
    private boolean clientEnds;
    private boolean requestEnded;
    private boolean responseEnded;
    private boolean delimitedByClose;
    private boolean draining;
    private boolean unflushed;
    private long lingeringSince;
    private boolean lingering;
    private long lastProgress;
    private long pendingOutput;
    private InetSocketAddress remote = InetSocketAddress.createUnresolved("unknown", 0);
    private String label = "";

    ClientConnection(ProxyServer server, Loop loop, ResponseEncoder encoder) {
        this.server = server;
        this.loop = loop;
        this.encoder = encoder;
        this.lastProgress = loop.now();
    }

    Loop loop() {
        return loop;
    }

    ProxyServer server() {
        return server;
    }

    ProxySettings settings() {
        return server.settings();
    }

    InetSocketAddress remote() {
        return remote;
    }

    Stats serverStats() {
        return server.stats();
    }

    boolean isHttp10() {
        return http10;
    }

    boolean isWritable() {
        return context().channel().isWritable();
    }

    void progress() {
        lastProgress = loop.now();
    }

    // --- input ---

    @Override
    boolean wants() {
        Exchange current = exchange;
        if (lingering || current == null) {
            return true;
        }
        return !requestEnded && (current.isBodyless() || current.isDone() || current.acceptsBody());
    }

    @Override
    boolean watches() {
        return exchange == null || requestEnded;
    }

    @Override
    void take(Object message) {
        if (lingering || !(message instanceof HttpRequest || message instanceof HttpContent)) {
            ReferenceCountUtil.release(message);
            return;
        }
        progress();
        Exchange current = exchange;
        if (current == null && message instanceof HttpRequest head) {
            begin(head);
        } else if (current != null && message instanceof HttpContent content) {
            takeContent(current, content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        if (ctx.channel().remoteAddress() instanceof InetSocketAddress address) {
            remote = address;
        }
        super.channelActive(ctx);
    }

    private void begin(HttpRequest head) {
        http10 = HttpRules.isHttp10(head);
        keepAlive = HttpUtil.isKeepAlive(head);
        clientEnds = !keepAlive;
        requestEnded = false;
        responseEnded = false;
        delimitedByClose = false;
        Optional<ErrorAnswer> refusal = HttpRules.refusal(head, settings().maxCallDepth());
        // Only what was not refused has a framing that can be asked for.
        boolean bodyless = refusal.isPresent()
                || (!HttpUtil.isTransferEncodingChunked(head) && HttpUtil.getContentLength(head, 0L) == 0);
        Exchange started = new Exchange(this, head, bodyless);
        exchange = started;
        encoder.answering(started.isHead());
        if (refusal.isPresent()) {
            keepAlive = false;
            started.fail(refusal.get());
            return;
        }
        HttpRules.toOriginForm(head);
        prepare(head.headers());
        started.beginTrace();
        if (server.gate().isFull()) {
            started.fail(server.gate().tooManyRequests());
            return;
        }
        started.start(server.routing());
    }

    /** What this listener changes in a request before anybody decides by it. */
    private void prepare(HttpHeaders headers) {
        ServerPolicy policy = server.policy();
        if (policy.clearContext()) {
            Heads.clearContext(headers);
        }
        if (policy.timestampHeader().isPresent()) {
            headers.set(policy.timestampHeader().get(), Long.toString(System.currentTimeMillis()));
        }
        if (policy.forwarded().isPresent()) {
            if (label.isEmpty()) {
                label = Forwarded.random();
            }
            InetSocketAddress self = (InetSocketAddress) context().channel().localAddress();
            headers.add("Forwarded", policy.forwarded().get().header(remote, self, label));
        }
    }

    private void takeContent(Exchange current, HttpContent content) {
        if (content.decoderResult().isFailure()) {
            String why = String.valueOf(content.decoderResult().cause().getMessage());
            content.release();
            keepAlive = false;
            current.fail(ErrorAnswer.badRequest("request body cannot be read: " + why));
            return;
        }
        requestEnded = content instanceof LastHttpContent;
        if (current.isBodyless() || current.isDone()) {
            content.release();
        } else {
            current.onRequestContent(content);
        }
        nextIfDone();
    }

    @Override
    void pumped() {
        if (exchange != null) {
            exchange.flushUpstream();
        }
        flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        loop.clients().remove(this);
        server.gate().disconnected();
        discardInbox();
        Exchange current = exchange;
        exchange = null;
        lingering = true;
        if (current != null) {
            current.cancel();
        }
        super.channelInactive(ctx);
    }

    @Override
    void inputEnded() {
        // channelInactive has done everything
    }

    @Override
    void broken(Throwable cause) {
        abort();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null && isWritable()) {
            progress();
            exchange.onClientWritable();
        }
    }

    // --- output ---

    void writeInterim(HttpResponse response) {
        FullHttpResponse whole =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, response.status(), Unpooled.EMPTY_BUFFER);
        whole.headers().setAll(response.headers());
        write(whole);
    }

    /** Writes the final response's head, having said how this connection goes on. */
    void writeHead(HttpResponse response, boolean endsWithClose) {
        delimitedByClose = endsWithClose;
        keepAlive &= !endsWithClose && !draining;
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (http10) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        write(response);
    }

    void write(Object message) {
        unflushed = true;
        send(message);
    }

    void flush() {
        if (unflushed) {
            unflushed = false;
            context().flush();
        }
    }

    /** Writes an answer of our own. A request whose body was not read ends the connection. */
    void answer(ErrorAnswer error) {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        keepAlive &= requestEnded || current.isBodyless();
        writeHead(ErrorResponse.of(error, !server.policy().clearContext()), false);
        flush();
        exchangeFinished();
    }

    /** The response was written wholly. */
    void exchangeFinished() {
        responseEnded = true;
        flush();
        nextIfDone();
    }

    private void nextIfDone() {
        Exchange current = exchange;
        if (!responseEnded || current == null) {
            return;
        }
        if (requestEnded && keepAlive && !draining) {
            exchange = null;
            pump();
        } else if (requestEnded || !current.isBodyless() || !keepAlive) {
            linger();
        }
    }

    /** Closes so that what was written arrives. */
    private void linger() {
        if (lingering) {
            return;
        }
        exchange = null;
        lingering = true;
        lingeringSince = System.nanoTime();
        ChannelFuture written = context().writeAndFlush(Unpooled.EMPTY_BUFFER);
        if (clientEnds && requestEnded && inboxEmpty()) {
            // It said that nothing follows, so nothing unread can make the close a reset.
            Objects.requireNonNull(written.addListener(ChannelFutureListener.CLOSE));
        } else {
            shutdownOutputWhen(written);
        }
        pump();
    }

    /** Breaks off: the client must not take what it has for a whole response. */
    void abort() {
        if (delimitedByClose) {
            // A plain close would look like the end of the body.
            context().channel().config().setOption(ChannelOption.SO_LINGER, 0);
        } else {
            // What came so far, and not less because its end came in the same moment.
            flush();
        }
        discardInbox();
        close(context().channel());
    }

    // --- limits and the end ---

    void checkTimeouts(long now) {
        ProxySettings settings = settings();
        Exchange current = exchange;
        watchOutput(now);
        if (pendingOutput > 0 && (lingering || current == null)) {
            // The end of a response: a client may take it as slowly as the rest.
            if (now - lastProgress > settings.exchangeIdleTimeout().toNanos()) {
                close(context().channel());
            }
        } else if (lingering) {
            if (now - lingeringSince > LINGER.toNanos()) {
                close(context().channel());
            }
        } else if (current == null) {
            if (now - lastProgress > settings.clientIdleTimeout().toNanos()) {
                close(context().channel());
            }
        } else if (now - lastProgress > settings.exchangeIdleTimeout().toNanos()) {
            current.fail(ErrorAnswer.unavailable("nothing moved for " + settings.exchangeIdleTimeout()));
        } else {
            current.checkTimeouts(now);
        }
    }

    /** Counts what the socket took as progress; lingering begins when it has taken everything. */
    private void watchOutput(long now) {
        ChannelOutboundBuffer buffer = context().channel().unsafe().outboundBuffer();
        long pending =
                buffer == null || buffer.isEmpty() ? 0 : buffer.totalPendingWriteBytes() - buffer.currentProgress();
        if (pending != pendingOutput) {
            pendingOutput = pending;
            lastProgress = now;
            lingeringSince = now;
        }
    }

    /** Ends now if idle, else after the exchange under way. */
    void drain() {
        draining = true;
        if (exchange == null && !lingering) {
            linger();
        }
    }

    void refuseForOverload(String reason) {
        lingering = true;
        lingeringSince = System.nanoTime();
        FullHttpResponse response = ErrorResponse.of(ErrorAnswer.unavailable(reason), true);
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        shutdownOutputWhen(context().writeAndFlush(response));
        pump();
    }
}
