package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master and an agent, each its own OS process, and a scheduler on the wire: what it hears of checks, of usage and of loans. */
@Tag("process")
final class ChecksAndLendingIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path dir;

    @Test
    void aSchedulerHearsOfHealthAndLosesWhatItBorrowed() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            cluster.awaitReady(cluster.master());
            ClusterProcesses.NodeProcess agent = cluster.agent(
                    1,
                    List.of(
                            "finback.agent.oversubscription.estimator=fixed",
                            "finback.agent.oversubscription.fixed-cpus=2",
                            "finback.agent.oversubscription.qos=load",
                            "finback.agent.oversubscription.load-threshold=0",
                            "finback.agent.oversubscription.interval=1s"));
            cluster.awaitReady(agent);
            try (LoadScheduler scheduler = new LoadScheduler(cluster.clusterPort, List.of("REVOCABLE_RESOURCES"))) {
                health(cluster, agent, scheduler);
                loan(scheduler);
                assertThat(scheduler.problems()).isEmpty();
            }
        }
    }

    private void health(ClusterProcesses cluster, ClusterProcesses.NodeProcess agent, LoadScheduler scheduler)
            throws Exception {
        Path well = Files.createFile(dir.resolve("well"));
        LoadScheduler.Offer offer = offer(scheduler, "cpus");
        scheduler.use(
                offer,
                List.of(LoadScheduler.checked(
                        LoadScheduler.task("checked", "exec sleep 600", 0.1, 32), "test -e " + well, 0.2, 2)),
                0);
        Waiting.until("it is healthy", LIMIT, () -> last(scheduler, "checked")
                .filter(said -> said.status().path("healthy").asBoolean())
                .isPresent());
        assertThat(last(scheduler, "checked").orElseThrow().reason())
                .isEqualTo("REASON_TASK_HEALTH_CHECK_STATUS_UPDATED");
        Waiting.until("the master shows it", LIMIT, () -> {
            JsonNode task = task(cluster.clusterPort, "/master/state");
            return task.path("health_check")
                            .path("command")
                            .path("value")
                            .asText()
                            .startsWith("test -e")
                    && lastOf(task.path("statuses")).path("healthy").asBoolean();
        });
        JsonNode statistics = get(agent.port("finback.agent.http.port"), "/monitor/statistics");
        assertThat(statistics).hasSize(1);
        assertThat(statistics.get(0).path("executor_id").asText()).isEqualTo("checked");
        assertThat(statistics.get(0).path("statistics").path("mem_rss_bytes").asLong())
                .isPositive();
        assertThat(statistics.get(0).path("statistics").path("cpus_limit").asDouble())
                .isEqualTo(0.1);
        assertThat(get(agent.port("finback.agent.http.port"), "/slave(1)/containers.json")
                        .get(0)
                        .path("container_id")
                        .asText())
                .isNotEmpty();
        Files.delete(well);
        Waiting.until("it was ended", LIMIT, () -> scheduler.hasEnded("checked"));
        LoadScheduler.Said end = last(scheduler, "checked").orElseThrow();
        assertThat(end.state()).isEqualTo("TASK_KILLED");
        assertThat(end.status().path("healthy").asBoolean(true)).isFalse();
    }

    private static void loan(LoadScheduler scheduler) {
        LoadScheduler.Offer offer = offer(scheduler, "cpus:revocable");
        scheduler.use(
                offer, List.of(LoadScheduler.borrowing(LoadScheduler.task("borrower", "exec sleep 600", 1.5, 32))), 0);
        Waiting.until("it ran", LIMIT, () -> scheduler.has("borrower", "TASK_RUNNING"));
        Waiting.until("what it borrowed was taken back", LIMIT, () -> scheduler.hasEnded("borrower"), () -> scheduler
                .of("borrower")
                .toString());
        LoadScheduler.Said end = last(scheduler, "borrower").orElseThrow();
        assertThat(end.reason()).isEqualTo("REASON_CONTAINER_PREEMPTED");
        assertThat(end.state()).isEqualTo("TASK_LOST");
    }

    private static LoadScheduler.Offer offer(LoadScheduler scheduler, String kind) {
        Waiting.until(
                "an offer with " + kind,
                LIMIT,
                () -> with(scheduler, kind).isPresent(),
                () -> scheduler.offers() + " " + scheduler.problems());
        return with(scheduler, kind).orElseThrow();
    }

    private static Optional<LoadScheduler.Offer> with(LoadScheduler scheduler, String kind) {
        return scheduler.offers().stream()
                .filter(offer -> offer.kinds().contains(kind))
                .findFirst();
    }

    private static Optional<LoadScheduler.Said> last(LoadScheduler scheduler, String task) {
        List<LoadScheduler.Said> all = scheduler.of(task);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    private static JsonNode task(int port, String path) throws Exception {
        for (JsonNode framework : get(port, path).path("frameworks")) {
            for (JsonNode task : framework.path("tasks")) {
                return task;
            }
        }
        return JSON.missingNode();
    }

    private static JsonNode lastOf(JsonNode list) {
        return list.path(list.size() - 1);
    }

    private static JsonNode get(int port, String path) throws Exception {
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return JSON.readTree(response.body());
    }
}
