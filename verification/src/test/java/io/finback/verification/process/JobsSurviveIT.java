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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs over the loss of every process, each its own OS process: the master is killed with SIGKILL while a long run is under way and a job of every two
 * seconds goes on, then an agent. Every run writes its task id into a ledger. The findings of the Jepsen analysis of Chronos that take
 * real processes: nothing runs after a heal, a second copy after a failover, jobs lost on a restart.
 */
@Tag("process")
final class JobsSurviveIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SETTLED = Duration.ofSeconds(90);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    @TempDir
    private Path dir;

    @Test
    void everyOccurrenceRunsOnceOrIsWrittenDown() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(1);
            ClusterProcesses.NodeProcess other = cluster.agent(2);
            cluster.awaitReady(agent);
            cluster.awaitReady(other);
            Path ledger = dir.resolve("ledger");
            Path once = dir.resolve("once");
            Files.createFile(ledger);
            Files.createFile(once);
            post(cluster, "often", "echo $MESOS_TASK_ID >> " + ledger, "R//PT2S");
            post(cluster, "once", "echo $MESOS_TASK_ID >> " + once + "; sleep 40", "R1//PT24H");
            awaitRuns(ledger, 3);
            Waiting.until(
                    "the long run began",
                    SETTLED,
                    () -> Files.readAllLines(once).size() == 1);

            cluster.kill9(master);
            cluster.restart(master);
            cluster.awaitReady(master);
            assertThat(names(cluster)).containsExactlyInAnyOrder("often", "once");
            int before = Files.readAllLines(ledger).size();
            awaitRuns(ledger, before + 3);

            cluster.kill9(agent);
            cluster.kill9(master);
            cluster.restart(agent);
            cluster.restart(master);
            cluster.awaitReady(master);
            cluster.awaitReady(agent);
            before = Files.readAllLines(ledger).size();
            awaitRuns(ledger, before + 3);
            Waiting.until(
                    "the long run was seen to end",
                    SETTLED,
                    () -> job(cluster, "once").path("successCount").asInt() == 1,
                    () -> describe(cluster));
            assertThat(Files.readAllLines(once)).as("one copy").hasSize(1);

            List<String> ran = Files.readAllLines(ledger);
            assertThat(ran).as("every task id once").doesNotHaveDuplicates();
            Set<Long> due = ran.stream()
                    .map(id -> Long.parseLong(id.split(":", -1)[1]))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(due).as("every occurrence once").hasSameSizeAs(ran);
            long span = (((TreeSet<Long>) due).last() - ((TreeSet<Long>) due).first()) / 2000 + 1;
            long notRun = history(cluster).path("notRun").asLong();
            System.err.println("occurrences " + span + ", run " + due.size() + ", written down as not run " + notRun);
            assertThat(due.size() + notRun).as("none vanished").isGreaterThanOrEqualTo(span);
        }
    }

    private static void awaitRuns(Path ledger, int count) {
        Waiting.until(count + " runs", SETTLED, () -> Files.readAllLines(ledger).size() >= count);
    }

    private static void post(ClusterProcesses cluster, String name, String command, String schedule) throws Exception {
        String body = JSON.createObjectNode()
                .put("name", name)
                .put("command", command)
                .put("schedule", schedule)
                .put("mem", 16)
                .put("disk", 1)
                .toString();
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(uri(cluster, "iso8601"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(204);
    }

    private static List<String> names(ClusterProcesses cluster) throws IOException, InterruptedException {
        return get(cluster, "jobs").findValuesAsText("name");
    }

    private static JsonNode job(ClusterProcesses cluster, String name) throws IOException, InterruptedException {
        return get(cluster, "job/" + name);
    }

    private static JsonNode history(ClusterProcesses cluster) throws IOException, InterruptedException {
        return get(cluster, "job/often/history");
    }

    private static JsonNode get(ClusterProcesses cluster, String path) throws IOException, InterruptedException {
        return JSON.readTree(HTTP.send(
                        HttpRequest.newBuilder(uri(cluster, path))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static URI uri(ClusterProcesses cluster, String path) {
        return URI.create("http://127.0.0.1:" + cluster.servicesPort + "/v1/scheduler/" + path);
    }

    private static String describe(ClusterProcesses cluster) {
        try {
            return get(cluster, "job/once/history").toString();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }
}
