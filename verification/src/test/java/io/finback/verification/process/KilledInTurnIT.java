package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A master, two agents and two routers, each its own OS process. While clients call through both routers and another changes apps,
 * the master, an agent and a router are killed with SIGKILL in turn and started again. Prints what failed and for how long.
 */
@Tag("process")
final class KilledInTurnIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SETTLED = Duration.ofMinutes(3);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    @TempDir
    private Path dir;

    @Test
    void nothingAcknowledgedIsLostAndNoTaskIsTouched() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(1);
            ClusterProcesses.NodeProcess other = cluster.agent(2);
            ClusterProcesses.NodeProcess router = cluster.router(1);
            ClusterProcesses.NodeProcess spare = cluster.router(2);
            for (ClusterProcesses.NodeProcess node : new ClusterProcesses.NodeProcess[] {agent, other, router, spare}) {
                cluster.awaitReady(node);
            }
            Path ledger = dir.resolve("ledger");
            postWeb(cluster, ledger);
            Waiting.until(
                    "three instances answer", SETTLED, () -> running(cluster).size() == 3, () -> describe(cluster));
            awaitAllAnswer(router);
            awaitAllAnswer(spare);
            Map<String, String> before = running(cluster);
            Set<String> answers = new HashSet<>();
            try (MeshCaller first = new MeshCaller("router-1", router.port("finback.router.http.port"));
                    MeshCaller second = new MeshCaller("router-2", spare.port("finback.router.http.port"));
                    AppChanger changer = new AppChanger(cluster.servicesPort)) {
                first.awaitMore(200);
                changer.awaitMore(20);

                cluster.kill9(master);
                first.awaitMore(200);
                second.awaitMore(200);
                cluster.restart(master);
                cluster.awaitReady(master);
                changer.awaitMore(20);
                assertThat(first.failures() + second.failures())
                        .as("mesh calls while the master was gone: " + first.report() + second.report())
                        .isZero();

                cluster.kill9(agent);
                first.awaitMore(200);
                cluster.restart(agent);
                cluster.awaitReady(agent);
                changer.awaitMore(20);
                assertThat(first.failures() + second.failures())
                        .as("mesh calls while the agent was gone: " + first.report() + second.report())
                        .isZero();

                cluster.kill9(router);
                second.awaitMore(200);
                cluster.restart(router);
                cluster.awaitReady(router);
                first.awaitMore(100);
                changer.awaitMore(20);
                assertThat(second.failures()).as(second.report()).isZero();

                changer.finish();
                System.err.println(first.report());
                System.err.println(second.report());
                System.err.println(changer.report());
                assertThat(changer.lost())
                        .as("acknowledged changes that are gone")
                        .isEmpty();
                answers.addAll(first.answers().keySet());
                answers.addAll(second.answers().keySet());
            }
            assertThat(answers).as("task id and pid of whoever answered").hasSize(3);
            assertThat(running(cluster)).as("same task ids on the same agents").isEqualTo(before);
            assertThat(Files.readAllLines(ledger))
                    .as("every launch, once")
                    .doesNotHaveDuplicates()
                    .hasSize(3);
        }
    }

    private static void postWeb(ClusterProcesses cluster, Path ledger) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path classes = Path.of(Backend.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        String command = "echo $MESOS_TASK_ID >> " + ledger + "; exec " + java
                + " -Xmx24m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp " + classes + " " + Backend.class.getName()
                + " $PORT0";
        String body = JSON.createObjectNode()
                .put("id", "/web")
                .put("cmd", command)
                .put("cpus", 0.1)
                .put("mem", 64)
                .put("instances", 3)
                .toString();
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + cluster.servicesPort + "/v2/apps"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
    }

    /** Task id to agent of every running instance of web. */
    private static Map<String, String> running(ClusterProcesses cluster) throws IOException, InterruptedException {
        JsonNode tasks = get("http://127.0.0.1:" + cluster.servicesPort + "/v2/apps/web/tasks")
                .path("tasks");
        Map<String, String> running = new HashMap<>();
        tasks.forEach(task -> {
            if (task.path("state").asText().equals("TASK_RUNNING")) {
                running.put(task.path("id").asText(), task.path("slaveId").asText());
            }
        });
        return running;
    }

    private static void awaitAllAnswer(ClusterProcesses.NodeProcess router) {
        URI target = URI.create("http://127.0.0.1:" + router.port("finback.router.http.port") + "/");
        Set<String> seen = new HashSet<>();
        Waiting.until(
                "all three instances answer through " + router.name,
                SETTLED,
                () -> {
                    seen.add(MeshCaller.call(HTTP, target));
                    return seen.size() == 3;
                },
                () -> "answered: " + seen);
    }

    private static JsonNode get(String url) throws IOException, InterruptedException {
        return JSON.readTree(HTTP.send(
                        HttpRequest.newBuilder(URI.create(url))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static String describe(ClusterProcesses cluster) {
        try {
            return get("http://127.0.0.1:" + cluster.servicesPort + "/v2/apps/web")
                            .toString()
                    + get("http://127.0.0.1:" + cluster.servicesPort + "/v2/queue");
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }
}
