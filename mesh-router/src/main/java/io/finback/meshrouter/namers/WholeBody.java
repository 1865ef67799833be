package io.finback.meshrouter.namers;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects a body up to {@link Streams#MAX_BYTES}, from the JDK's client or over TLS; one that is larger fails. */
final class WholeBody implements BodySubscriber<byte[]>, TlsRequest.Taker {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;
    private int status;
    private Map<String, List<String>> headers = Map.of();

    @Override
    public CompletableFuture<byte[]> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            for (ByteBuffer buffer : buffers) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                piece(bytes);
            }
        } catch (IllegalStateException e) {
            if (subscription != null) {
                subscription.cancel();
            }
            body.completeExceptionally(e);
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(all.toByteArray());
    }

    @Override
    public void head(int code, Map<String, List<String>> fields) {
        status = code;
        headers = fields;
    }

    @Override
    public void piece(byte[] bytes) {
        all.writeBytes(bytes);
        if (all.size() > Streams.MAX_BYTES) {
            throw new IllegalStateException("more than " + Streams.MAX_BYTES + " bytes");
        }
    }

    /** What came over TLS, when it is over. */
    Streams.Reply reply() {
        return new Streams.Reply(status, headers, all.toString(StandardCharsets.UTF_8));
    }
}
