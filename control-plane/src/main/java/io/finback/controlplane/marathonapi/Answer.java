package io.finback.controlplane.marathonapi;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A response as the handlers make it. */
record Answer(int status, String contentType, ByteString body, Map<String, String> headers) {
    private static final String JSON = "application/json";

    static Answer json(int status, JsonNode body) {
        return new Answer(status, JSON, ByteString.fromArray(Json.bytes(body)), Map.of());
    }

    static Answer ok(JsonNode body) {
        return json(200, body);
    }

    static Answer text(String contentType, String body) {
        return new Answer(200, contentType, ByteString.fromString(body), Map.of());
    }

    static Answer empty(int status) {
        return new Answer(status, JSON, ByteString.emptyByteString(), Map.of());
    }

    static Answer failure(ApiFailure failure) {
        Answer answer = json(failure.status(), failure.body());
        return failure.allow().map(methods -> answer.with("Allow", methods)).orElse(answer);
    }

    /** Marathon's DeploymentResult. */
    static Answer deployment(int status, String id, Instant version) {
        ObjectNode body = Json.object().put("version", Json.time(version)).put("deploymentId", id);
        return json(status, body).deploymentHeader(id);
    }

    Answer deploymentHeader(String id) {
        return with("Marathon-Deployment-Id", id);
    }

    Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, body, more);
    }

    CompletionStage<Answer> now() {
        return CompletableFuture.completedFuture(this);
    }
}
