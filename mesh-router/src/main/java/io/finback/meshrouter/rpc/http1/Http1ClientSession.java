package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Contexts;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of one connection, one call at a time. A call is answered when the response's head is there; the connection is free when the
 * response's body has been read. It is closed when a body is given up, or the response is whole before its request.
 */
final class Http1ClientSession extends ChannelInboundHandlerAdapter implements Service<H2Message, H2Message> {
    /** One call. */
    private static final class Call {
        private final Reply<H2Message> reply;
        private final boolean toHead;
        private @Nullable Http1Output output;
        private @Nullable Http1Incoming incoming;
        private @Nullable H2Message answer;
        private @Nullable Failure refusal;
        private boolean keeps;

        Call(Reply<H2Message> reply, boolean toHead) {
            this.reply = reply;
            this.toHead = toHead;
        }
    }

    private final String endpoint;
    private final Reply<Service<H2Message, H2Message>> ready = new Reply<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Call current;
    private boolean interim;
    private volatile boolean ended;
    private String reason = "by the other side";

    Http1ClientSession(Params params) {
        endpoint = params.get(ClientParams.ENDPOINT).toString();
    }

    Reply<Service<H2Message, H2Message>> ready() {
        return ready;
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

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls == null) {
            ready.complete(this);
            return;
        }
        tls.handshakeFuture().addListener(shaken -> {
            if (shaken.isSuccess()) {
                ready.complete(this);
            } else {
                end("TLS: " + shaken.cause().getMessage());
            }
        });
    }

    // --- out ---

    @Override
    public CompletionStage<H2Message> apply(H2Message request, Context call) {
        Reply<H2Message> reply = new Reply<>();
        if (context().executor().inEventLoop()) {
            send(request, call, reply);
        } else {
            context().executor().execute(() -> send(request, call, reply));
        }
        return reply;
    }

    @SuppressWarnings("ReferenceEquality") // this very call
    private void send(H2Message request, Context travelling, Reply<H2Message> reply) {
        if (ended || !context().channel().isActive()) {
            reply.fail(new Failure.ChannelClosed(endpoint, "before the call", false));
            return;
        }
        if (current != null) {
            reply.fail(Failure.rejected("one call at a time"));
            return;
        }
        HttpRequest head;
        try {
            H2Contexts.write(travelling, request.headers());
            head = Http1Heads.request(request);
        } catch (IllegalArgumentException e) {
            request.body().cancel(e);
            reply.fail(new Failure(String.valueOf(e.getMessage()), Failure.NON_RETRYABLE, e));
            return;
        }
        Call call = new Call(reply, head.method().equals(HttpMethod.HEAD));
        current = call;
        reply.onInterrupt(why -> context().executor().execute(() -> {
            if (current == call) {
                giveUp(
                        call,
                        new Failure("interrupted: " + why.getMessage(), Failure.INTERRUPTED, why),
                        "a call was given up: " + why.getMessage());
            }
        }));
        call.output = Http1Output.begin(context(), head, request.body(), false, failure -> {
            if (failure != null && current == call) {
                giveUp(
                        call,
                        new Failure("request: " + failure.getMessage(), Failure.flagsOf(failure), failure),
                        "a request was not sent whole: " + failure.getMessage());
            }
        });
    }

    // --- in ---

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            Call call = current;
            if (call == null) {
                end("an answer that nobody has asked for");
            } else if (message instanceof HttpResponse response) {
                head(call, response);
            }
            if (call != null && !ended && message instanceof HttpContent content) {
                content(call, content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void head(Call call, HttpResponse response) {
        Throwable unreadable = Http1Framing.unreadable(response).orElse(null);
        int status = response.status().code();
        if (unreadable != null || status == 101) {
            broken(
                    call,
                    unreadable == null ? "101, which nobody has asked for" : String.valueOf(unreadable.getMessage()));
            return;
        }
        interim = status < 200;
        if (interim) {
            return;
        }
        boolean bodyless = call.toHead || status == 204 || status == 304;
        call.keeps = HttpUtil.isKeepAlive(response)
                && (bodyless
                        || HttpUtil.isTransferEncodingChunked(response)
                        || response.headers().contains(HttpHeaderNames.CONTENT_LENGTH));
        Failure refused = refusal(response);
        if (refused != null) {
            call.refusal = refused;
        } else if (bodyless || "0".equals(response.headers().get(HttpHeaderNames.CONTENT_LENGTH))) {
            call.answer = new H2Message(Http1Heads.response(response), Body.EMPTY);
        } else {
            Http1Incoming incoming = new Http1Incoming(context(), () -> ended = true, why -> {
                end("a body was given up: " + why.getMessage());
            });
            call.incoming = incoming;
            if (!call.reply.complete(new H2Message(Http1Heads.response(response), incoming))) {
                end("nobody waits for the answer");
            }
        }
    }

    /** What a server says that has not begun with a request. Source: twitter/finagle {@code http/filter/HttpNackFilter.scala}. */
    private @Nullable Failure refusal(HttpResponse response) {
        if (response.status().code() != 503) {
            return null;
        }
        if (response.headers().contains(Http1.NACK)) {
            return Failure.rejected("refused by " + endpoint);
        }
        return response.headers().contains(Http1.NON_RETRYABLE_NACK)
                ? new Failure("refused by " + endpoint, Failure.REJECTED | Failure.NON_RETRYABLE)
                : null;
    }

    private void content(Call call, HttpContent content) {
        if (content.decoderResult().isFailure()) {
            broken(call, String.valueOf(content.decoderResult().cause().getMessage()));
            return;
        }
        if (interim) {
            interim = !(content instanceof LastHttpContent);
            return;
        }
        boolean last = content instanceof LastHttpContent;
        Http1Incoming incoming = call.incoming;
        boolean empty = !last && !content.content().isReadable();
        Body.Piece piece = incoming == null || empty ? null : Http1Incoming.piece(content);
        if (last) {
            over(call);
        }
        if (piece != null && incoming != null) {
            incoming.offer(piece);
        }
        if (last && call.answer != null) {
            boolean unused = call.reply.complete(call.answer);
        } else if (last && call.refusal != null) {
            boolean unused = call.reply.fail(call.refusal);
        }
    }

    /** The answer is whole: before its reader hears of it, so that who gives the connection back then gives back a free one. */
    private void over(Call call) {
        current = null;
        Http1Output output = call.output;
        boolean whole = output == null || output.isOver();
        if (!whole && output != null) {
            output.stop(new Failure("answered before it was sent whole", Failure.INTERRUPTED));
        }
        if (!call.keeps || !whole) {
            end(whole ? "by the other side's wish" : "answered before the request was sent whole");
        } else {
            context().channel().config().setAutoRead(true);
        }
    }

    private void broken(Call call, String why) {
        giveUp(call, new Failure.Protocol(endpoint + ": " + why), why);
    }

    // --- the end ---

    /** The connection counts as closed before anybody hears of it: nobody is given it again. */
    private void giveUp(Call call, Failure failure, String why) {
        ended = true;
        reason = why;
        current = null;
        if (call.output != null) {
            call.output.stop(failure);
        }
        boolean unused = call.reply.fail(failure);
        if (call.incoming != null) {
            call.incoming.fail(failure);
        }
        Sockets.close(context().channel());
    }

    private void end(String why) {
        if (!ended) {
            ended = true;
            reason = why;
        }
        Sockets.close(context().channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        end(String.valueOf(cause.getMessage()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended = true;
        ready.fail(new Failure.NotConnected(endpoint, "closed before the first call: " + reason));
        Call call = current;
        if (call != null) {
            giveUp(call, new Failure.ChannelClosed(endpoint, reason, true), reason);
        }
        gone.complete(null);
    }

    @Override
    public Status status() {
        return ended ? Status.CLOSED : Status.OPEN;
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        ended = true;
        Sockets.close(context().channel());
        return gone;
    }
}
