package io.finback.meshrouter.namers;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls of gRPC that send one message. A message is at most {@link Streams#MAX_BYTES} long, never compressed; the next one is read when the
 * one before has been taken, on {@code executor}. Source: grpc/grpc, PROTOCOL-HTTP2.md.
 */
final class Grpc {
    private static final int HEAD = 5;

    private final Service<H2Message, H2Message> service;
    private final String authority;
    private final Executor executor;

    Grpc(Service<H2Message, H2Message> service, String authority, Executor executor) {
        this.service = service;
        this.authority = authority;
        this.executor = executor;
    }

    /** The one message that comes back, at most {@code limit} later. */
    CompletableFuture<byte[]> call(String method, byte[] message, Duration limit) {
        AtomicReference<byte @Nullable []> only = new AtomicReference<>();
        CompletableFuture<Void> stream = stream(method, message, only::set);
        return Streams.then(stream.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS), end -> {
            byte[] answer = only.get();
            if (answer == null) {
                throw new IllegalStateException("no answer to " + method + " (expected: one message)");
            }
            return answer;
        });
    }

    /**
     * Hands every message to {@code each}; completes when the other side says that it is done, fails with its status when that is not OK,
     * when the stream breaks off, and with what {@code each} throws. Cancel it, or let it fail, to end the stream.
     */
    CompletableFuture<Void> stream(String method, byte[] message, Consumer<byte[]> each) {
        byte[] framed = ByteBuffer.allocate(HEAD + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        H2Message request = H2Message.request("POST", authority, "/" + method, Body.of(framed));
        Http2Headers headers = request.headers()
                .set("content-type", "application/grpc")
                .set("te", "trailers")
                .set("grpc-accept-encoding", "identity");
        assert headers != null;
        Incoming incoming = new Incoming(each);
        incoming.begin(service.call(request));
        return incoming.done;
    }

    /** One stream of messages, read on the executor. */
    private final class Incoming {
        private final Consumer<byte[]> each;
        final CompletableFuture<Void> done = new CompletableFuture<>();
        private final byte[] head = new byte[HEAD];
        private int headBytes;
        private byte @Nullable [] message;
        private int messageBytes;

        Incoming(Consumer<byte[]> each) {
            this.each = each;
        }

        void begin(Reply<H2Message> reply) {
            reply.onDone((response, failure) -> later(() -> {
                if (failure != null) {
                    end(failure);
                } else {
                    opened(response);
                }
            }));
            onFailure(() -> reply.interrupt(new CancellationException("not watched any more")));
        }

        private void onFailure(Runnable then) {
            var watched = done.whenComplete((ok, failure) -> {
                if (failure != null) {
                    then.run();
                }
            });
            assert watched != null;
        }

        private void later(Runnable work) {
            try {
                executor.execute(() -> {
                    try {
                        work.run();
                    } catch (RuntimeException e) {
                        end(e);
                    }
                });
            } catch (RejectedExecutionException e) {
                end(e);
            }
        }

        private void opened(H2Message response) {
            Body body = response.body();
            onFailure(() -> body.cancel(new CancellationException("not watched any more")));
            try {
                if (response.headers().contains("grpc-status")) {
                    finish(response.headers());
                } else if (response.status() != 200) {
                    throw new IllegalStateException("status " + response.status() + " (expected: 200)");
                } else {
                    String type = String.valueOf(response.headers().get("content-type"));
                    if (!type.startsWith("application/grpc")) {
                        throw new IllegalStateException("content-type: '" + type + "' (expected: application/grpc)");
                    }
                    read(body);
                }
            } finally {
                if (done.isDone()) {
                    body.cancel(new CancellationException("not read any more"));
                }
            }
        }

        /** Not recursive where pieces are there already. */
        private void read(Body body) {
            while (!done.isDone()) {
                Reply<Body.Piece> next = body.next();
                if (!next.isSuccess()) {
                    next.onDone((piece, failure) -> later(() -> {
                        if (failure != null) {
                            end(failure);
                        } else if (taken(body, piece)) {
                            read(body);
                        }
                    }));
                    return;
                }
                if (!taken(body, next.value())) {
                    return;
                }
            }
        }

        /** Whether more is to be read. */
        private boolean taken(Body body, Body.Piece piece) {
            try {
                ByteBuffer data = ByteBuffer.wrap(piece.data().array());
                while (data.hasRemaining()) {
                    take(data);
                }
                if (piece.last()) {
                    finish(piece.trailers());
                    return false;
                }
                return true;
            } catch (RuntimeException e) {
                body.cancel(e);
                end(e);
                return false;
            }
        }

        private void take(ByteBuffer data) {
            byte[] current = message;
            if (current == null) {
                int more = Math.min(HEAD - headBytes, data.remaining());
                data.get(head, headBytes, more);
                headBytes += more;
                if (headBytes < HEAD) {
                    return;
                }
                current = begun();
                message = current;
                messageBytes = 0;
            }
            int more = Math.min(current.length - messageBytes, data.remaining());
            data.get(current, messageBytes, more);
            messageBytes += more;
            if (messageBytes == current.length) {
                message = null;
                headBytes = 0;
                each.accept(current);
            }
        }

        private byte[] begun() {
            int length = ByteBuffer.wrap(head, 1, 4).getInt();
            if (head[0] != 0) {
                throw new IllegalStateException("a message that is compressed (expected: identity, as asked for)");
            }
            if (length < 0 || length > Streams.MAX_BYTES) {
                throw new IllegalStateException("a message of " + Integer.toUnsignedString(length)
                        + " bytes (expected: at most " + Streams.MAX_BYTES + ")");
            }
            return new byte[length];
        }

        private void finish(@Nullable Http2Headers trailers) {
            CharSequence status = trailers == null ? null : trailers.get("grpc-status");
            if (trailers == null || status == null) {
                throw new IllegalStateException("the stream ended without a status");
            }
            if (!status.toString().equals("0")) {
                CharSequence text = trailers.get("grpc-message");
                throw new IllegalStateException("gRPC status " + status + (text == null ? "" : ": " + decoded(text)));
            }
            if (message != null || headBytes > 0) {
                throw new IllegalStateException("the stream ended within a message");
            }
            boolean unused = done.complete(null);
        }

        private void end(Throwable why) {
            Throwable told = why instanceof Failure failure && failure.getMessage() != null
                    ? new IllegalStateException(failure.getMessage(), null)
                    : why;
            boolean unused = done.completeExceptionally(told);
        }
    }

    /** Undoes gRPC's percent-encoding; what is no encoding stays as it is. */
    private static String decoded(CharSequence text) {
        byte[] in = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer out = ByteBuffer.allocate(in.length);
        for (int i = 0; i < in.length; i++) {
            int high = in[i] == '%' && i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(in[i + 2], 16);
            if (low < 0) {
                out.put(in[i]);
            } else {
                out.put((byte) (high << 4 | low));
                i += 2;
            }
        }
        return new String(out.array(), 0, out.position(), StandardCharsets.UTF_8);
    }
}
