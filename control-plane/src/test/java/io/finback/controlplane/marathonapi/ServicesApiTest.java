package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API over a real port, with the reference's examples E1 to E4 and its errors. */
class ServicesApiTest {
    static final String APP_KEYS =
            "acceptedResourceRoles args backoffFactor backoffSeconds cmd constraints container cpus dependencies deployments"
                    + " disk env executor fetch gpus healthChecks id instances ipAddress killSelection labels lastTaskFailure"
                    + " maxLaunchDelaySeconds mem networks portDefinitions ports readinessCheckResults readinessChecks"
                    + " requirePorts residency role secrets storeUrls taskKillGracePeriodSeconds taskRateLimit taskStats tasks"
                    + " tasksHealthy tasksRunning tasksStaged tasksUnhealthy unreachableStrategy upgradeStrategy uris user version"
                    + " versionInfo";
    static final String TASK_KEYS =
            "appId healthCheckResults host id ipAddresses localVolumes ports region role servicePorts slaveId stagedAt startedAt"
                    + " state version zone";

    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(3, Resources.of(4, 4096, 10000));
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    @Test
    void createsRunsAndShowsTheAppOfTheReference() {
        Reply created = client.post(
                "/v2/apps",
                "{\"id\":\"hello2\",\"cmd\":\"echo hello; sleep 10\",\"mem\":16,\"cpus\":0.1,\"instances\":1,\"disk\":0.0,\"ports\":[0]}");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.header("Location")).endsWith("/v2/apps/hello2").startsWith("http://127.0.0.1:");
        JsonNode app = created.json();
        String deployment = app.path("deployments").get(0).path("id").asText();
        assertThat(created.header("Marathon-Deployment-Id")).isEqualTo(deployment);
        assertThat(created.header("X-Marathon-Leader")).isEqualTo("http://127.0.0.1:8080");
        assertThat(app.path("id").asText()).isEqualTo("/hello2");
        assertThat(app.path("ports").toString()).isEqualTo("[0]");
        assertThat(app.path("portDefinitions").toString()).isEqualTo("[{\"port\":0,\"protocol\":\"tcp\"}]");
        assertThat(app.path("mem").toString()).isEqualTo("16");
        assertThat(app.path("backoffSeconds").toString()).isEqualTo("1");
        assertThat(app.path("versionInfo").path("lastScalingAt")).isEqualTo(app.path("version"));
        assertThat(app.path("version").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(app.path("tasksHealthy").toString()).isEqualTo("0");
        knownKeys(app, APP_KEYS);

        awaitRunning("hello2", 1);
        noDeployment("/hello2");
        JsonNode shown = client.get("/v2/apps/hello2").json().path("app");
        knownKeys(shown, APP_KEYS);
        assertThat(shown.path("ports").get(0).asInt()).isBetween(10000, 20000);
        assertThat(shown.path("portDefinitions").get(0).path("port"))
                .isEqualTo(shown.path("ports").get(0));
        assertThat(shown.path("deployments").size()).isZero();
        JsonNode task = shown.path("tasks").get(0);
        knownKeys(task, TASK_KEYS);
        assertThat(task.path("state").asText()).isEqualTo("TASK_RUNNING");
        assertThat(task.path("servicePorts")).isEqualTo(shown.path("ports"));
        assertThat(task.path("host").asText()).startsWith("host-agent-");

        JsonNode tasks = client.get("/v2/apps/hello2/tasks").json().path("tasks");
        assertThat(tasks.size()).isEqualTo(1);
        String env = world.running("hello2").get(0).info.command().environment().toString();
        assertThat(env).contains("PORT0=", "PORT=", "PORTS=", "MARATHON_APP_ID=/hello2", "HOST=host-agent-");
    }

