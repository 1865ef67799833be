package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.ContentEncoding;
import akka.http.javadsl.model.headers.HttpEncodings;
import akka.http.javadsl.model.headers.RawHeader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** Responses in the forms Mesos gives them. */
final class Answers {
    /** Below it Mesos does not compress. */
    private static final int COMPRESSIBLE = 1024;

    /** Up to it a body is written in one piece, which is cheaper than a stream. */
    private static final int SMALL = 64 * 1024;

    private static final ContentType JAVASCRIPT = ContentTypes.parse("text/javascript");

    private Answers() {}

    static HttpResponse text(int status, String body) {
        return HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .withEntity(HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, body));
    }

    static HttpResponse empty(int status) {
        return HttpResponse.create().withStatus(StatusCodes.get(status));
    }

    static HttpResponse failure(ApiFailure failure) {
        HttpResponse response = text(failure.status(), failure.text() + "\n");
        return failure.status() == 503 || failure.status() == 429
                ? response.addHeader(RawHeader.create("Retry-After", "1"))
                : response;
    }

    /** Wrapped for browsers of another time if asked, and compressed for who accepts that; then it costs time, see {@link Rope}. */
    static HttpResponse json(Rope json, HttpRequest request, Query query) {
        Optional<String> callback = query.callback();
        Rope body = callback.map(name -> wrapped(name, json)).orElse(json);
        return body(body, callback.isPresent() ? JAVASCRIPT : ContentTypes.APPLICATION_JSON, request);
    }

    static HttpResponse body(Rope body, ContentType type, HttpRequest request) {
        HttpResponse response = HttpResponse.create().addHeader(RawHeader.create("Vary", "Accept-Encoding"));
        if (body.length() >= COMPRESSIBLE && acceptsGzip(request)) {
            return response.addHeader(ContentEncoding.create(HttpEncodings.GZIP))
                    .withEntity(HttpEntities.create(type, body.gzippedLength(), body.gzippedSource()));
        }
        return response.withEntity(
                body.length() <= SMALL
                        ? HttpEntities.create(type, body.bytes())
                        : HttpEntities.create(type, body.length(), body.source()));
    }

    /** {@code gzip} or {@code *}, unless its weight is 0. */
    static boolean acceptsGzip(HttpRequest request) {
        boolean accepted = false;
        for (var header : request.getHeaders()) {
            if (!header.is("accept-encoding")) {
                continue;
            }
            for (String part : header.value().split(",", -1)) {
                String[] pieces = part.strip().toLowerCase(Locale.ROOT).split("\\s*;\\s*", -1);
                boolean refused = pieces.length > 1 && pieces[1].matches("q=0(\\.0*)?");
                if (pieces[0].equals("gzip") || pieces[0].equals("x-gzip")) {
                    return !refused;
                }
                accepted |= pieces[0].equals("*") && !refused;
            }
        }
        return accepted;
    }

    private static Rope wrapped(String callback, Rope json) {
        return new Rope.Builder()
                .add((callback + "(").getBytes(StandardCharsets.UTF_8))
                .add(json)
                .add(");".getBytes(StandardCharsets.UTF_8))
                .build();
    }
}
