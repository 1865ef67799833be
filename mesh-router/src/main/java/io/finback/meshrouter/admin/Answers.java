package io.finback.meshrouter.admin;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.Location;
import akka.stream.javadsl.FileIO;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** The forms in which the admin server answers, and the one it is asked in. */
final class Answers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper PRETTY = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final ContentType PROMETHEUS = ContentTypes.parse("text/plain; version=0.0.4; charset=UTF-8");

    private Answers() {}

    static HttpResponse text(int status, String text) {
        return HttpResponse.create().withStatus(StatusCodes.get(status)).withEntity(ContentTypes.TEXT_PLAIN_UTF8, text);
    }

    static HttpResponse json(Object value, boolean pretty) {
        try {
            String text = (pretty ? PRETTY : JSON).writeValueAsString(value);
            return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static HttpResponse prometheus(String text) {
        return HttpResponse.create().withEntity(HttpEntities.create(PROMETHEUS, text.getBytes(StandardCharsets.UTF_8)));
    }

    static HttpResponse bytes(byte[] content) {
        return HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, content));
    }

    static HttpResponse moved(String where) {
        return HttpResponse.create().withStatus(StatusCodes.FOUND).addHeader(Location.create(where));
    }

    static HttpResponse notFound() {
        return text(
                404,
                "GET / /delegator /admin/ping /admin/metrics.json /admin/metrics/prometheus /metrics /delegator.json?path=&dtab= "
                        + "/bound-names.json /client_state.json /config.json /logging.json /admin/threads "
                        + "/admin/contention /admin/pprof/heap /admin/pprof/profile?seconds=&hz= /admin/server_info "
                        + "/admin/lint /admin/registry.json /admin/toggles /admin/tracing?enable= "
                        + "/identifier?method=&uri=&host=&header= /finback/clients.json /finback/endpoints.json "
                        + "/finback/tap?service=&path=&status=&attempts=&sample=&seconds= /health\n");
    }

    /** A dump of the heap; its file is gone when it was sent. */
    static HttpResponse heap() {
        try {
            Path file = Diagnostics.heap();
            var body = FileIO.fromPath(file)
                    .watchTermination((bytes, done) -> done.whenComplete((end, failure) -> {
                        try {
                            Files.deleteIfExists(file);
                            Files.deleteIfExists(Objects.requireNonNull(file.getParent()));
                        } catch (IOException e) {
                            file.toFile().deleteOnExit();
                        }
                    }));
            return HttpResponse.create()
                    .withEntity(HttpEntities.create(
                            ContentTypes.APPLICATION_OCTET_STREAM,
                            Files.size(file),
                            body.mapMaterializedValue(d -> d)));
        } catch (IOException e) {
            return text(500, "no heap dump: " + e.getMessage() + "\n");
        }
    }

    /** Throws IllegalArgumentException for what is no JSON. */
    static JsonNode read(String body) {
        try {
            return body.isBlank() ? JSON.createObjectNode() : JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body: " + e.getOriginalMessage() + " (expected: JSON)", e);
        }
    }

    static Optional<String> field(JsonNode node, String name) {
        return node.hasNonNull(name) ? Optional.of(node.get(name).asText()) : Optional.empty();
    }
}
