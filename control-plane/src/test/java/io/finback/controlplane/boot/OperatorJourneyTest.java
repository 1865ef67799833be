package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.finback.runtime.Node;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator writes is there again after the master has been started anew. */
class OperatorJourneyTest {
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path data;

    private int port;

    @Test
    void whatOperatorsWriteSurvives() throws Exception {
        Config config =
                ControlPlaneHarness.config(data, Map.of("finback.services.http.port", ControlPlaneHarness.freePort()));
        port = config.getInt("finback.master.http.port");
        Node first = MasterNode.start(config);
        try {
            first.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
            assertThat(send("PUT", "/weights", "[{\"role\":\"eng\",\"weight\":2.5}]"))
                    .isEqualTo(200);
            assertThat(call("""
                    {"type":"UPDATE_QUOTA","update_quota":{"force":true,"quota_configs":[{"role":"eng",
                     "limits":{"cpus":{"value":3}}}]}}""")).isEqualTo(200);
            assertThat(send("POST", "/maintenance/schedule", """
                    {"windows":[{"machine_ids":[{"hostname":"n9"}],"unavailability":{"start":{"nanoseconds":1}}}]}""")).isEqualTo(200);
            assertThat(send("POST", "/machine/down", "[{\"hostname\":\"n9\"}]")).isEqualTo(200);
            shows();
            assertThat(send("POST", "/machine/down", "[{\"hostname\":\"n8\"}]")).isEqualTo(400);
            assertThat(call("{\"type\":\"MARK_AGENT_GONE\",\"mark_agent_gone\":{\"agent_id\":{\"value\":\"nobody\"}}}"))
                    .isEqualTo(404);
            assertThat(call("{\"type\":\"DRAIN_AGENT\",\"drain_agent\":{\"agent_id\":{\"value\":\"nobody\"}}}"))
                    .isEqualTo(400);
            assertThat(send("POST", "/teardown", "frameworkId=nobody")).isEqualTo(400);
            JsonNode why = json("/finback/offers/explain?role=eng");
            assertThat(why.path("role").asText()).isEqualTo("eng");
            assertThat(why.path("general").isArray()).isTrue();
        } finally {
            first.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
        Node second = MasterNode.start(config);
        try {
            second.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
            shows();
            assertThat(send("POST", "/machine/up", "[{\"hostname\":\"n9\"}]")).isEqualTo(200);
            until("/maintenance/status", status -> status.path("down_machines").isMissingNode());
        } finally {
            second.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    private void shows() throws Exception {
        until("/weights", weights -> weights.path(0).path("weight").asDouble() == 2.5);
        until("/roles", roles -> roles.toString().contains("\"limit\":{\"cpus\":3.0}"));
        until(
                "/quota",
                quota -> quota.path("configs").path(0).path("role").asText().equals("eng"));
        until("/maintenance/status", status -> status.path("down_machines")
                .path(0)
                .path("hostname")
                .asText()
                .equals("n9"));
    }

    private void until(String path, Predicate<JsonNode> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        JsonNode now = json(path);
        while (!condition.test(now)) {
            assertThat(System.nanoTime()).as("%s: %s", path, now).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            now = json(path);
        }
    }

    private int call(String body) throws Exception {
        return send("POST", "/api/v1", body);
    }

    private int send(String method, String path, String body) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri(path)).method(method, HttpRequest.BodyPublishers.ofString(body));
        if (path.startsWith("/api")) {
            request.header("Content-Type", "application/json");
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    private JsonNode json(String path) throws Exception {
        return new ObjectMapper()
                .readTree(client.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString())
                        .body());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }
}
