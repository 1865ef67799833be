package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A cluster of the previous version becomes one of this version node by node, while clients of the services' API and of the mesh call all the
 * time: both versions are members together, no call that was taken fails, no task is touched, nothing acknowledged is lost.
 */
@Tag("process")
@Timeout(900)
final class RollingUpgradeIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /** What clients of such APIs wait for an answer, at least. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int MASTERS = 3;
    private static final int INSTANCES = 2;
    private static final int WRITERS = 3;

    @TempDir
    private Path dir;

    @Test
    void oneNodeAfterTheOtherAndNobodyNotices() throws Exception {
        Path previous = PreviousVersion.launcher();
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start();
                ClusterProcesses cluster = new ClusterProcesses(dir, MASTERS)) {
            cluster.startWith(previous);
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
            List<ClusterProcesses.NodeProcess> others = List.of(cluster.agent(1), cluster.router(1), cluster.router(2));
            others.forEach(cluster::awaitReady);
            List<Integer> services = ports(masters, "finback.services.http.port");
            ServicesClient client = new ServicesClient(services.get(0));

            Path ledger = dir.resolve("ledger");
            client.post("/v2/apps", web(ledger));
            List<String> tasks = client.settled("/web", INSTANCES, LIMIT);
            for (int i = 0; i < WRITERS; i++) {
                client.post("/v2/apps", "{\"id\":\"/w" + i + "\",\"cmd\":\"sleep 1000\",\"instances\":0}");
            }
            try (MeshCaller first = new MeshCaller("router-1", others.get(1).port("finback.router.http.port"));
                    MeshCaller second = new MeshCaller("router-2", others.get(2).port("finback.router.http.port"));
                    Callers callers = new Callers(PATIENCE)) {
                // Until the first router has heard of the service.
                first.awaitMore(1);
                second.awaitMore(1);
                long before = first.failures() + second.failures();
                for (int i = 0; i < WRITERS; i++) {
                    callers.writer(services, "/w" + i);
                }
                callers.reader(services, "/v2/apps");
                callers.reader(ports(masters, "finback.master.http.port"), "/state");
                callers.awaitMore(20);
                callers.reset();

                for (ClusterProcesses.NodeProcess master : masters) {
                    upgrade(cluster, master);
                    callers.awaitMore(20);
                    System.err.println(master.name + " upgraded:\n" + callers.report() + "  " + first.report() + "\n  "
                            + second.report());
                }
                upgrade(cluster, others.get(0));
                callers.awaitMore(20);
                first.awaitMore(100);
                second.awaitMore(100);
                assertThat(first.failures() + second.failures())
                        .as("mesh calls while masters and agent were upgraded: " + first.report() + second.report())
                        .isEqualTo(before);
                upgrade(cluster, others.get(1));
                first.awaitMore(100);
                long others2 = second.failures();
                upgrade(cluster, others.get(2));
                second.awaitMore(100);
                System.err.println("all upgraded:\n" + callers.report() + first.report() + "\n" + second.report());
                assertThat(others2)
                        .as("the other router's calls: " + second.report())
                        .isLessThanOrEqualTo(before);
                assertThat(callers.failures("reader")).as(callers.report()).isZero();
                assertThat(callers.failures("writer")).as(callers.report()).isZero();
                callers.finish();
                assertThat(marks(client)).containsAllEntriesOf(callers.acknowledged());
            }
            assertThat(client.running("/web")).as("the same tasks").containsExactlyInAnyOrderElementsOf(tasks);
            assertThat(Files.readAllLines(ledger)).as("every launch, once").hasSize(INSTANCES);
            // What was begun under the one is changed under the other.
            client.put("/v2/apps/web?force=true", "{\"instances\":" + (INSTANCES + 1) + "}");
            assertThat(client.settled("/web", INSTANCES + 1, LIMIT)).containsAll(tasks);
        }
    }

    private static void upgrade(ClusterProcesses cluster, ClusterProcesses.NodeProcess node) {
        cluster.upgrade(node);
        cluster.awaitReady(cluster.node(node.name));
    }

    private static List<Integer> ports(List<ClusterProcesses.NodeProcess> nodes, String key) {
        return nodes.stream().map(node -> node.port(key)).toList();
    }

    private static Map<String, String> marks(ServicesClient client) throws Exception {
        JsonNode apps = client.get("/v2/apps").body().path("apps");
        Map<String, String> marks = new HashMap<>();
        apps.forEach(app -> marks.put(
                app.path("id").asText(), app.path("labels").path("mark").asText()));
        return marks;
    }

    private static String web(Path ledger) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path classes = Path.of(Backend.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        return JSON.createObjectNode()
                .put("id", "/web")
                .put(
                        "cmd",
                        "echo $MESOS_TASK_ID >> " + ledger + "; exec " + java
                                + " -Xmx24m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp " + classes + " "
                                + Backend.class.getName() + " $PORT0")
                .put("cpus", 0.1)
                .put("mem", 64)
                .put("instances", INSTANCES)
                .toString();
    }
}
