package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Contexts;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Connections;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of one connection. One request at a time: what a client sends ahead waits, and when it is more than one read it waits in the
 * socket. What the application refuses as not processed is answered 503 with Finagle's nack, its other failures with 500. A server that closes
 * answers what it has begun with {@code Connection: close}.
 */
final class Http1ServerSession extends ChannelInboundHandlerAdapter implements Connections.Connection {
    /** One request and its answer. */
    private static final class Exchange {
        private final HttpRequest head;
        private final boolean keeps;
        private @Nullable Http1Incoming incoming;
        private @Nullable Reply<H2Message> reply;
        private @Nullable Http1Output output;
        private boolean inputEnded;
        private boolean outputEnded;
        private boolean closes;
        private long discarded;

        Exchange(HttpRequest head) {
            this.head = head;
            keeps = HttpUtil.isKeepAlive(head);
        }
    }

    private final Service<H2Message, H2Message> service;
    private final Http1ServerCodec.Requests requests;
    private final Http1ServerCodec.Responses responses;
    private final Duration headTimeout;
    private final int maxDiscard;
    private final Reply<@Nullable Void> gone = new Reply<>();
    private final ArrayDeque<Object> waiting = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Exchange current;
    private @Nullable Future<?> slowHead;
    private boolean draining;
    private boolean refused;

