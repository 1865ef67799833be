package io.finback.nodeagent.api.v1;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.scaladsl.model.EntityStreamSizeException;
import com.google.protobuf.Message;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Limits;
import io.finback.mesos.v1.Negotiation;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the v1 APIs of an agent have in common: a POST with one message in it, in one of two encodings. The order in which a call is
 * refused is that of apache/mesos {@code src/slave/http.cpp}. Thread-safe.
 */
final class Calls {
    /** Whole streams of frames, each a message. */
    static final String RECORD_IO = "application/recordio";

    private static final Logger log = LoggerFactory.getLogger(Calls.class);
    private static final Duration BODY_TIME = Duration.ofSeconds(30);
    private static final ContentType PROTOBUF =
            MediaTypes.customBinary("application", "x-protobuf", true).toContentType();
    private static final ContentType RECORDS =
            MediaTypes.customBinary("application", "recordio", false).toContentType();

    private final ActorSystem<?> system;
    private final long maxBody;

    Calls(ActorSystem<?> system, long maxBody) {
        this.system = system;
        this.maxBody = maxBody;
    }

    /** Refuses everything but POST. */
    static void checkMethod(HttpRequest request) {
        if (!request.method().equals(HttpMethods.POST)) {
            throw new ApiFailure(
                    405,
                    "Expecting one of { 'POST' }, but received '"
                            + request.method().value() + "'");
        }
    }

    /** The encoding of the body. */
    static Encoding contentType(HttpRequest request) {
        String type = contentTypeText(request);
        return Negotiation.contentType(type)
                .orElseThrow(() -> new ApiFailure(
                        415,
                        "Expecting 'Content-Type' of " + Encoding.JSON.mediaType() + " or "
                                + Encoding.PROTOBUF.mediaType()));
    }

    /** As it was written. */
    static String contentTypeText(HttpRequest request) {
        Optional<String> unreadable = header(request, "Content-Type");
        if (unreadable.isPresent()) {
            return unreadable.get();
        }
        ContentType type = request.entity().getContentType();
        if (type.equals(ContentTypes.NO_CONTENT_TYPE) || type.equals(ContentTypes.APPLICATION_OCTET_STREAM)) {
            throw new ApiFailure(400, "Expecting 'Content-Type' to be present");
        }
        return type.toString();
    }

    /** What the client wants to read. */
    static Encoding accepted(String accept) {
        return Negotiation.accept(accept)
                .orElseThrow(() -> new ApiFailure(
                        406,
                        "Expecting 'Accept' to allow " + Encoding.JSON.mediaType() + " or "
                                + Encoding.PROTOBUF.mediaType()));
    }

    static String accept(HttpRequest request) {
        return StreamSupport.stream(request.getHeaders().spliterator(), false)
                .filter(header -> header.is("accept"))
                .map(HttpHeader::value)
                .collect(Collectors.joining(","));
    }

    static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value);
    }

    /** The one message of the body. */
    <M extends Message> CompletionStage<M> read(HttpRequest request, Encoding encoding, M prototype) {
        return request.entity()
                .withSizeLimit(maxBody)
                // Its own limit is the one above; Akka's, 8 MiB, would be another answer.
                .toStrict(BODY_TIME.toMillis(), Long.MAX_VALUE, system)
                .thenApply(entity -> decode(entity.getData().toArray(), encoding, prototype));
    }

    static <M extends Message> M decode(byte[] body, Encoding encoding, M prototype) {
        try {
            return encoding.read(body, prototype, Limits.DEFAULT);
        } catch (BadMessageException e) {
            throw e.isTooLarge()
                    ? new ApiFailure(413, e.reason())
                    : new ApiFailure(400, "Failed to parse body into Call protobuf: " + e.reason());
        }
    }

    HttpResponse failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ApiFailure known) {
            HttpResponse response = text(known.status(), known.text());
            return known.status() == 405 ? response.addHeader(RawHeader.create("Allow", "POST")) : response;
        }
        if (cause instanceof EntityStreamSizeException) {
            return text(413, "The body is larger than " + maxBody + " bytes");
        }
        if (cause instanceof TimeoutException) {
            return text(503, "The agent did not answer in time; try again");
        }
        log.error("api.failed", cause);
        return text(500, "The agent failed to answer: " + cause.getClass().getSimpleName());
    }

    static HttpResponse text(int status, String text) {
        return HttpResponse.create().withStatus(status).withEntity(text);
    }

    static HttpResponse message(Message message, Encoding encoding) {
        return HttpResponse.create().withEntity(HttpEntities.create(type(encoding), encoding.write(message)));
    }

    static ContentType type(Encoding encoding) {
        return encoding == Encoding.JSON ? ContentTypes.APPLICATION_JSON : PROTOBUF;
    }

    static ContentType records() {
        return RECORDS;
    }
}
