package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three masters, each its own OS process, on one PostgreSQL. The oldest, which places what the others run, is killed and later stopped in
 * order, while clients of the other two write and read all the time. Prints for how long.
 */
@Tag("process")
@Timeout(600)
final class MasterFailoverIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int MASTERS = 3;
    private static final int WRITERS = 6;

    @TempDir
    private Path dir;

    @Test
    void writesAreAcceptedAgainSoonAndReadsNeverStop() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start();
                ClusterProcesses cluster = new ClusterProcesses(dir, MASTERS)) {
            List<String> settings = List.of(
                    "finback.persistence.profile=postgres",
                    "finback.persistence.postgres.port=" + postgres.getPort(),
                    "finback.persistence.postgres.user=postgres",
                    "finback.persistence.postgres.database=postgres");
            List<ClusterProcesses.NodeProcess> masters = new ArrayList<>();
            for (int i = 0; i < MASTERS; i++) {
                masters.add(cluster.master(i, settings));
            }
            for (ClusterProcesses.NodeProcess master : masters) {
                cluster.awaitReady(master);
            }
            ClusterProcesses.NodeProcess oldest = masters.get(0);
            try (Callers callers = new Callers()) {
                for (int i = 0; i < WRITERS; i++) {
                    ClusterProcesses.NodeProcess master = masters.get(1 + i % 2);
                    String id = "/w" + i;
                    create(master, id);
                    callers.writer(master.port("finback.services.http.port"), id);
                }
                for (ClusterProcesses.NodeProcess master : masters.subList(1, 3)) {
                    callers.reader(master.port("finback.services.http.port"), "/v2/apps");
                    callers.reader(master.port("finback.master.http.port"), "/state");
                }
                callers.awaitMore(50);

                callers.reset();
                cluster.kill9(oldest);
                callers.awaitMore(50);
                long killed = callers.longestGapMillis("writer");
                System.err.println(
                        "kill -9 of the oldest of three masters: writes accepted again after at most " + killed
                                + " ms, longest wait of a reader " + callers.longestGapMillis("reader") + " ms\n"
                                + callers.report());
                assertThat(callers.failures("reader")).as(callers.report()).isZero();
                assertThat(killed).as(callers.report()).isLessThan(10_000);

                cluster.restart(oldest);
                cluster.awaitReady(oldest);
                callers.awaitMore(50);

                callers.reset();
                // Now the oldest.
                cluster.stop(masters.get(1));
                System.err.println("SIGTERM of the oldest, seen by writers of the third: longest wait "
                        + callers.longestGapMillis("writer") + " ms (those of the one that stopped included)\n"
                        + callers.report());
            }
            ClusterProcesses.NodeProcess survivor = masters.get(2);
            Waiting.until(
                    "the survivors serve",
                    Duration.ofSeconds(60),
                    () -> marks(survivor).size() == WRITERS);
        }
    }

    private static void create(ClusterProcesses.NodeProcess master, String id) throws Exception {
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + master.port("finback.services.http.port") + "/v2/apps"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"id\":\"" + id + "\",\"cmd\":\"sleep 1000\",\"instances\":0}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
    }

    private static Map<String, String> marks(ClusterProcesses.NodeProcess master) throws Exception {
        JsonNode apps = JSON.readTree(HTTP.send(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                                                + master.port("finback.services.http.port") + "/v2/apps"))
                                        .timeout(Duration.ofSeconds(5))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body())
                .path("apps");
        Map<String, String> marks = new java.util.HashMap<>();
        apps.forEach(app -> marks.put(
                app.path("id").asText(), app.path("labels").path("mark").asText()));
        return marks;
    }
}