    @Test
    void endedTasksBackOffAndAreReplaced() {
        create("crash", "{\"id\":\"crash\",\"cmd\":\"false\",\"cpus\":0.1,\"mem\":16,\"backoffSeconds\":30}");
        awaitRunning("crash", 1);
        noDeployment("/crash");
        var first = world.running("crash").get(0).info.id();
        world.report(first, TaskState.FAILED);
        TestMaster.await("queued", () -> client.get("/v2/queue").text().contains("/crash"));
        JsonNode item = queueItem("/crash");
        assertThat(item.path("count").asInt()).isEqualTo(1);
        assertThat(item.path("delay").path("timeLeftSeconds").asInt()).isBetween(20, 30);
        assertThat(item.path("delay").path("overdue").asBoolean()).isFalse();
        knownKeys(item, "app count delay lastUnusedOffers overdue processedOffersSummary since");
        JsonNode failure = client.get("/v2/apps/crash").json().path("app").path("lastTaskFailure");
        assertThat(failure.path("state").asText()).isEqualTo("TASK_FAILED");
        assertThat(failure.path("taskId").asText()).isEqualTo(first.value());
        assertThat(client.delete("/v2/queue/crash/delay").status()).isEqualTo(204);
        awaitRunning("crash", 1);
        assertThat(world.running("crash").get(0).info.id()).isNotEqualTo(first);
        TestMaster.await("queue empty", () -> !client.get("/v2/queue").text().contains("/crash\""));
        assertThat(client.delete("/v2/queue/crash/delay").status()).isEqualTo(404);
    }

    @Test
    void tellsWhyAnAppWaits() {
        create("huge", "{\"id\":\"huge\",\"cmd\":\"x\",\"cpus\":64,\"mem\":16}");
        TestMaster.await(
                "reason",
                () -> queueItem("/huge")
                                .path("processedOffersSummary")
                                .path("processedOffersCount")
                                .asInt()
                        > 0);
        JsonNode summary = queueItem("/huge").path("processedOffersSummary");
        JsonNode cpus = null;
        for (JsonNode reason : summary.path("rejectSummaryLastOffers")) {
            cpus = reason.path("reason").asText().equals("InsufficientCpus") ? reason : cpus;
        }
        assertThat(cpus.path("declined").asInt()).isGreaterThan(0);
        assertThat(client.delete("/v2/apps/huge").status()).isEqualTo(200);
        TestMaster.await("gone", () -> !client.get("/v2/deployments").text().contains("/huge"));
        assertThat(client.get("/v2/apps/huge").status()).isEqualTo(404);
    }

    @Test
    void scalesUpAndDownAndKeepsTheConfigurationTime() {
        create("scale", "{\"id\":\"scale\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":1}");
        awaitRunning("scale", 1);
        noDeployment("/scale");
        JsonNode before = client.get("/v2/apps/scale").json().path("app");
        Reply scaled = client.put("/v2/apps//scale", "{\"instances\":5}");
        assertThat(scaled.status()).as(scaled.text()).isEqualTo(200);
        assertThat(fields(scaled.json())).containsExactly("deploymentId", "version");
        awaitRunning("scale", 5);
        noDeployment("/scale");
        JsonNode after = client.get("/v2/apps/scale").json().path("app");
        assertThat(after.path("version")).isNotEqualTo(before.path("version"));
        assertThat(after.path("versionInfo").path("lastConfigChangeAt"))
                .isEqualTo(before.path("versionInfo").path("lastConfigChangeAt"));
        assertThat(client.put("/v2/apps/scale?force=True", "{\"instances\":2}").status())
                .isEqualTo(200);
        awaitRunning("scale", 2);
        TestMaster.await("killed", () -> world.live("scale").size() == 2);
        assertThat(client.get("/v2/apps/scale/versions").json().path("versions").size())
                .isEqualTo(3);
    }

