package io.finback.controlplane.chronosapi;

import akka.util.ByteString;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A response as the handlers make it. */
record Answer(int status, String contentType, ByteString body, Map<String, String> headers) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final Map<Integer, String> REASONS = Map.of(
            400, "Bad Request",
            401, "Unauthorized",
            404, "Not Found",
            405, "Method Not Allowed",
            408, "Request Timeout",
            409, "Conflict",
            413, "Request Entity Too Large",
            500, "Internal Server Error",
            503, "Service Unavailable");

    static Answer ok(JsonNode body) {
        return json(200, body);
    }

    static Answer text(String body) {
        return new Answer(200, "text/plain; charset=UTF-8", ByteString.fromString(body), Map.of());
    }

    static Answer done() {
        return new Answer(204, "application/json", ByteString.emptyByteString(), Map.of());
    }

    /** Chronos' ApiResult: its status is the reason phrase. */
    static Answer failed(int status, String message) {
        Answer answer = json(
                status,
                JsonNodeFactory.instance
                        .objectNode()
                        .put("message", message)
                        .put("status", REASONS.getOrDefault(status, Integer.toString(status))));
        return status == 503 || status == 409 ? answer.with("Retry-After", "1") : answer;
    }

    private static Answer json(int status, JsonNode body) {
        try {
            return new Answer(
                    status, "application/json", ByteString.fromArray(MAPPER.writeValueAsBytes(body)), Map.of());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain nodes must be writable", e);
        }
    }

    private Answer with(String header, String value) {
        return new Answer(status, contentType, body, Map.of(header, value));
    }

    CompletionStage<Answer> now() {
        return CompletableFuture.completedFuture(this);
    }
}