    Http1ServerSession(
            Service<H2Message, H2Message> service,
            Http1ServerCodec.Requests requests,
            Http1ServerCodec.Responses responses,
            Params params) {
        this.service = service;
        this.requests = requests;
        this.responses = responses;
        headTimeout = params.get(Http1Params.HEAD_TIMEOUT);
        maxDiscard = params.get(Http1Params.MAX_DISCARD_BYTES);
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext now = context;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    // --- in ---

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        Exchange exchange = current;
        boolean belongs = exchange == null ? message instanceof HttpRequest : !exchange.inputEnded;
        if (belongs && waiting.isEmpty()) {
            take(message);
        } else {
            waiting.add(message);
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (current == null && requests.isWithinHead() && slowHead == null && !refused) {
            slowHead = ctx.executor()
                    .schedule(
                            () -> refuse(408, "head not whole within " + headTimeout.toMillis() + " ms"),
                            headTimeout.toNanos(),
                            TimeUnit.NANOSECONDS);
        }
    }

    private void take(Object message) {
        try {
            if (message instanceof HttpRequest head) {
                begin(head);
            }
            Exchange exchange = current;
            if (exchange != null && message instanceof HttpContent content) {
                content(exchange, content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest head) {
        Future<?> slow = slowHead;
        slowHead = null;
        if (slow != null) {
            slow.cancel(false);
        }
        if (head.decoderResult().isFailure()) {
            Throwable cause = head.decoderResult().cause();
            refuse(
                    cause instanceof TooLongHttpLineException
                            ? 414
                            : cause instanceof TooLongHttpHeaderException ? 431 : 400,
                    String.valueOf(cause.getMessage()));
            return;
        }
        if (!head.protocolVersion().protocolName().equals("HTTP")
                || head.protocolVersion().majorVersion() != 1) {
            refuse(505, "version: " + head.protocolVersion() + " (expected: HTTP/1.1 or HTTP/1.0)");
            return;
        }
        String refusal = Http1Framing.refusal(head).orElse(null);
        int hosts = head.headers().getAll(HttpHeaderNames.HOST).size();
        boolean hostless = hosts == 0 && !isOld(head);
        if (refusal != null || hosts > 1 || hostless || !Http1Heads.isTarget(head)) {
            refuse(
                    400,
                    refusal != null
                            ? refusal
                            : hosts > 1 || hostless
                                    ? "Host: " + hosts + " headers (expected: one)"
                                    : "request target: cannot be read (expected: /path or http://host/path)");
            return;
        }
        Exchange exchange = new Exchange(head);
        current = exchange;
        boolean bodyless = !HttpUtil.isTransferEncodingChunked(head)
                && (!head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                        || Long.parseLong(head.headers().get(HttpHeaderNames.CONTENT_LENGTH)) == 0);
        if (!bodyless) {
            exchange.incoming = new Http1Incoming(
                    context(), () -> {}, why -> context().channel().config().setAutoRead(true));
            if (HttpUtil.is100ContinueExpected(head)) {
                var unused = context()
                        .writeAndFlush(
                                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE),
                                context().voidPromise());
            }
        }
        H2Message message = new H2Message(
                Http1Heads.request(head, context().pipeline().get(SslHandler.class) != null),
                exchange.incoming == null ? Body.EMPTY : exchange.incoming);
        Reply<H2Message> reply = service.call(message, H2Contexts.read(message.headers()));
        exchange.reply = reply;
        reply.onDone((response, failure) -> {
            if (context().executor().inEventLoop()) {
                answer(exchange, response, failure);
            } else {
                context().executor().execute(() -> answer(exchange, response, failure));
            }
        });
    }

    private static boolean isOld(HttpRequest head) {
        return head.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0;
    }

    private void content(Exchange exchange, HttpContent content) {
        Http1Incoming incoming = exchange.incoming;
        if (content.decoderResult().isFailure()) {
            // What follows cannot be told apart from it.
            exchange.inputEnded = true;
            exchange.closes = true;
            refused = true;
            Failure broken = new Failure.Protocol(
                    "request: " + content.decoderResult().cause().getMessage());
            if (incoming != null) {
                incoming.fail(broken);
            }
            if (exchange.outputEnded) {
                over(exchange);
            }
            return;
        }
        boolean last = content instanceof LastHttpContent;
        exchange.inputEnded |= last;
        if (exchange.outputEnded) {
            exchange.discarded += content.content().readableBytes();
            if (exchange.discarded > maxDiscard) {
                exchange.closes = true;
            }
        } else if (incoming != null && (last || content.content().isReadable())) {
            incoming.offer(Http1Incoming.piece(content));
        }
        if (exchange.outputEnded && (last || exchange.closes)) {
            over(exchange);
        }
    }

    // --- out ---

    @SuppressWarnings("ReferenceEquality") // this very exchange
    private void answer(Exchange exchange, @Nullable H2Message response, @Nullable Throwable failure) {
        if (current != exchange || !context().channel().isActive()) {
            if (response != null) {
                response.body().cancel(new Failure("the client is gone", Failure.INTERRUPTED));
            }
            return;
        }
        H2Message message = response == null ? failed(failure) : response;
        boolean toHead = exchange.head.method().equals(HttpMethod.HEAD);
        HttpResponse head;
        try {
            head = Http1Heads.response(message, toHead, isOld(exchange.head));
        } catch (IllegalArgumentException e) {
            message.body().cancel(e);
            message = H2Message.response(500, Body.EMPTY);
            head = Http1Heads.response(message, toHead, isOld(exchange.head));
        }
        int status = message.status();
        boolean bodyless = toHead || status == 204 || status == 304;
        boolean byItsEnd = !bodyless
                && !head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                && !head.headers().contains(HttpHeaderNames.TRANSFER_ENCODING);
        exchange.closes |= !exchange.keeps || draining || byItsEnd;
        if (exchange.closes) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (isOld(exchange.head)) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        responses.answering(toHead);
        exchange.output = Http1Output.begin(context(), head, message.body(), bodyless, written -> {
            exchange.outputEnded = true;
            if (written != null) {
                // Half an answer cannot be taken back: the client sees it break off.
                Sockets.close(context().channel());
            } else if (exchange.inputEnded || exchange.closes) {
                over(exchange);
            } else {
                context().channel().config().setAutoRead(true);
            }
        });
    }

    private static H2Message failed(@Nullable Throwable failure) {
        long flags = failure == null ? 0 : Failure.flagsOf(failure);
        boolean retryable = (flags & Failure.RETRYABLE) != 0;
        boolean rejected = (flags & Failure.REJECTED) != 0;
        H2Message message = H2Message.response(retryable || rejected ? 503 : 500, Body.EMPTY);
        if (retryable || rejected) {
            message.headers().set(retryable ? Http1.NACK : Http1.NON_RETRYABLE_NACK, "true");
        }
        return message;
    }

    @SuppressWarnings("ReferenceEquality") // this very exchange
    private void over(Exchange exchange) {
        if (current != exchange) {
            return;
        }
        current = null;
        if (exchange.closes || draining) {
            Sockets.close(context().channel());
            return;
        }
        while (!waiting.isEmpty() && (current == null ? waiting.peek() instanceof HttpRequest : !current.inputEnded)) {
            take(waiting.remove());
        }
        Exchange next = current;
        if (waiting.isEmpty() && (next == null || next.incoming == null)) {
            context().channel().config().setAutoRead(true);
        }
    }

    /** Answers a head that cannot be served, and ends. */
    private void refuse(int status, String why) {
        if (refused || current != null) {
            return;
        }
        refused = true;
        byte[] text = (why + "\n").getBytes(StandardCharsets.UTF_8);
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), io.netty.buffer.Unpooled.wrappedBuffer(text));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, text.length)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        responses.answering(false);
        context().writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    // --- the end ---

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Sockets.close(ctx.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
        Exchange exchange = current;
        current = null;
        if (exchange != null) {
            Failure left = new Failure("the client is gone", Failure.INTERRUPTED);
            if (exchange.incoming != null) {
                exchange.incoming.fail(left);
            }
            if (exchange.output != null) {
                exchange.output.stop(left);
            }
            if (exchange.reply != null) {
                exchange.reply.interrupt(left);
            }
        }
        var unused = service.close(Duration.ZERO);
        gone.complete(null);
    }

    @Override
    public Reply<@Nullable Void> drain(Duration grace) {
        context().executor().execute(() -> {
            draining = true;
            if (current == null) {
                Sockets.close(context().channel());
            } else {
                var unused = context()
                        .executor()
                        .schedule(() -> Sockets.close(context().channel()), grace.toMillis(), TimeUnit.MILLISECONDS);
            }
        });
        return gone;
    }
}