    @Test
    void samePutChangesNothingAndTheWholeObjectMayBePutBack() {
        create("same", "{\"id\":\"same\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16}");
        awaitRunning("same", 1);
        noDeployment("/same");
        var task = world.running("same").get(0).info.id();
        JsonNode app = client.get("/v2/apps/same").json().path("app");
        for (String body : List.of(app.toString(), "{\"cmd\":\"x\",\"ports\":null,\"dependencies\":null}")) {
            Reply put = client.put("/v2/apps/same", body);
            assertThat(put.status()).as(put.text()).isEqualTo(200);
        }
        Reply whole = client.put("/v2/apps/same?partialUpdate=false", app.toString());
        assertThat(whole.status()).as(whole.text()).isEqualTo(200);
        assertThat(client.get("/v2/deployments").text()).doesNotContain("/same");
        assertThat(client.get("/v2/apps/same").json().path("app").path("version"))
                .isEqualTo(app.path("version"));
        assertThat(world.running("same").get(0).info.id()).isEqualTo(task);
    }

    @Test
    void changedAppIsReplacedWithoutEverFallingBelowItsMinimum() {
        create(
                "roll",
                "{\"id\":\"roll\",\"cmd\":\"v1\",\"cpus\":0.1,\"mem\":16,\"instances\":4,"
                        + "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":0.25}}");
        awaitRunning("roll", 4);
        noDeployment("/roll");
        String old =
                client.get("/v2/apps/roll").json().path("app").path("version").asText();
        world.watch("roll");
        Reply put = client.put("/v2/apps/roll", "{\"cmd\":\"v2\"}");
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        TestMaster.await(
                "replaced",
                () -> world.running("roll").size() == 4
                        && world.running("roll").stream()
                                .allMatch(t -> t.info.command().value().equals("v2")));
        noDeployment("/roll");
        assertThat(world.fewestRunning("roll")).isGreaterThanOrEqualTo(2);
        assertThat(world.mostLive("roll")).isLessThanOrEqualTo(5);
        assertThat(world.doubleLaunches).isZero();

