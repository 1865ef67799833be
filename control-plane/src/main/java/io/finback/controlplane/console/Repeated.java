package io.finback.controlplane.console;

import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What a page that asks again and again gets of an API that says the same thing again: nothing, or the new thing compressed. */
final class Repeated {
    /** Below it a compressed answer is hardly smaller. */
    private static final int COMPRESSIBLE = 1024;

    private Repeated() {}

    /** Only answers in one piece that carry no tag of the API's own; streams and refusals stay as they are. */
    static HttpResponse lean(HttpRequest request, HttpResponse response) {
        boolean plain = request.method().value().equals("GET")
                && response.status().intValue() == 200
                && response.getHeader("ETag").isEmpty()
                && response.getHeader("Content-Encoding").isEmpty();
        if (!plain || !(response.entity() instanceof HttpEntity.Strict entity)) {
            return response;
        }
        byte[] bytes = entity.getData().toArray();
        String tag = "W/\"" + ConsoleFiles.tag(bytes) + "\"";
        HttpResponse tagged = response.addHeader(RawHeader.create("ETag", tag));
        if (ConsoleFiles.isKnown(request, tag)) {
            return tagged.withEntity(HttpEntities.EMPTY).withStatus(304);
        }
        if (bytes.length < COMPRESSIBLE || !ConsoleFiles.accepts(request, "Accept-Encoding", "gzip")) {
            return tagged;
        }
        try {
            return tagged.addHeader(RawHeader.create("Content-Encoding", "gzip"))
                    .withEntity(
                            entity.getContentType(), ConsoleFiles.gzip(bytes).toArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
