package io.finback.controlplane.mesosapi.subscribe;

import akka.Done;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.stream.javadsl.Sink;
import akka.util.ByteString;
import akka.util.ByteStringBuilder;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes bodies in, each up to a limit and all together up to another, within a time. A body over its limit is refused while it arrives;
 * what still comes is read away for a moment, so that the client sees the answer instead of a broken connection. Thread-safe.
 */
final class Bodies {
    /** How much of what is refused is read away, and how long. */
    private static final long DRAINED_BYTES = 256L * 1024 * 1024;

    private static final Duration DRAIN_TIME = Duration.ofSeconds(10);

    private final ActorSystem<?> system;
    private final SchedulerApiSettings settings;
    private final AtomicLong underWay = new AtomicLong();

    Bodies(ActorSystem<?> system, SchedulerApiSettings settings) {
        this.system = system;
        this.settings = settings;
    }

    /** The whole body, or a {@link CallFailure}: 413, 408 or 503. {@link #release} it when it is read. */
    CompletionStage<byte[]> read(HttpRequest request) {
        Reading reading = new Reading();
        CompletableFuture<byte[]> body = new CompletableFuture<>();
        if (request.entity() instanceof HttpEntity.Strict whole) {
            // Most calls are small and come in one piece: a stream for each would cost more than what the call asks for.
            if (reading.take(whole.getData(), body) && !body.isCompletedExceptionally()) {
                body.complete(reading.bytes());
            }
            return body;
        }
        CompletionStage<Done> all = request.entity()
                .withSizeLimit(settings.maxBodyBytes() + DRAINED_BYTES)
                .getDataBytes()
                .completionTimeout(settings.bodyTimeout())
                .takeWhile(bytes -> reading.take(bytes, body))
                .runWith(Sink.ignore(), system);
        all.whenComplete((done, failure) -> {
            if (failure == null) {
                body.complete(reading.bytes());
            } else {
                body.completeExceptionally(explained(failure));
            }
            if (body.isCompletedExceptionally()) {
                reading.giveBack();
            }
        });
        return body;
    }

    /** Makes room for others. */
    void release(byte[] body) {
        underWay.addAndGet(-body.length);
    }

    private RuntimeException explained(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TimeoutException) {
            return new CallFailure(
                    408,
                    "The body did not arrive within " + settings.bodyTimeout().toSeconds() + " s");
        }
        return cause instanceof EntityStreamSizeException
                ? tooLarge()
                : new CallFailure(400, "The body broke off: " + cause.getMessage());
    }

    private CallFailure tooLarge() {
        return new CallFailure(413, "The body is larger than " + settings.maxBodyBytes() + " bytes");
    }

    /** One body while it arrives; used by one stream only. */
    private final class Reading {
        private final ByteStringBuilder builder = ByteString.createBuilder();
        private final long giveUpAt = System.nanoTime() + settings.bodyTimeout().toNanos();
        private long drainUntil = Long.MAX_VALUE;
        private long size;

        boolean take(ByteString bytes, CompletableFuture<byte[]> body) {
            if (drainUntil != Long.MAX_VALUE) {
                return System.nanoTime() - drainUntil < 0;
            }
            size += bytes.size();
            long all = underWay.addAndGet(bytes.size());
            if (size > settings.maxBodyBytes()) {
                refuse(body, tooLarge());
            } else if (all > settings.maxBodiesBytes()) {
                refuse(body, new CallFailure(503, "Too many calls are being read; try again"));
            } else {
                var unused = builder.append(bytes);
            }
            return true;
        }

        private void refuse(CompletableFuture<byte[]> body, CallFailure why) {
            giveBack();
            builder.clear();
            drainUntil = Math.min(giveUpAt, System.nanoTime() + DRAIN_TIME.toNanos());
            body.completeExceptionally(why);
        }

        void giveBack() {
            underWay.addAndGet(-size);
            size = 0;
        }

        byte[] bytes() {
            return builder.result().toArray();
        }
    }
}
