package io.finback.meshrouter.namers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Splits a body into lines, and hands over each that is not empty; one that is too long, or an answer that is not 200, ends it. */
final class Lines implements Flow.Subscriber<List<ByteBuffer>>, TlsRequest.Taker {
    private final Consumer<String> line;
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
    private Flow.@Nullable Subscription subscription;

    Lines(Consumer<String> line) {
        this.line = line;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            while (buffer.hasRemaining()) {
                byte b = buffer.get();
                if (b == '\n') {
                    take();
                } else if (rest.size() < Streams.MAX_BYTES) {
                    rest.write(b);
                } else {
                    throw new IllegalStateException("a line of more than " + Streams.MAX_BYTES + " bytes");
                }
            }
        }
        if (subscription != null) {
            subscription.request(1);
        }
    }

    @Override
    public void head(int status, Map<String, List<String>> headers) {
        Streams.good(status);
    }

    @Override
    public void piece(byte[] bytes) {
        onNext(List.of(ByteBuffer.wrap(bytes)));
    }

    private void take() {
        String text = rest.toString(StandardCharsets.UTF_8).strip();
        rest.reset();
        if (!text.isEmpty()) {
            line.accept(text);
        }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {
        take();
    }
}
