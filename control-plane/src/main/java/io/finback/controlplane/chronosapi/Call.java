package io.finback.controlplane.chronosapi;

import akka.util.ByteString;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request as the handlers see it.
 *
 * @param method {@code HEAD} is told as {@code GET}
 * @param path decoded segments after {@code /v1/scheduler} or {@code /scheduler}, none empty
 */
record Call(String method, List<String> path, Map<String, String> query, ByteString body) {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    Optional<String> text(String name) {
        return Optional.of(query.getOrDefault(name, "")).filter(v -> !v.isEmpty());
    }

    int number(String name, int otherwise) {
        try {
            int value = text(name).map(Integer::parseInt).orElse(otherwise);
            if (value < 0) {
                throw Failure.bad(name + ": " + value + " (expected: a whole number >= 0)");
            }
            return value;
        } catch (NumberFormatException e) {
            throw Failure.bad(name + ": '" + query.get(name) + "' (expected: a whole number >= 0)");
        }
    }

    /** An object; anything else is a 400. */
    JsonNode json() {
        try {
            JsonNode node = MAPPER.readTree(body.toArrayUnsafe());
            if (node != null && node.isObject()) {
                return node;
            }
            throw Failure.bad("the body is no JSON object (expected: a job)");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw Failure.bad("the body is not valid JSON"
                    + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()));
        } catch (IOException e) {
            throw Failure.bad("the body is not valid JSON");
        }
    }
}
