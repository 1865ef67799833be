package io.finback.controlplane.mesosapi;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.EntityStreamSizeException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/** Reads requests' bodies, up to a limit of bytes and of time. */
final class RequestBodies {
    private static final long PATIENCE_MILLIS = 20_000;
    private static final int MAX_FIELDS = 100;
    /** The entity has a limit already, and one that says 413; Akka's for bodies in memory, 8 MiB, does not. */
    private static final long OWN_LIMIT = Long.MAX_VALUE;

    private final ActorSystem<?> system;
    private final long limit;

    RequestBodies(ActorSystem<?> system, long limit) {
        this.system = system;
        this.limit = limit;
    }

    /** Fails with 413 or 408. */
    CompletionStage<byte[]> read(HttpRequest request) {
        return request.entity()
                .withSizeLimit(limit)
                .toStrict(PATIENCE_MILLIS, OWN_LIMIT, system)
                .handle((strict, failure) -> {
                    if (failure != null) {
                        throw refusal(failure);
                    }
                    return strict.getData().toArray();
                });
    }

    /** {@code a=b&c=d}, whatever the content type says, as Mesos. */
    CompletionStage<Query> readForm(HttpRequest request) {
        return read(request).thenApply(body -> form(new String(body, StandardCharsets.UTF_8)));
    }

    static Query form(String body) {
        Map<String, String> values = new HashMap<>();
        if (body.isEmpty()) {
            return new Query(values);
        }
        for (String pair : body.split("&", MAX_FIELDS + 1)) {
            int equals = pair.indexOf('=');
            if (equals <= 0 || values.size() >= MAX_FIELDS) {
                throw ApiFailure.badRequest("Unable to decode query string: expected name=value pairs, joined by &");
            }
            try {
                values.put(
                        URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                throw ApiFailure.badRequest("Unable to decode query string: " + e.getMessage());
            }
        }
        return new Query(values);
    }

    private RuntimeException refusal(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof EntityStreamSizeException) {
            return ApiFailure.of(413, "body: more than " + limit + " bytes (expected: at most that many)");
        }
        if (cause instanceof TimeoutException) {
            return ApiFailure.of(408, "body: not complete after " + PATIENCE_MILLIS / 1000 + " s");
        }
        return ApiFailure.badRequest("body: could not be read: " + cause.getMessage());
    }
}
