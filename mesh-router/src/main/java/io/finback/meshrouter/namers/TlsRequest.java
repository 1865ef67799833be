package io.finback.meshrouter.namers;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.finback.meshrouter.traffic.Tls;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One GET of HTTP/1.1 over TLS, on a connection of its own: the JDK's client cannot be told which name a certificate must have. What comes
 * back is handed over on an executor, in order; nothing is read that has not been taken.
 */
final class TlsRequest extends ChannelInitializer<Channel> {
    private static final int MAX_LINE = 4_096;
    private static final int MAX_HEAD = 64 * 1024;
    private static final int MAX_CHUNK = 8_192;

    /** Takes an answer, and may throw to end it. */
    interface Taker {
        void head(int status, Map<String, List<String>> headers);

        void piece(byte[] bytes);
    }

    private final Origin origin;
    private final Tls.Client tls;
    private final FullHttpRequest request;
    private final Executor executor;
    private final Taker taker;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private TlsRequest(Origin origin, Tls.Client tls, FullHttpRequest request, Executor executor, Taker taker) {
        this.origin = origin;
        this.tls = tls;
        this.request = request;
        this.executor = executor;
        this.taker = taker;
    }

    /**
     * Asks; completes behind the last piece. Cancel it to close the connection.
     *
     * @param target path and query
     * @param connect how long connecting may take; as long again for TLS
     */
    static CompletableFuture<Void> send(
            Origin origin,
            Tls.Client tls,
            String target,
            Map<String, String> headers,
            Duration connect,
            Executor executor,
            Taker taker) {
        FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, target);
        headers.forEach((name, value) -> {
            HttpHeaders set = request.headers().set(name, value);
            Objects.requireNonNull(set);
        });
        HttpHeaders whole = request.headers()
                .set(HttpHeaderNames.HOST, origin.authority())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        Objects.requireNonNull(whole);
        TlsRequest sent = new TlsRequest(origin, tls, request, executor, taker);
        Sockets.connect(Params.EMPTY, new Address(origin.host(), origin.port(), 1), connect, sent)
                .onDone((channel, failure) -> sent.connected(channel, failure));
        return sent.done;
    }

    private void connected(Channel channel, @Nullable Throwable failure) {
        if (failure != null) {
            ended(failure);
            return;
        }
        var closing = done.whenComplete((ok, why) -> Sockets.close(channel));
        Objects.requireNonNull(closing);
    }

    private void ended(Throwable why) {
        boolean unused = done.completeExceptionally(why);
    }

    @Override
    protected void initChannel(Channel channel) {
        var unread = channel.config().setAutoRead(false);
        Objects.requireNonNull(unread);
        var pipeline = channel.pipeline()
                .addLast(tls.handler(channel.alloc(), origin.host(), origin.port()))
                .addLast(new HttpClientCodec(MAX_LINE, MAX_HEAD, MAX_CHUNK))
                .addLast(new Exchange());
        Objects.requireNonNull(pipeline);
    }

    /** On the event loop, but for what is handed over. */
    private final class Exchange extends ChannelInboundHandlerAdapter {
        private List<Runnable> read = new ArrayList<>();
        private CompletableFuture<Void> handedOver = CompletableFuture.completedFuture(null);

        @Override
        public void channelActive(ChannelHandlerContext context) {
            var written = context.writeAndFlush(request).addListener(wrote -> {
                if (!wrote.isSuccess()) {
                    ended(wrote.cause());
                }
            });
            Objects.requireNonNull(written);
            ChannelHandlerContext reading = context.read();
            Objects.requireNonNull(reading);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                if (message instanceof HttpObject part) {
                    read(part);
                }
            } finally {
                boolean unused = ReferenceCountUtil.release(message);
            }
        }

        private void read(HttpObject part) {
            DecoderResult result = part.decoderResult();
            if (result.isFailure()) {
                Throwable cause = result.cause();
                read.add(() -> ended(cause));
                return;
            }
            if (part instanceof HttpResponse response) {
                Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                response.headers()
                        .names()
                        .forEach(name ->
                                headers.put(name, List.copyOf(response.headers().getAll(name))));
                int status = response.status().code();
                read.add(() -> taker.head(status, headers));
            }
            if (part instanceof HttpContent content && content.content().isReadable()) {
                byte[] bytes = ByteBufUtil.getBytes(content.content());
                read.add(() -> taker.piece(bytes));
            }
            if (part instanceof LastHttpContent) {
                read.add(() -> {
                    boolean unused = done.complete(null);
                });
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            List<Runnable> now = read;
            read = new ArrayList<>();
            later(() -> {
                for (Runnable each : now) {
                    if (!done.isDone()) {
                        each.run();
                    }
                }
                ChannelHandlerContext more = context.read();
                Objects.requireNonNull(more);
            });
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            later(() -> ended(new IllegalStateException("the connection was closed within the answer")));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            later(() -> ended(cause));
        }

        /** Behind what has been handed over before. */
        private void later(Runnable work) {
            handedOver = handedOver.thenRunAsync(
                    () -> {
                        try {
                            work.run();
                        } catch (RuntimeException e) {
                            ended(e);
                        }
                    },
                    executor);
        }
    }
}
