package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rows of reference A9 about abdication, restarts of the leader and machines that are lost, against real processes. */
@Tag("process")
final class AcceptanceFailoverIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @TempDir
    private Path dir;

    private static String app(String id, int instances, String cmd, String more) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                + ",\"portDefinitions\":[]" + more + "}";
    }

    /** A new app and an upgrade, both waiting for what is unhealthy, wait on after a restart, and end after. */
    @Test
    void appsAndDeploymentsOutliveAbdicationAndTheirLeader() throws Exception {
        Path well = dir.resolve("well");
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            cluster.awaitReady(cluster.agent(1));
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            services.post("/v2/apps", app("/steady", 2, "sleep 1000", ""));
            List<String> steady = services.settled("/steady", 2, LIMIT);
            for (int i = 0; i < 5; i++) {
                assertThat(services.delete("/v2/leader").text()).contains("Leadership abdicated");
            }
            services.post("/v2/apps", app("/after", 1, "sleep 1000", ""));
            services.settled("/after", 1, LIMIT);
            assertThat(services.running("/steady")).containsExactlyInAnyOrderElementsOf(steady);

            services.post("/v2/apps", app("/ill", 1, "sleep 1000", check(well)));
            services.put(
                    "/v2/apps/steady",
                    "{\"cmd\":\"sleep 2000\",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}"
                            + check(well) + "}");
            Waiting.until(
                    "a new one runs beside the old ones",
                    LIMIT,
                    () -> services.running("/steady").size() == 3,
                    () -> services.describe("/steady"));
            Waiting.until(
                    "the other one runs",
                    LIMIT,
                    () -> services.running("/ill").size() == 1,
                    () -> services.describe("/ill"));
            Set<String> before = new TreeSet<>(services.running("/steady"));
            String ill = services.running("/ill").get(0);

            cluster.kill9(master);
            cluster.restart(master);
            cluster.awaitReady(master);
            assertThat(services.deploying("/steady")).isTrue();
            assertThat(services.deploying("/ill")).isTrue();
            assertThat(services.running("/steady")).as("nothing was ended").containsAll(steady);
            Files.createFile(well);
            List<String> fresh = services.settled("/steady", 2, LIMIT);
            assertThat(services.settled("/ill", 1, LIMIT)).containsExactly(ill);
            assertThat(fresh).as("the one that waited was used").containsAnyElementsOf(before);
            assertThat(fresh).doesNotContainAnyElementsOf(steady);
        }
    }

    /** A deployment that waits for a readiness check waits on after a restart, with the instance it had begun. */
    @Test
    void aDeploymentThatWaitsForReadinessOutlivesItsLeader() throws Exception {
        Path ready = dir.resolve("ready");
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            cluster.awaitReady(cluster.agent(1));
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            services.post("/v2/apps", gated(Backend.command("$PORT_HTTP", dir.toString())));
            String first = services.settled("/gated", 1, LIMIT).get(0);
            services.put("/v2/apps/gated", gated(Backend.command("$PORT_HTTP", ready.toString())));
            Waiting.until(
                    "the new one was asked, and is not ready",
                    LIMIT,
                    () -> services.running("/gated").size() == 2
                            && services.get("/v2/apps/gated").text().contains("\"status\":503"),
                    () -> services.describe("/gated"));
            List<String> both = services.running("/gated");
            cluster.kill9(master);
            cluster.restart(master);
            cluster.awaitReady(master);
            Waiting.until(
                    "it is asked again",
                    LIMIT,
                    () -> services.get("/v2/apps/gated").text().contains("\"status\":503"),
                    () -> services.describe("/gated"));
            assertThat(services.deploying("/gated")).isTrue();
            assertThat(services.running("/gated")).containsExactlyInAnyOrderElementsOf(both);
            Files.createFile(ready);
            assertThat(services.settled("/gated", 1, LIMIT))
                    .as("the new one is kept, the old one ended")
                    .doesNotContain(first)
                    .allMatch(both::contains);
        }
    }

    private static String gated(String cmd) {
        ObjectNode app = new ObjectMapper()
                .createObjectNode()
                .put("id", "/gated")
                .put("cmd", cmd)
                .put("cpus", 0.05)
                .put("mem", 64)
                .put("instances", 1);
        app.putArray("portDefinitions").addObject().put("port", 0).put("name", "http");
        app.putArray("readinessChecks")
                .addObject()
                .put("portName", "http")
                .put("intervalSeconds", 1)
                .put("timeoutSeconds", 0.9)
                .put("preserveLastResponse", true);
        return app.toString();
    }

    private static String check(Path well) {
        return ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"test -e " + well + "\"},"
                + "\"gracePeriodSeconds\":0,\"intervalSeconds\":1,\"delaySeconds\":0,\"maxConsecutiveFailures\":0}]";
    }

    /** With a strategy of 0 at once, with a longer one not before; the one that comes back is ended if another has its place. */
    @Test
    void unreachableInstancesAreReplacedWhenTheirStrategySaysSo() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            cluster.awaitReady(cluster.master(
                    List.of("finback.master.agent-unreachable-after=4 s", "finback.master.agent-silent-after=3 s")));
            ClusterProcesses.NodeProcess lost = cluster.agent(1);
            cluster.awaitReady(lost);
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            services.post("/v2/apps", app("/now", 1, "sleep 1000", ""));
            services.post(
                    "/v2/apps",
                    app(
                            "/patient",
                            1,
                            "sleep 1000",
                            ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":3600,\"expungeAfterSeconds\":7200}"));
            String now = services.settled("/now", 1, LIMIT).get(0);
            String patient = services.settled("/patient", 1, LIMIT).get(0);
            cluster.awaitReady(cluster.agent(2));
            cluster.kill9(lost);
            Waiting.until(
                    "another runs elsewhere",
                    LIMIT,
                    () -> {
                        List<String> running = services.running("/now");
                        return running.size() == 1 && !running.contains(now);
                    },
                    () -> services.describe("/now"));
            Waiting.until(
                    "the patient one is unreachable",
                    LIMIT,
                    () -> state(services, "/patient").equals("TASK_UNREACHABLE"),
                    () -> services.describe("/patient"));
            assertThat(services.app("/patient").path("tasks")).hasSize(1);

            cluster.restart(lost);
            cluster.awaitReady(lost);
            assertThat(services.settled("/patient", 1, LIMIT))
                    .as("it was waited for")
                    .containsExactly(patient);
            Waiting.until("the one that was given up has ended", LIMIT, () -> ProcessHandle.allProcesses()
                    .noneMatch(process -> environment(process.pid()).contains(now)));
            assertThat(services.settled("/now", 1, LIMIT)).doesNotContain(now);
        }
    }

    private static String state(ServicesClient services, String id) throws Exception {
        JsonNode tasks = services.app(id).path("tasks");
        return tasks.path(0).path("state").asText();
    }

    private static String environment(long pid) {
        try {
            return Files.readString(
                    Path.of("/proc", Long.toString(pid), "environ"), java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (java.io.IOException e) {
            return "";
        }
    }
}
