package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The rows of reference A9 about groups and events, against real processes. */
@Tag("process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AcceptanceGroupsIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private static Path dir;

    private ClusterProcesses cluster;
    private ServicesClient services;

    @BeforeAll
    void start() {
        cluster = new ClusterProcesses(dir);
        cluster.awaitReady(cluster.master());
        cluster.awaitReady(cluster.agent(1));
        services = new ServicesClient(cluster.servicesPort);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    private static String app(String id, int instances, String cmd, String more) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                + ",\"portDefinitions\":[]" + more + "}";
    }

    private void gone(String group) throws Exception {
        services.delete("/v2/groups" + group + "?force=true");
        Waiting.until(
                group + " is gone",
                LIMIT,
                () -> services.get("/v2/groups" + group).status() == 404
                        && !services.get("/v2/deployments").text().contains("\"" + group + "/"));
    }

    @Test
    void anEmptyGroupIsMadeChangedAndRemoved() throws Exception {
        assertThat(services.get("/v2/groups/none").status()).isEqualTo(404);
        assertThat(services.send("DELETE", "/v2/groups/none", Optional.empty()).status())
                .isEqualTo(404);
        services.post("/v2/groups", "{\"id\":\"/empty\"}");
        assertThat(services.get("/v2/groups/empty").body().path("apps")).isEmpty();
        services.put("/v2/groups/empty", "{\"apps\":[" + app("a", 1, "sleep 1000", "") + "]}");
        List<String> ids = services.settled("/empty/a", 1, LIMIT);
        // Unchanged: nothing is restarted.
        services.put("/v2/groups/empty", "{\"apps\":[" + app("a", 1, "sleep 1000", "") + "]}");
        assertThat(services.settled("/empty/a", 1, LIMIT)).isEqualTo(ids);
        gone("/empty");
    }

    @Test
    void anUpgradeNeverFallsBelowItsMinimumAndIsNotInterruptedWithoutForce() throws Exception {
        String strategy = ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0.75,\"maximumOverCapacity\":0.25}";
        services.post("/v2/groups", "{\"id\":\"/up\",\"apps\":[" + app("a", 4, "sleep 1000", strategy) + "]}");
        services.settled("/up/a", 4, LIMIT);
        // The new ones take a while to be ready.
        String slow =
                strategy + ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"test -e well\"},"
                        + "\"gracePeriodSeconds\":60,\"intervalSeconds\":1,\"delaySeconds\":0,\"maxConsecutiveFailures\":0}]";
        String upgrade = "{\"apps\":[" + app("a", 4, "sleep 1; touch well; sleep 1000", slow) + "]}";
        String first = services.app("/up/a").path("version").asText();
        services.put("/v2/groups/up", upgrade);
        assertThat(services.send("PUT", "/v2/groups/up", Optional.of("{\"apps\":[]}"))
                        .status())
                .isEqualTo(409);
        int[] least = {4};
        String[] seen = {""};
        Waiting.until(
                "the upgrade ends",
                LIMIT,
                () -> {
                    int serving = 0;
                    ServicesClient.Reply tasks = services.get("/v2/apps/up/a/tasks");
                    assertThat(tasks.status()).isEqualTo(200);
                    for (JsonNode task : tasks.body().path("tasks")) {
                        boolean runs = task.path("state").asText().equals("TASK_RUNNING");
                        boolean old = task.path("version").asText().equals(first);
                        boolean well = task.path("healthCheckResults")
                                .path(0)
                                .path("alive")
                                .asBoolean();
                        serving += runs && (old || well) ? 1 : 0;
                    }
                    if (serving < least[0]) {
                        least[0] = serving;
                        seen[0] = tasks.text();
                    }
                    return !services.deploying("/up/a");
                },
                () -> services.describe("/up/a"));
        assertThat(least[0])
                .as("healthy at any look; first %s, then %s", first, seen[0])
                .isGreaterThanOrEqualTo(3);
        services.settled("/up/a", 4, LIMIT);
        gone("/up");
    }

    @Test
    void anUpgradeUnderWayIsReplacedByForceAndTheDefaultStrategyKeepsAllThatServe() throws Exception {
        services.post("/v2/groups", "{\"id\":\"/back\",\"apps\":[" + app("a", 2, "sleep 1000", "") + "]}");
        List<String> old = services.settled("/back/a", 2, LIMIT);
        String never = ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"false\"},"
                + "\"gracePeriodSeconds\":60,\"intervalSeconds\":1,\"delaySeconds\":0,\"maxConsecutiveFailures\":0}]";
        String first = upgrade("sleep 2000", never);
        Waiting.until(
                "the new ones run beside the old ones and are not healthy",
                LIMIT,
                () -> services.running("/back/a").size() == 4,
                () -> services.describe("/back/a"));
        String second = upgrade("sleep 3000", never);
        Waiting.until(
                "the one that was forced is the only one",
                LIMIT,
                () -> {
                    String deployments = services.get("/v2/deployments").text();
                    return deployments.contains(second) && !deployments.contains(first);
                },
                () -> services.describe("/back/a"));
        // The default strategy asks for all of them to be healthy, all the time.
        assertThat(services.running("/back/a")).containsAll(old);
        assertThat(services.send("DELETE", "/v2/deployments/" + first, Optional.empty())
                        .status())
                .as("over already")
                .isEqualTo(404);
        gone("/back");
    }

    private String upgrade(String cmd, String more) throws Exception {
        return services.put("/v2/groups/back?force=true", "{\"apps\":[" + app("a", 2, cmd, more) + "]}")
                .body()
                .path("deploymentId")
                .asText();
    }

    @Test
    void aGroupsUpgradeIsUndoneAndWhatServedIsLeft() throws Exception {
        services.post("/v2/groups", "{\"id\":\"/undo\",\"apps\":[" + app("a", 2, "sleep 1000", "") + "]}");
        List<String> old = services.settled("/undo/a", 2, LIMIT);
        String id = services.put(
                        "/v2/groups/undo",
                        "{\"apps\":[" + app("a", 2, "exit 1", "") + "," + app("b", 1, "sleep 1000", "") + "]}")
                .body()
                .path("deploymentId")
                .asText();
        Waiting.until("it has begun", LIMIT, () -> services.deploying("/undo/a"));
        services.delete("/v2/deployments/" + id);
        assertThat(services.settled("/undo/a", 2, LIMIT)).containsExactlyInAnyOrderElementsOf(old);
        assertThat(services.app("/undo/a").path("cmd").asText()).isEqualTo("sleep 1000");
        Waiting.until(
                "what it brought is gone",
                LIMIT,
                () -> services.get("/v2/apps/undo/b").status() == 404);
        gone("/undo");
    }

    @Test
    void dependenciesOfAppsAndGroupsAreKeptAndCirclesRefused() throws Exception {
        Path order = Files.createFile(dir.resolve("order"));
        String group = "{\"id\":\"/dep\",\"groups\":["
                + "{\"id\":\"front\",\"dependencies\":[\"../back\"],\"apps\":["
                + app("web", 1, "echo web >> " + order + "; sleep 1000", "")
                + "]},"
                + "{\"id\":\"back\",\"apps\":["
                + app("api", 1, "echo api >> " + order + "; sleep 1000", ",\"dependencies\":[\"db\"]")
                + "," + app("db", 1, "echo db >> " + order + "; sleep 1000", "") + "]}]}";
        services.post("/v2/groups", group);
        services.settled("/dep/front/web", 1, LIMIT);
        Waiting.until("each in its turn", LIMIT, () -> Files.readAllLines(order).size() == 3);
        assertThat(Files.readAllLines(order)).containsExactly("db", "api", "web");
        ServicesClient.Reply circle =
                services.send("PUT", "/v2/apps/dep/back/db", Optional.of("{\"dependencies\":[\"/dep/front/web\"]}"));
        assertThat(circle.status()).isEqualTo(422);
        assertThat(circle.text()).contains("cyclic");
        gone("/dep");
    }

    @Test
    void eventsAreFilteredAndTheirPlansLight() throws Exception {
        Set<String> seen = new TreeSet<>();
        try (EventReader events = new EventReader(
                cluster.servicesPort,
                "?event_type=deployment_success&event_type=status_update_event&plan-format=light")) {
            events.next("event_stream_attached", LIMIT);
            services.post("/v2/apps", app("/told", 1, "sleep 1000", ""));
            JsonNode running;
            do {
                running = events.next("status_update_event", LIMIT);
            } while (!running.path("taskStatus").asText().equals("TASK_RUNNING"));
            assertThat(running.path("appId").asText()).isEqualTo("/told");
            JsonNode success = events.next("deployment_success", LIMIT);
            assertThat(success.path("plan").has("original")).isFalse();
            assertThat(success.path("plan").path("steps").size()).isEqualTo(2);
            seen.addAll(events.types());
        }
        assertThat(seen).isSubsetOf("event_stream_attached", "deployment_success", "status_update_event");
        services.delete("/v2/apps/told?force=true");
    }
}
