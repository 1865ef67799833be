package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.verification.deploy.Monitoring;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Prometheus (Debian's package) that scrapes a cluster by the addresses of docs/operations.md with the alert rules of k8s/monitoring: every
 * node answers it in a format it takes, every rule is evaluated, none says that a cluster that is well is ill, and every question of the
 * dashboard is one.
 */
@Tag("process")
@Timeout(300)
final class MonitoringIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @TempDir
    private Path dir;

    @Test
    void prometheusReadsEveryNodeAndEvaluatesEveryRule() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir, 1)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            List<ClusterProcesses.NodeProcess> others = List.of(cluster.agent(1), cluster.router(1));
            others.forEach(cluster::awaitReady);
            ServicesClient client = new ServicesClient(master.port("finback.services.http.port"));
            client.post("/v2/apps", "{\"id\":\"/monitored\",\"cmd\":\"sleep 1000\",\"cpus\":0.1,\"mem\":16}");
            int port = ClusterProcesses.freePort();
            Process prometheus = start(
                    port,
                    job("masters", "/metrics", master.port("finback.master.http.port"))
                            + job("services", "/metrics/prometheus", master.port("finback.services.http.port"))
                            + job("agents", "/metrics", others.get(0).port("finback.agent.http.port"))
                            + job("routers", "/metrics", others.get(1).port("finback.router.admin.port"))
                            + job(
                                    "linkerd",
                                    "/admin/metrics/prometheus",
                                    others.get(1).port("finback.router.admin.port")));
            try {
                Waiting.until("every node is read", LIMIT, () -> up(port) == 5, () -> describe(port));
                Waiting.until("every rule is evaluated", LIMIT, () -> evaluated(port), () -> describe(port));
                assertThat(firing(port)).isEmpty();
                for (String question : Monitoring.questionsOfTheDashboard()) {
                    JsonNode answer =
                            ask(port, "/api/v1/query?query=" + URLEncoder.encode(question, StandardCharsets.UTF_8));
                    assertThat(answer.path("status").asText())
                            .as(question + ": " + answer)
                            .isEqualTo("success");
                }
                assertThat(value(port, "max(finback_master_agents{state=\"active\"})"))
                        .isEqualTo("1");
            } finally {
                prometheus.destroyForcibly();
            }
        }
    }

    private static String job(String name, String path, int port) {
        return """
                - job_name: %s
                  metrics_path: %s
                  static_configs:
                  - targets: ["127.0.0.1:%d"]
                """.formatted(name, path, port);
    }

    private Process start(int port, String jobs) throws IOException {
        Path file = dir.resolve("prometheus.yml");
        Files.writeString(file, """
                global:
                  scrape_interval: 1s
                  evaluation_interval: 1s
                rule_files:
                - %s
                scrape_configs:
                """.formatted(Monitoring.folder().resolve("alerts.yaml")) + jobs);
        try {
            return new ProcessBuilder(
                            System.getProperty("prometheus", "prometheus"),
                            "--config.file=" + file,
                            "--storage.tsdb.path=" + dir.resolve("prometheus"),
                            "--web.listen-address=127.0.0.1:" + port)
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("prometheus.out").toFile())
                    .start();
        } catch (IOException e) {
            throw new IOException("no prometheus here (apt-get install prometheus, or -Dprometheus=PATH)", e);
        }
    }

    private static JsonNode ask(int port, String path) throws IOException, InterruptedException {
        try {
            HttpResponse<String> response = HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofSeconds(10))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return response.body().startsWith("{") ? JSON.readTree(response.body()) : JSON.missingNode();
        } catch (ConnectException notYet) {
            return JSON.missingNode();
        }
    }

    private static long up(int port) throws IOException, InterruptedException {
        long up = 0;
        for (JsonNode target : ask(port, "/api/v1/targets").path("data").path("activeTargets")) {
            up += target.path("health").asText().equals("up") ? 1 : 0;
        }
        return up;
    }

    private static List<JsonNode> rules(int port) throws IOException, InterruptedException {
        List<JsonNode> rules = new ArrayList<>();
        for (JsonNode group : ask(port, "/api/v1/rules").path("data").path("groups")) {
            group.path("rules").forEach(rules::add);
        }
        return rules;
    }

    private static boolean evaluated(int port) throws IOException, InterruptedException {
        List<JsonNode> rules = rules(port);
        for (JsonNode rule : rules) {
            if (rule.path("health").asText().equals("err")) {
                throw new AssertionError("rule: " + rule);
            }
        }
        return !rules.isEmpty()
                && rules.stream().allMatch(rule -> rule.path("health").asText().equals("ok"));
    }

    /** Alerts that fire, or would if it stayed like this. */
    private static List<String> firing(int port) throws IOException, InterruptedException {
        return rules(port).stream()
                .filter(rule -> !rule.path("alerts").isEmpty())
                .map(JsonNode::toString)
                .toList();
    }

    private static String value(int port, String question) throws IOException, InterruptedException {
        return ask(port, "/api/v1/query?query=" + URLEncoder.encode(question, StandardCharsets.UTF_8))
                .at("/data/result/0/value/1")
                .asText();
    }

    private static String describe(int port) {
        try {
            return ask(port, "/api/v1/targets") + " " + rules(port);
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }
}
