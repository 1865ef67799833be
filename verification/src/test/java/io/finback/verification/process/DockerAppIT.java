package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An app in containers, as a person has it: posted to a cluster of OS processes with a real engine, reached through the mesh by its
 * mapped port, untouched by {@code kill -9} of its agent, scaled away.
 */
@Tag("process")
final class DockerAppIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SETTLED = Duration.ofSeconds(60);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    @TempDir
    private Path dir;

    @Test
    void isServedThroughTheMeshAndOutlivesItsAgent() throws Exception {
        try (DockerEngine engine = DockerEngine.start(dir.resolve("engine"));
                ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(
                    1, List.of("finback.agent.docker.host=" + engine.host(), "finback.agent.docker.remove-delay=0s"));
            ClusterProcesses.NodeProcess router = cluster.router(1);
            cluster.awaitReady(agent);
            cluster.awaitReady(router);

            HttpResponse<String> created = send(
                    "POST",
                    "http://127.0.0.1:" + cluster.servicesPort + "/v2/apps",
                    "{\"id\":\"/whale\",\"cpus\":0.1,\"mem\":32,\"instances\":2,\"cmd\":\"mkdir /www; hostname > /www/index.html;"
                            + " exec httpd -f -p 8080 -h /www\",\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":"
                            + "{\"type\":\"DOCKER\",\"docker\":{\"image\":\"" + DockerEngine.IMAGE + "\"},"
                            + "\"portMappings\":[{\"containerPort\":8080}]}}");
            assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
            Waiting.until("two instances run", SETTLED, () -> running(cluster) == 2, () -> describe(cluster, agent));
            List<String> before = containers(engine);
            assertThat(before).hasSize(2);
            Waiting.until("the mesh answers", SETTLED, () -> call(router).statusCode() == 200);

            cluster.kill9(agent);
            assertThat(containers(engine)).isEqualTo(before);
            assertThat(call(router).statusCode()).isEqualTo(200);
            cluster.restart(agent);
            cluster.awaitReady(agent);
            assertThat(containers(engine)).isEqualTo(before);
            Waiting.until("two instances still run", SETTLED, () -> running(cluster) == 2);

            // One that ends is seen by the new agent, and replaced.
            engine.mustDocker("kill", before.get(0));
            Waiting.until(
                    "it was replaced",
                    SETTLED,
                    () -> {
                        List<String> now = containers(engine);
                        return now.size() == 2 && !now.contains(before.get(0)) && now.contains(before.get(1));
                    },
                    () -> describe(cluster, agent));

            HttpResponse<String> deleted =
                    send("DELETE", "http://127.0.0.1:" + cluster.servicesPort + "/v2/apps/whale", "");
            assertThat(deleted.statusCode()).isEqualTo(200);
            Waiting.until(
                    "nothing is left in the engine",
                    SETTLED,
                    () -> engine.mustDocker("ps", "-aq").isEmpty(),
                    () -> describe(cluster, agent));
        }
    }

    private static HttpResponse<String> call(ClusterProcesses.NodeProcess router) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.port("finback.router.http.port") + "/"))
                        .header("l5d-name", "/svc/whale")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static List<String> containers(DockerEngine engine) {
        return List.of(engine.mustDocker("ps", "--format", "{{.Names}}").split("\\s+", -1)).stream()
                .filter(name -> !name.isEmpty())
                .sorted(java.util.Comparator.reverseOrder())
                .toList();
    }

    private static int running(ClusterProcesses cluster) throws Exception {
        return app(cluster).path("tasksRunning").asInt();
    }

    private static JsonNode app(ClusterProcesses cluster) throws Exception {
        return JSON.readTree(send("GET", "http://127.0.0.1:" + cluster.servicesPort + "/v2/apps/whale", "")
                        .body())
                .path("app");
    }

    private static String describe(ClusterProcesses cluster, ClusterProcesses.NodeProcess agent) {
        try {
            return app(cluster) + " " + ClusterProcesses.tail(agent.output);
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static HttpResponse<String> send(String method, String uri, String body)
            throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(uri))
                        .timeout(Duration.ofSeconds(10))
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
