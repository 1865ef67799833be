package io.finback.controlplane.requests;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.util.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a request through an API: how many are under way (503), how large its body is (413) and how long that takes to
 * arrive (408), then its handlers, and what their failures mean. The words are these; the shape is the API's. Thread-safe.
 */
public final class RequestShell {
    private static final Logger LOG = LoggerFactory.getLogger(RequestShell.class);
    /** A body that is too large is still read up to here, so that the client gets to see the 413. */
    private static final long MAX_DRAINED_BYTES = 64L * 1024 * 1024;

    /** What is inside. */
    public interface Api {
        /** May throw. */
        CompletionStage<HttpResponse> answer(HttpRequest request, ByteString body);

        /** An outcome its handlers have told by throwing; empty: a failure they know nothing of. */
        Optional<HttpResponse> known(Throwable failure);

        /** In its own shape. */
        HttpResponse refuse(int status, String message);
    }

    /**
     * When a request is refused.
     *
     * @param maxUnderWay more at once are 503
     * @param bodyTimeout from the first byte of a body to its last
     */
    public record Limits(long maxBodyBytes, int maxUnderWay, Duration bodyTimeout) {
        /** With what is the same for every API here. */
        public static Limits of(long maxBodyBytes) {
            return new Limits(maxBodyBytes, 1024, Duration.ofSeconds(15));
        }
    }

    private final ActorSystem<?> system;
    private final Limits limits;
    private final Api api;
    private final AtomicInteger underWay = new AtomicInteger();

    public RequestShell(ActorSystem<?> system, Limits limits, Api api) {
        this.system = system;
        this.limits = limits;
        this.api = api;
    }

    /** Never fails. */
    public CompletionStage<HttpResponse> handle(HttpRequest request) {
        if (underWay.incrementAndGet() > limits.maxUnderWay()) {
            underWay.decrementAndGet();
            request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(busy("Too many requests"));
        }
        return body(request)
                .thenCompose(bytes -> api.answer(request, bytes))
                .exceptionally(this::failed)
                .thenApply(response -> {
                    underWay.decrementAndGet();
                    return response;
                });
    }

    private CompletionStage<ByteString> body(HttpRequest request) {
        long max = limits.maxBodyBytes();
        return request.entity()
                .withSizeLimit(MAX_DRAINED_BYTES)
                .getDataBytes()
                .completionTimeout(limits.bodyTimeout())
                .runFold(ByteString.emptyByteString(), (all, b) -> all.size() > max ? all : all.concat(b), system)
                .handle((bytes, failure) -> {
                    if (failure != null) {
                        throw failure(failure);
                    }
                    if (bytes.size() > max) {
                        throw new Refused(413, "The body is larger than " + max + " bytes");
                    }
                    return bytes;
                });
    }

    private RuntimeException failure(Throwable failure) {
        Throwable cause = cause(failure);
        return cause instanceof TimeoutException
                ? new Refused(
                        408,
                        "The body did not arrive within " + limits.bodyTimeout().toSeconds() + " s")
                : new CompletionException(cause);
    }

    /** What a failure means, for requests that are not taken through here because their bodies are streamed. */
    public HttpResponse failed(Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof Refused refused) {
            return api.refuse(refused.status, String.valueOf(refused.getMessage()));
        }
        Optional<HttpResponse> known = api.known(cause);
        if (known.isPresent()) {
            return known.get();
        }
        if (cause instanceof TimeoutException) {
            return busy("The request was not answered in time; it may still take effect");
        }
        if (cause instanceof EntityStreamSizeException) {
            return api.refuse(413, "The body is too large");
        }
        LOG.error("request.failed", cause);
        return api.refuse(500, "Internal error");
    }

    private HttpResponse busy(String why) {
        HttpResponse response = api.refuse(503, why);
        return response.getHeader("Retry-After").isPresent()
                ? response
                : response.addHeader(RawHeader.create("Retry-After", "1"));
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int status;

        Refused(int status, String message) {
            super(message, null, false, false);
            this.status = status;
        }
    }
}