        Reply stored = client.get("/v2/apps/roll/versions/" + old);
        assertThat(stored.status()).isEqualTo(200);
        assertThat(stored.json().path("cmd").asText()).isEqualTo("v1");
        Reply rollback = client.put("/v2/apps/roll", "{\"version\":\"" + old + "\"}");
        assertThat(rollback.status()).as(rollback.text()).isEqualTo(200);
        TestMaster.await(
                "rolled back",
                () -> world.running("roll").size() == 4
                        && world.running("roll").stream()
                                .allMatch(t -> t.info.command().value().equals("v1")));
    }

    @Test
    void lockedAppIsRefusedForcedAndReverted() {
        create("locked", "{\"id\":\"locked\",\"cmd\":\"v1\",\"cpus\":0.1,\"mem\":16}");
        awaitRunning("locked", 1);
        noDeployment("/locked");
        var kept = world.running("locked").get(0).info.id();
        world.startOnly(t -> !t.command().value().equals("never"));
        Reply first = client.put("/v2/apps/locked", "{\"cmd\":\"never\"}");
        String deployment = first.json().path("deploymentId").asText();
        Reply refused = client.put("/v2/apps/locked", "{\"cmd\":\"v3\"}");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.text())
                .isEqualTo(
                        "{\"message\":\"App is locked by one or more deployments. Override with the option '?force=true'."
                                + " View details at '/v2/deployments/<DEPLOYMENT_ID>'.\",\"deployments\":[{\"id\":\""
                                + deployment
                                + "\"}]}");
        JsonNode listed = deployment("/locked");
        assertThat(listed.path("steps").toString())
                .isEqualTo(
                        "[{\"actions\":[{\"action\":\"RestartApplication\",\"type\":\"RestartApplication\",\"app\":\"/locked\"}]}]");
        assertThat(listed.path("currentActions")
                        .get(0)
                        .path("readinessCheckResults")
                        .isArray())
                .isTrue();
        assertThat(listed.path("currentStep").toString()).isEqualTo("1");
        knownKeys(listed, "affectedApps affectedPods currentActions currentStep id steps totalSteps version");

        Reply reverted = client.delete("/v2/deployments/" + deployment);
        assertThat(reverted.status()).as(reverted.text()).isEqualTo(200);
        noDeployment("/locked");
        assertThat(client.get("/v2/apps/locked").json().path("app").path("cmd").asText())
                .isEqualTo("v1");
        assertThat(world.running("locked").get(0).info.id()).isEqualTo(kept);

        String stuck = client.put("/v2/apps/locked", "{\"cmd\":\"never\"}")
                .json()
                .path("deploymentId")
                .asText();
        assertThat(client.put("/v2/apps/locked?force=true", "{\"cmd\":\"v4\"}").status())
                .isEqualTo(200);
        TestMaster.await("v4", () -> world.running("locked").stream()
                .anyMatch(t -> t.info.command().value().equals("v4")));
        noDeployment("/locked");
        assertThat(client.delete("/v2/deployments/" + stuck).status()).isEqualTo(404);

        String dropped = client.put("/v2/apps/locked", "{\"cmd\":\"never\"}")
                .json()
                .path("deploymentId")
                .asText();
        Reply drop = client.delete("/v2/deployments/" + dropped + "?force=true");
        assertThat(drop.status()).isEqualTo(202);
        assertThat(drop.text()).isEmpty();
        assertThat(client.put("/v2/apps/locked?force=true", "{\"cmd\":\"v5\"}").status())
                .isEqualTo(200);
        noDeployment("/locked");
    }

    @Test
    void killsTasksWithAndWithoutScale() {
        create("kill", "{\"id\":\"/deep/er/kill\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":3}");
        awaitRunning("deep_er_kill", 3);
        noDeployment("/deep/er/kill");
        String victim = world.running("deep_er_kill").get(0).info.id().value();
        Reply killed = client.delete("/v2/apps/deep/er/kill/tasks/" + victim);
        assertThat(killed.status()).as(killed.text()).isEqualTo(200);
        assertThat(killed.json().path("task").path("id").asText()).isEqualTo(victim);
        TestMaster.await(
                "replaced",
                () -> world.running("deep_er_kill").size() == 3
                        && world.running("deep_er_kill").stream()
                                .noneMatch(t -> t.info.id().value().equals(victim)));
        String next = world.running("deep_er_kill").get(0).info.id().value();
        Reply scaled =
                client.send("POST", "/v2/tasks/delete?scale=true", "{\"ids\":[\"" + next + "\",\"other.1234\"]}");
        assertThat(scaled.status()).as(scaled.text()).isEqualTo(200);
        assertThat(scaled.json().has("deploymentId")).isTrue();
        TestMaster.await("scaled", () -> world.live("deep_er_kill").size() == 2);
        noDeployment("/deep/er/kill");
        assertThat(client.get("/v2/apps/%2Fdeep//er/kill")
                        .json()
                        .path("app")
                        .path("instances")
                        .asInt())
                .isEqualTo(2);
        Reply all = client.delete("/v2/apps/deep/er/kill/tasks?host=*");
        assertThat(all.json().path("tasks").size()).isEqualTo(2);
        assertThat(client.delete("/v2/apps/deep/er/kill/tasks?scale=true&wipe=true")
                        .status())
                .isEqualTo(400);
        assertThat(client.delete("/v2/apps/deep/er/kill/tasks/nope.1").status()).isEqualTo(404);
        assertThat(client.get("/v2/apps/deep/*").json().path("*").size()).isEqualTo(1);
        assertThat(client.get("/v2/groups")
                        .json()
                        .path("groups")
                        .get(0)
                        .path("id")
                        .asText())
                .isEqualTo("/deep");
        assertThat(client.delete("/v2/apps/deep/er/kill").status()).isEqualTo(200);
        assertThat(client.delete("/v2/apps/deep/er/kill").text())
                .as("as Marathon: it is gone from its group, whatever still ends")
                .isEqualTo("{\"message\":\"App '/deep/er/kill' does not exist\"}");
        assertThat(client.delete("/v2/groups/deep").status()).isEqualTo(404);
        TestMaster.await("ended", () -> world.live("deep_er_kill").isEmpty());
        noDeployment("/deep/er/kill");
        assertThat(client.get("/v2/apps/deep/er/kill").text())
                .isEqualTo("{\"message\":\"App '/deep/er/kill' does not exist\"}");
    }

    @Test
    void lostAndUnreachableTasksAreReplacedAndReturningOnesEnded() {
        create("lost", "{\"id\":\"lost\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16}");
        awaitRunning("lost", 1);
        noDeployment("/lost");
        var first = world.running("lost").get(0);
        world.report(first.info.id(), TaskState.UNREACHABLE);
        awaitRunning("lost", 1);
        var second = world.running("lost").get(0);
        assertThat(second.info.id()).isNotEqualTo(first.info.id());
        world.report(first.info.id(), TaskState.RUNNING);
        TestMaster.await("surplus killed", () -> world.live("lost").size() == 1);
        assertThat(world.running("lost").get(0)).isSameAs(second);
        world.report(second.info.id(), TaskState.LOST);
        awaitRunning("lost", 1);
    }

    @Test
    void oneOfManyConcurrentCreatesWins() {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            replies.add(
                    client.sendAsync("POST", "/v2/apps", "{\"id\":\"race\",\"cmd\":\"x" + i + "\",\"instances\":0}"));
        }
        List<Reply> all = replies.stream().map(CompletableFuture::join).toList();
        assertThat(all.stream().filter(r -> r.status() == 201)).hasSize(1);
        assertThat(all.stream().filter(r -> r.status() == 409)).hasSize(15);
        Reply loser = all.stream().filter(r -> r.status() == 409).findFirst().orElseThrow();
        assertThat(loser.text()).isEqualTo("{\"message\":\"An app with id [/race] already exists.\"}");
    }

    @Test
    void servicePortsAreUniqueUnderConcurrency() {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            replies.add(client.sendAsync(
                    "POST",
                    "/v2/apps",
                    "{\"id\":\"/ports/p" + i + "\",\"cmd\":\"x\",\"instances\":0,\"ports\":[0,0]}"));
        }
        replies.forEach(r -> assertThat(r.join().status()).isEqualTo(201));
        Set<Integer> ports = new TreeSet<>();
        for (JsonNode app : client.get("/v2/apps?id=/ports/").json().path("apps")) {
            app.path("ports").forEach(p -> ports.add(p.asInt()));
        }
        assertThat(ports).hasSize(40).allMatch(p -> p >= 10000 && p <= 20000);
    }

    /** Requests as clients in the wild make them, odd ones included. */
    @Test
    void clientsShapesAreUnderstood() {
        // A Java client puts the slash of the id into the path; a Python client writes booleans with a capital.
        Reply created = client.send(
                "POST",
                "/v2/apps?force=False",
                "{\"id\":\"/shapes/one\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"ports\":null,\"dependencies\":null,\"container\":null,"
                        + "\"upgradeStrategy\":null,\"healthChecks\":null,\"env\":null,\"tasksRunning\":0,\"unknownKey\":{\"a\":1}}",
                "Accept",
                "application/json",
                "X-API-Source",
                "marathon/client");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        awaitRunning("shapes_one", 1);
        noDeployment("/shapes/one");
        for (String path : List.of(
                "/v2/apps//shapes/one", "/v2/apps/%2Fshapes%2Fone", "/v2//apps/shapes//one", "/v2/apps/shapes/one/")) {
            assertThat(client.get(path).json().path("app").path("id").asText())
                    .as(path)
                    .isEqualTo("/shapes/one");
        }
        // The whole object put back, with a field changed.
        ObjectNode whole =
                (ObjectNode) client.get("/v2/apps//shapes/one").json().path("app");
        whole.put("instances", 2);
        Reply put = client.put("/v2/apps//shapes/one?force=True", whole.toString());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        awaitRunning("shapes_one", 2);
        noDeployment("/shapes/one");
        assertThat(client.send("POST", "/v2/apps//shapes/one/restart", null).status())
                .isEqualTo(200);
        noDeployment("/shapes/one");
        JsonNode stats = client.get("/v2/apps/shapes/one?embed=app.taskStats")
                .json()
                .path("app")
                .path("taskStats");
        assertThat(stats.path("totalSummary").path("stats").path("counts").toString())
                .isEqualTo("{\"staged\":0,\"running\":2,\"healthy\":0,\"unhealthy\":0}");
        assertThat(stats.path("withLatestConfig")
                        .path("stats")
                        .path("lifeTime")
                        .path("medianSeconds")
                        .asDouble())
                .isGreaterThan(0);
        assertThat(stats.has("withOutdatedConfig")).isFalse();
        Reply text = client.send("GET", "/v2/apps/shapes/*/tasks", null, "Accept", "text/plain");
        assertThat(text.text()).matches("shapes_one\t1\\d{4}\thost-agent-\\d:\\d+\thost-agent-\\d:\\d+\n");
        assertThat(client.get("/v2/apps/shapes/*/tasks").json().path("tasks").size())
                .isEqualTo(2);
        assertThat(client.delete("/v2/apps//shapes/one").status()).isEqualTo(200);
    }

    @Test
    void logLevelsMetricsAndPodsAnswer() {
        assertThat(client.get("/logging").json().has("ROOT")).isTrue();
        Reply changed = client.post(
                "/logging", "{\"level\":\"debug\",\"logger\":\"io.finback.some.where\",\"durationSeconds\":1}");
        assertThat(changed.json().path("io.finback.some.where").asText()).isEqualTo("DEBUG");
        TestMaster.await("as before", () -> client.get("/logging")
                .json()
                .path("io.finback.some.where")
                .asText()
                .endsWith("(inherited)"));
        assertThat(client.post("/logging", "{\"level\":\"loud\",\"logger\":\"x\"}")
                        .status())
                .isEqualTo(422);
        assertThat(client.get("/metrics")
                        .json()
                        .path("gauges")
                        .path("marathon.apps.active.gauge")
                        .has("value"))
                .isTrue();
        assertThat(client.get("/metrics/prometheus").text()).contains("marathon_instances_running_gauge ");
        assertThat(client.get("/v2/pods").text()).isEqualTo("[]");
        assertThat(client.send("HEAD", "/v2/pods", null).status()).isEqualTo(200);
        assertThat(client.get("/v2/pods/a/b::status").text()).isEqualTo("{\"message\":\"Pod '/a/b' does not exist\"}");
        assertThat(client.post("/v2/pods", "{\"id\":\"/p\"}").status()).isEqualTo(400);
    }

    static void create(String id, String body) {
        Reply created = client.post("/v2/apps", body);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.json().path("id").asText()).endsWith(id);
    }

    static void awaitRunning(String entity, int count) {
        TestMaster.await(
                count + " running of " + entity, () -> world.running(entity).size() == count);
    }

    static void noDeployment(String appId) {
        awaitIdle(client, appId);
    }

    static void awaitIdle(Client client, String appId) {
        TestMaster.await(
                "deployed " + appId, () -> !client.get("/v2/deployments").text().contains("\"" + appId + "\""));
    }

    static JsonNode deployment(String appId) {
        for (JsonNode d : client.get("/v2/deployments").json()) {
            if (d.path("affectedApps").get(0).asText().equals(appId)) {
                return d;
            }
        }
        throw new AssertionError("no deployment of " + appId);
    }

    static JsonNode queueItem(String appId) {
        for (JsonNode item : client.get("/v2/queue").json().path("queue")) {
            if (item.path("app").path("id").asText().equals(appId)) {
                return item;
            }
        }
        return Client.MAPPER.createObjectNode();
    }

    static List<String> fields(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        names.sort(null);
        return names;
    }

    static void knownKeys(JsonNode node, String allowed) {
        assertThat(List.of(allowed.split(" ", -1))).containsAll(fields((ObjectNode) node));
    }
}
