package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three masters on one PostgreSQL, each its own OS process, and an agent: any of them takes any request ("the same through a follower"), and what
 * one has promised the others keep when it is killed, apps and jobs alike. (Of two masters, the one that is left could not tell whether it is
 * the one that is cut off, and would end.)
 */
@Tag("process")
final class SeveralMastersIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int MASTERS = 3;
    private static final Duration PERIOD = Duration.ofSeconds(2);

    @TempDir
    private Path dir;

    @Test
    void whatOneMasterPromisesTheOthersKeep() throws Exception {
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
            masters.forEach(cluster::awaitReady);
            cluster.awaitReady(cluster.agent(1));
            List<ServicesClient> services = masters.stream()
                    .map(master -> new ServicesClient(master.port("finback.services.http.port")))
                    .toList();

            // Through one, read at the other; restarted through the other while it is backed off.
            services.get(0).post("/v2/apps", app("/web", 2, "sleep 1000"));
            List<String> web = services.get(1).settled("/web", 2, LIMIT);
            services.get(1).put("/v2/apps/web", "{\"instances\":3}");
            assertThat(services.get(0).settled("/web", 3, LIMIT)).containsAll(web);
            Path marks = dir.resolve("marks");
            services.get(0)
                    .post(
                            "/v2/apps",
                            app("/crash", 1, "echo x >> " + marks + "; exit 1")
                                    .replace("}", ",\"backoffSeconds\":300,\"maxLaunchDelaySeconds\":3600}"));
            Waiting.until(
                    "backed off",
                    LIMIT,
                    () -> services.get(1).get("/v2/queue").text().contains("/crash"));
            Waiting.until("it has run", LIMIT, () -> Files.exists(marks));
            int runs = Files.readAllLines(marks).size();
            services.get(1).post("/v2/apps/crash/restart?force=true", "");
            Waiting.until(
                    "a restart waits for no delay",
                    LIMIT,
                    () -> Files.readAllLines(marks).size() > runs);
            services.get(0).delete("/v2/apps/crash?force=true");

            Path ledger = Files.createFile(dir.resolve("ledger"));
            Path once = Files.createFile(dir.resolve("once"));
            job(services.get(0), "often", "echo $MESOS_TASK_ID >> " + ledger, "R//PT" + PERIOD.toSeconds() + "S");
            job(services.get(1), "long", "echo $MESOS_TASK_ID >> " + once + "; sleep 20", "R1//PT24H");
            awaitLines(ledger, 3);
            awaitLines(once, 1);

            // Each master in turn, while both apps and jobs go on.
            for (int killed = 0; killed < 2; killed++) {
                ServicesClient other = services.get((killed + 2) % MASTERS);
                List<String> before = other.running("/web");
                cluster.kill9(masters.get(killed));
                int ran = Files.readAllLines(ledger).size();
                awaitAnswer(other);
                other.put("/v2/apps/web?force=true", "{\"labels\":{\"round\":\"" + killed + "\"}}");
                List<String> after = other.settled("/web", 3, LIMIT);
                assertThat(after).as("replaced by the new configuration").doesNotContainAnyElementsOf(before);
                awaitLines(ledger, ran + 3);
                cluster.restart(masters.get(killed));
                cluster.awaitReady(masters.get(killed));
                assertThat(services.get(killed)
                                .app("/web")
                                .path("labels")
                                .path("round")
                                .asText())
                        .isEqualTo(Integer.toString(killed));
            }
            Waiting.until(
                    "the long run was seen to end",
                    LIMIT,
                    () -> services.get(0)
                                    .get("/v1/scheduler/job/long")
                                    .body()
                                    .path("successCount")
                                    .asInt()
                            == 1);
            assertThat(Files.readAllLines(once)).as("one copy").hasSize(1);
            accounted(services.get(0), Files.readAllLines(ledger));
        }
    }

    private static void awaitLines(Path file, int count) {
        Waiting.until(
                count + " lines in " + file,
                LIMIT,
                () -> Files.readAllLines(file).size() >= count);
    }

    /** Reads never stop; a change is taken again when the entities have moved. */
    private static void awaitAnswer(ServicesClient services) throws Exception {
        assertThat(services.get("/v2/apps").status()).isEqualTo(200);
        Waiting.until(
                "changes are taken",
                LIMIT,
                () -> services.send("PUT", "/v2/apps/web", Optional.of("{\"instances\":3}"))
                                .status()
                        < 300);
    }

    /** Every occurrence ran once, or is written down with why not. */
    private static void accounted(ServicesClient services, List<String> ran) throws Exception {
        assertThat(ran).as("every task id once").doesNotHaveDuplicates();
        List<Long> due = new ArrayList<>(ran.stream()
                .map(id -> Long.parseLong(id.split(":", -1)[1]))
                .sorted()
                .toList());
        assertThat(due).as("every occurrence once").doesNotHaveDuplicates();
        long span = (due.get(due.size() - 1) - due.get(0)) / PERIOD.toMillis() + 1;
        JsonNode history = services.get("/v1/scheduler/job/often/history").body();
        assertThat(due.size() + history.path("notRun").asLong())
                .as("none vanished")
                .isGreaterThanOrEqualTo(span);
    }

    private static void job(ServicesClient services, String name, String command, String schedule) throws Exception {
        services.post(
                "/v1/scheduler/iso8601",
                "{\"name\":\"" + name + "\",\"command\":\"" + command + "\",\"schedule\":\"" + schedule
                        + "\",\"mem\":16,\"disk\":1}");
    }

    private static String app(String id, int instances, String cmd) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                + ",\"portDefinitions\":[]}";
    }
}
