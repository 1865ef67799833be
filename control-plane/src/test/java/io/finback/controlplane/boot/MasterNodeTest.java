package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.finback.runtime.Node;
import io.finback.runtime.StartFailure;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasterNodeTest {
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path data;

    @Test
    void servesTheClusterApiAndStops() throws Exception {
        Config config = ControlPlaneHarness.config(data, Map.of());
        int port = config.getInt("finback.master.http.port");
        Node node = MasterNode.start(config);
        try {
            node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
            assertThat(get(port, "/health").statusCode()).isEqualTo(200);
            assertThat(get(port, "/health").body()).isEmpty();
            for (String path : new String[] {"/state", "/master/state", "/master/state.json", "/state.json"}) {
                JsonNode state = json(port, path);
                assertThat(state.path("leader").asText()).isEqualTo("master@127.0.0.1:" + port);
                assertThat(state.path("slaves").isArray()).isTrue();
                assertThat(state.path("frameworks").isArray()).isTrue();
            }
            assertThat(json(port, "/metrics/snapshot").path("master/elected").asDouble())
                    .isEqualTo(1);
            assertThat(json(port, "/master/slaves").path("slaves").isArray()).isTrue();
            assertThat(json(port, "/roles").path("roles").get(0).path("name").asText())
                    .isEqualTo("*");
            assertThat(json(port, "/tasks").path("tasks").isArray()).isTrue();
            assertThat(json(port, "/version").path("version").asText()).isNotEmpty();
            assertThat(get(port, "/metrics").body()).contains("finback_master_agents{state=\"active\"} 0.0");
            assertThat(get(port, "/redirect").statusCode()).isEqualTo(307);
            assertThat(get(port, "/redirect").headers().firstValue("Location")).contains("//127.0.0.1:" + port);
            assertThat(get(port, "/nowhere").statusCode()).isEqualTo(404);
            assertThat(get(port, "/tasks?limit=x").statusCode()).isEqualTo(400);
        } finally {
            node.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
        assertThat(node.terminated().toCompletableFuture().get(1, TimeUnit.SECONDS))
                .isEqualTo("stopped");
    }

    @Test
    void aTakenPortIsOneLineThatNamesTheKey() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Config config = ControlPlaneHarness.config(data, Map.of("finback.master.http.port", taken.getLocalPort()));
            assertThatThrownBy(() -> MasterNode.start(config))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("finback.master.http")
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }
    }

    @Test
    void aWrongValueNamesItsKey() {
        Config config = ControlPlaneHarness.config(data, Map.of("finback.master.agent-unreachable-after", "1 s"));
        assertThatThrownBy(() -> MasterNode.start(config))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.master.agent-unreachable-after");
    }

    private JsonNode json(int port, String path) throws Exception {
        return new ObjectMapper().readTree(get(port, path).body());
    }

    private HttpResponse<String> get(int port, String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
