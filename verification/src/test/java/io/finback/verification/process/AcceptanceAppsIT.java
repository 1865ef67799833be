package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Marathon's own integration suite asks of apps (reference A9), each row against real processes: a master, two agents, and tasks. The
 * rows about failovers are in {@link AcceptanceFailoverIT}, those about groups in {@link AcceptanceGroupsIT}.
 */
@Tag("process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AcceptanceAppsIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private static Path dir;

    private ClusterProcesses cluster;
    private ServicesClient services;

    @BeforeAll
    void start() throws Exception {
        cluster = new ClusterProcesses(dir);
        cluster.awaitReady(cluster.master());
        List<ClusterProcesses.NodeProcess> agents = List.of(cluster.agent(1), cluster.agent(2));
        agents.forEach(cluster::awaitReady);
        services = new ServicesClient(cluster.servicesPort);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    /** {@code more} begins with a comma, if it is not empty. */
    private static String app(String id, int instances, String cmd, String more) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                + ",\"portDefinitions\":[]" + more + "}";
    }

    private List<String> create(String id, int instances) throws Exception {
        services.post("/v2/apps", app(id, instances, "sleep 1000", ""));
        return services.settled(id, instances, LIMIT);
    }

    @Test
    void createsASimpleAppAndRedeploysItUnchangedWithoutARestart() throws Exception {
        List<String> ids = create("/simple", 2);
        JsonNode app = services.app("/simple");
        assertThat(services.put("/v2/apps/simple", app.toString()).status()).isEqualTo(200);
        services.put("/v2/apps/simple", "{\"cmd\":\"sleep 1000\"}");
        assertThat(services.settled("/simple", 2, LIMIT)).containsExactlyInAnyOrderElementsOf(ids);
        services.remove("/simple", LIMIT);
    }

    @Test
    void backoffIsKeptByAScaleAndEndsWithAnotherConfiguration() throws Exception {
        Path marks = dir.resolve("crash");
        services.post(
                "/v2/apps",
                app(
                        "/crash",
                        1,
                        "echo x >> " + marks + "; exit 1",
                        ",\"backoffSeconds\":300,\"maxLaunchDelaySeconds\":3600"));
        awaitDelayed("/crash");
        int ran = Files.readAllLines(marks).size();
        services.put("/v2/apps/crash?force=true", "{\"instances\":2}");
        Waiting.until(
                "both wait",
                LIMIT,
                () -> services.queued("/crash")
                        .filter(item -> item.path("count").asInt() == 2)
                        .isPresent(),
                () -> services.describe("/crash"));
        assertThat(services.queued("/crash")
                        .orElseThrow()
                        .path("delay")
                        .path("timeLeftSeconds")
                        .asInt())
                .isGreaterThan(60);
        assertThat(Files.readAllLines(marks)).as("the scale launched none").hasSize(ran);
        services.put("/v2/apps/crash?force=true", "{\"cmd\":\"sleep 1000\"}");
        services.settled("/crash", 2, LIMIT);
        assertThat(services.queued("/crash")).isEmpty();
        services.remove("/crash", LIMIT);
    }

    @Test
    void theDelayOfACrashLooperIsShownAndTakenAwayAndARestartBeginsAtOnce() throws Exception {
        assertThat(services.queued("/looper")).isEmpty();
        assertThat(services.send("DELETE", "/v2/queue/looper/delay", Optional.empty())
                        .status())
                .isEqualTo(404);
        Path marks = dir.resolve("looper");
        services.post(
                "/v2/apps",
                app(
                        "/looper",
                        1,
                        "echo x >> " + marks + "; exit 1",
                        ",\"backoffSeconds\":300,\"maxLaunchDelaySeconds\":3600"));
        awaitDelayed("/looper");
        int before = Files.readAllLines(marks).size();
        assertThat(services.delete("/v2/queue/looper/delay").status()).isEqualTo(204);
        Waiting.until("launched again", LIMIT, () -> Files.readAllLines(marks).size() > before);
        awaitDelayed("/looper");
        int again = Files.readAllLines(marks).size();
        services.post("/v2/apps/looper/restart?force=true", "");
        Waiting.until(
                "a restart waits for no delay",
                LIMIT,
                () -> Files.readAllLines(marks).size() > again);
        services.remove("/looper", LIMIT);
    }

    /** Each sees that it is well, and later that it is ill. */
    @ParameterizedTest
    @ValueSource(strings = {"HTTP", "HTTPS", "TCP", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP", "COMMAND"})
    void eachProtocolOfHealthChecksJudges(String protocol) throws Exception {
        String id = "/health-" + protocol.toLowerCase(Locale.ROOT).replace('_', '-');
        try (CheckedDoor door = CheckedDoor.of(protocol, dir)) {
            services.post(
                    "/v2/apps",
                    app(
                            id,
                            1,
                            "sleep 1000",
                            ",\"healthChecks\":[{\"protocol\":\"" + protocol + "\"," + door.how()
                                    + ",\"gracePeriodSeconds\":60,\"intervalSeconds\":1,\"timeoutSeconds\":5,\"delaySeconds\":0,"
                                    + "\"maxConsecutiveFailures\":1000}]"));
            List<String> ids = services.settled(id, 1, LIMIT);
            awaitCount(id, "tasksHealthy");
            assertThat(services.app(id).path("tasksUnhealthy").asInt()).isZero();
            door.shut();
            awaitCount(id, "tasksUnhealthy");
            assertThat(services.running(id)).as("so few failures end nothing").isEqualTo(ids);
        }
        services.remove(id, LIMIT);
    }

    private void awaitCount(String id, String which) {
        Waiting.until(
                which + " is 1", LIMIT, () -> services.app(id).path(which).asInt() == 1, () -> services.describe(id));
    }

    @Test
    void whatFailsItsCheckTooOftenIsReplaced() throws Exception {
        services.post(
                "/v2/apps",
                app(
                        "/frail",
                        1,
                        "touch well; sleep 1000",
                        ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"test -e well\"},"
                                + "\"gracePeriodSeconds\":0,\"intervalSeconds\":1,\"delaySeconds\":0,\"maxConsecutiveFailures\":2}]"));
        String first = services.settled("/frail", 1, LIMIT).get(0);
        try (Stream<Path> files = Files.walk(dir)) {
            Path well = files.filter(
                            file -> file.endsWith("well") && file.toString().contains("/" + first + "/"))
                    .findFirst()
                    .orElseThrow();
            Files.delete(well);
        }
        Waiting.until(
                "another has its place",
                LIMIT,
                () -> {
                    List<String> running = services.running("/frail");
                    return running.size() == 1 && !running.contains(first);
                },
                () -> services.describe("/frail"));
        services.remove("/frail", LIMIT);
    }

    @Test
    void anUnhealthyAppKeepsItsDeploymentOpen() throws Exception {
        services.post(
                "/v2/apps",
                app(
                        "/ill",
                        1,
                        "sleep 1000",
                        ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"false\"},\"gracePeriodSeconds\":0,"
                                + "\"intervalSeconds\":1,\"delaySeconds\":0,\"maxConsecutiveFailures\":0}]"));
        Waiting.until(
                "it runs and is ill",
                LIMIT,
                () -> {
                    JsonNode app = services.app("/ill");
                    return app.path("tasksRunning").asInt() == 1
                            && app.path("tasksUnhealthy").asInt() == 1;
                },
                () -> services.describe("/ill"));
        assertThat(services.deploying("/ill")).isTrue();
        services.remove("/ill", LIMIT);
    }

    @Test
    void isPatchedScaledAndListsItsVersions() throws Exception {
        List<String> ids = create("/change", 1);
        String first = services.app("/change").path("version").asText();
        services.send("PATCH", "/v2/apps/change", Optional.of("{\"instances\":3}"));
        List<String> more = services.settled("/change", 3, LIMIT);
        assertThat(more).containsAll(ids);
        services.put("/v2/apps/change", "{\"instances\":1}");
        services.settled("/change", 1, LIMIT);
        services.send("PATCH", "/v2/apps/change", Optional.of("{\"cmd\":\"sleep 2000\"}"));
        List<String> fresh = services.settled("/change", 1, LIMIT);
        assertThat(more).doesNotContainAnyElementsOf(fresh);
        assertThat(services.send("PATCH", "/v2/apps/never", Optional.of("{}")).status())
                .isEqualTo(404);

        List<String> versions = new ArrayList<>();
        services.get("/v2/apps/change/versions").body().path("versions").forEach(v -> versions.add(v.asText()));
        assertThat(versions).hasSize(4).contains(first);
        assertThat(versions.stream().sorted().toList())
                .isEqualTo(Stream.iterate(3, i -> i - 1)
                        .limit(4)
                        .map(versions::get)
                        .toList());
        JsonNode old = services.get("/v2/apps/change/versions/" + first).body();
        assertThat(old.path("cmd").asText()).isEqualTo("sleep 1000");

        // Rollback with the default strategy.
        services.put("/v2/apps/change", "{\"version\":\"" + first + "\"}");
        services.settled("/change", 1, LIMIT);
        assertThat(services.app("/change").path("cmd").asText()).isEqualTo("sleep 1000");
        services.remove("/change", LIMIT);
    }

    @Test
    void tasksAreEndedOneByOneAndAllWithAndWithoutScale() throws Exception {
        List<String> ids = create("/kill", 3);
        services.delete("/v2/apps/kill/tasks/" + ids.get(0));
        Waiting.until(
                "one was replaced",
                LIMIT,
                () -> services.running("/kill").size() == 3
                        && !services.running("/kill").contains(ids.get(0)));
        List<String> now = services.running("/kill");
        services.delete("/v2/apps/kill/tasks/" + now.get(0) + "?scale=true");
        assertThat(services.settled("/kill", 2, LIMIT)).doesNotContain(now.get(0));
        List<String> two = services.running("/kill");
        services.delete("/v2/apps/kill/tasks");
        Waiting.until("both were replaced", LIMIT, () -> {
            List<String> running = services.running("/kill");
            return running.size() == 2 && running.stream().noneMatch(two::contains);
        });
        services.delete("/v2/apps/kill/tasks?scale=true");
        services.settled("/kill", 0, LIMIT);
        assertThat(services.app("/kill").path("instances").asInt()).isZero();
        services.remove("/kill", LIMIT);
    }

    @Test
    void aDeploymentIsStoppedByForceRevertedAndNotInterruptedWithout() throws Exception {
        List<String> ids = create("/stuck", 2);
        // It cannot come up: nobody has so much.
        ServicesClient.Reply put = services.put("/v2/apps/stuck", "{\"cpus\":1000}");
        String id = put.body().path("deploymentId").asText();
        ServicesClient.Reply refused = services.send("PUT", "/v2/apps/stuck", Optional.of("{\"instances\":3}"));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body().path("deployments").get(0).path("id").asText())
                .isEqualTo(id);
        assertThat(services.running("/stuck")).containsExactlyInAnyOrderElementsOf(ids);
        ServicesClient.Reply revert = services.delete("/v2/deployments/" + id);
        assertThat(revert.status()).isEqualTo(200);
        services.settled("/stuck", 2, LIMIT);
        assertThat(services.running("/stuck")).as("old ones were kept").containsExactlyInAnyOrderElementsOf(ids);
        assertThat(services.app("/stuck").path("cpus").asDouble()).isEqualTo(0.05);

        String second = services.put("/v2/apps/stuck", "{\"cpus\":1000}")
                .body()
                .path("deploymentId")
                .asText();
        ServicesClient.Reply dropped = services.delete("/v2/deployments/" + second + "?force=true");
        assertThat(dropped.status()).isEqualTo(202);
        assertThat(dropped.text()).isEmpty();
        assertThat(services.deploying("/stuck")).isFalse();
        assertThat(services.app("/stuck").path("cpus").asDouble()).isEqualTo(1000);
        services.remove("/stuck", LIMIT);
    }

    /** Marathon 7104 and 7108: an upgrade whose instances failed grew above its capacity. */
    @Test
    void anUpgradeThatKeepsFailingNeverOverscalesAndEndsNothingThatServes() throws Exception {
        List<String> old = create("/bad", 3);
        Path marks = Files.createFile(dir.resolve("bad"));
        String upgrade = services.put(
                        "/v2/apps/bad",
                        "{\"cmd\":\"echo x >> " + marks
                                + "; sleep 0.2; exit 1\",\"backoffSeconds\":0,\"backoffFactor\":1,"
                                + "\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"},\"delaySeconds\":5}],"
                                + "\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0.34}}")
                .body()
                .path("deploymentId")
                .asText();
        int[] most = {0};
        Waiting.until(
                "the new ones failed ten times",
                LIMIT,
                () -> {
                    most[0] = Math.max(
                            most[0],
                            services.get("/v2/apps/bad/tasks")
                                    .body()
                                    .path("tasks")
                                    .size());
                    return Files.readAllLines(marks).size() >= 10;
                },
                () -> services.describe("/bad"));
        assertThat(most[0]).as("instances at any look").isLessThanOrEqualTo(4);
        assertThat(services.running("/bad")).containsAll(old);
        assertThat(services.deploying("/bad")).isTrue();
        // It is not locked for ever: undone, what served all the time is left.
        services.delete("/v2/deployments/" + upgrade);
        assertThat(services.settled("/bad", 3, LIMIT)).containsExactlyInAnyOrderElementsOf(old);
        services.remove("/bad", LIMIT);
    }

    @Test
    void theQueueIsEmptyPendingOrBackedOff() throws Exception {
        assertThat(services.queued("/pending")).isEmpty();
        services.post(
                "/v2/apps", app("/pending", 1, "sleep 1000", ",\"constraints\":[[\"hostname\",\"LIKE\",\"nowhere\"]]"));
        Waiting.until("it waits", LIMIT, () -> services.queued("/pending").isPresent());
        JsonNode item = services.queued("/pending").orElseThrow();
        assertThat(item.path("count").asInt()).isEqualTo(1);
        assertThat(item.path("delay").path("overdue").asBoolean()).isTrue();
        assertThat(item.has("since")).isTrue();
        services.remove("/pending", LIMIT);
        Waiting.until("nothing waits", LIMIT, () -> services.queued("/pending").isEmpty());
    }

    @Test
    void infoTellsNoCredentialsAndTheLeaderIsWhoIsAsked() throws Exception {
        ServicesClient.Reply info = services.get("/v2/info");
        assertThat(info.body().path("elected").asBoolean()).isTrue();
        assertThat(info.text()).doesNotContain("password").doesNotContain("credentials");
        assertThat(services.get("/v2/leader").body().path("leader").asText()).endsWith(":" + cluster.servicesPort);
        assertThat(info.header("X-Marathon-Leader")).endsWith(":" + cluster.servicesPort);
    }

    @Test
    void readinessHoldsADeploymentOpen() throws Exception {
        Path ready = dir.resolve("ready");
        String cmd = Backend.command("$PORT_HTTP", ready.toString());
        ObjectNode app = (ObjectNode) new com.fasterxml.jackson.databind.ObjectMapper()
                .readTree(app(
                        "/gated",
                        1,
                        "x",
                        ",\"readinessChecks\":[{\"portName\":\"http\",\"intervalSeconds\":1,\"timeoutSeconds\":0.9,"
                                + "\"preserveLastResponse\":true}]"));
        app.put("cmd", cmd);
        app.putArray("portDefinitions").addObject().put("port", 0).put("name", "http");
        services.post("/v2/apps", app.toString());
        Waiting.until(
                "it runs and is asked",
                LIMIT,
                () -> services.running("/gated").size() == 1
                        && services.get("/v2/apps/gated").text().contains("\"status\":503"),
                () -> services.describe("/gated"));
        assertThat(services.deploying("/gated")).isTrue();
        Files.createFile(ready);
        services.settled("/gated", 1, LIMIT);
        services.remove("/gated", LIMIT);
    }

    private void awaitDelayed(String id) {
        Waiting.until(
                id + " is backed off",
                LIMIT,
                () -> services.queued(id)
                        .filter(item ->
                                item.path("delay").path("timeLeftSeconds").asInt() > 60)
                        .isPresent(),
                () -> services.describe(id));
    }
}
