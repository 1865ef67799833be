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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One test for each client of reference A8: the requests it is documented to make, and what it depends on in the answers. */
class ClientShapesTest {
    private static final String[] JAVA = {
        "Accept", "application/json", "Content-Type", "application/json", "X-API-Source", "marathon/client"
    };

    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(2, Resources.of(16, 8192, 10000));
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    /** com.mesosphere:marathon-client 0.6.3: Feign and Gson. */
    @Test
    void java() {
        Reply created = java(
                "POST",
                "/v2/apps",
                "{\"id\":\"/java/web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16.0,\"instances\":1,\"ports\":[0],\"env\":{\"A\":\"b\"}}");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.header("Location")).endsWith("/v2/apps/java/web");
        runs("java_web", 1);
        idle("/java/web");
        JsonNode list = java("GET", "/v2/apps?label=none", null).json().path("apps");
        assertThat(list).isEmpty();
        JsonNode app = java("GET", "/v2/apps//java/web", null).json().path("app");
        for (String whole :
                List.of("instances", "backoffSeconds", "maxLaunchDelaySeconds", "tasksRunning", "tasksStaged")) {
            assertThat(app.path(whole).isInt())
                    .as(whole + ": " + app.path(whole))
                    .isTrue();
        }
        assertThat(app.path("ports").get(0).isInt()).isTrue();
        Reply put = java("PUT", "/v2/apps//java/web?force=false", "{\"instances\":2}");
        assertThat(put.json().path("deploymentId").asText()).isEqualTo(put.header("Marathon-Deployment-Id"));
        runs("java_web", 2);
        idle("/java/web");
        assertThat(java("POST", "/v2/apps//java/web/restart?force=true", null).status())
                .isEqualTo(200);
        idle("/java/web");
        JsonNode task = java("GET", "/v2/apps//java/web/tasks", null)
                .json()
                .path("tasks")
                .get(0);
        assertThat(task.path("ports").get(0).isInt()).isTrue();
        String version = java("GET", "/v2/apps//java/web/versions", null)
                .json()
                .path("versions")
                .get(0)
                .asText();
        assertThat(java("GET", "/v2/apps//java/web/versions/" + version, null)
                        .json()
                        .path("id")
                        .asText())
                .isEqualTo("/java/web");
        String id = task.path("id").asText();
        assertThat(java("DELETE", "/v2/apps//java/web/tasks/" + id + "?scale=false", null)
                        .json()
                        .path("task")
                        .path("id")
                        .asText())
                .isEqualTo(id);
        assertThat(java("DELETE", "/v2/apps//java/web/tasks?host=nowhere&scale=false", null)
                        .json()
                        .path("tasks"))
                .isEmpty();
        assertThat(java("GET", "/v2/tasks", null).json().path("tasks").isArray())
                .isTrue();
        assertThat(java("GET", "/v2/info", null).json().path("frameworkId").asText())
                .isNotEmpty();
        assertThat(java("GET", "/v2/queue", null).json().path("queue").isArray())
                .isTrue();
        assertThat(java("GET", "/v2/eventSubscriptions", null)
                        .json()
                        .path("callbackUrls")
                        .isArray())
                .isTrue();
        assertThat(java("GET", "/v2/groups//java", null)
                        .json()
                        .path("apps")
                        .get(0)
                        .path("id")
                        .asText())
                .isEqualTo("/java/web");
        Reply wrong = java("PUT", "/v2/apps//java/web", "{\"upgradeStrategy\":{\"minimumHealthCapacity\":2}}");
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.json().path("details").get(0).path("errors").get(0).asText())
                .isEqualTo("is greater than 1");
        assertThat(java("GET", "/v2/apps//java/none", null)
                        .json()
                        .path("message")
                        .asText())
                .isEqualTo("App '/java/none' does not exist");
        assertThat(java("DELETE", "/v2/apps//java/web", null).status()).isEqualTo(200);
    }

    /** thefactory/marathon-python: every key goes to a constructor that knows just these; booleans are capitalised. */
    @Test
    void python() {
        Reply created = client.post(
                "/v2/apps?force=False",
                "{\"id\":\"/python/web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":1,\"constraints\":[],\"uris\":[],"
                        + "\"storeUrls\":[],\"labels\":{},\"acceptedResourceRoles\":null,\"executor\":\"\","
                        + "\"backoffFactor\":1.15,\"backoffSeconds\":1,\"healthChecks\":[{\"protocol\":\"COMMAND\","
                        + "\"command\":{\"value\":\"true\"},\"gracePeriodSeconds\":3,\"intervalSeconds\":2,\"timeoutSeconds\":2,"
                        + "\"maxConsecutiveFailures\":3,\"ignoreHttp1xx\":false}]}");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        only(created.json(), APP);
        runs("python_web", 1);
        for (JsonNode deployment : client.get("/v2/deployments").json()) {
            only(deployment, "affectedApps affectedPods currentActions currentStep id steps totalSteps version");
            deployment.path("steps").forEach(step -> step.path("actions")
                    .forEach(action -> only(action, "action app apps pod readinessCheckResults type")));
        }
        world.report(world.running("python_web").get(0).info.id(), TaskState.FAILED);
        TestMaster.await(
                "the failure is known", () -> app("/python/web", "app.failures").has("lastTaskFailure"));
        runs("python_web", 1);
        JsonNode app = app(
                "/python/web",
                "app.tasks&embed=app.counts&embed=app.deployments&embed=app.readiness"
                        + "&embed=app.lastTaskFailure&embed=app.failures&embed=app.taskStats");
        only(app, APP);
        app.path("tasks").forEach(task -> {
            only(
                    task,
                    "appId healthCheckResults host id ipAddresses localVolumes ports region role servicePorts slaveId stagedAt"
                            + " startedAt state version zone");
            task.path("healthCheckResults")
                    .forEach(
                            result -> only(
                                    result,
                                    "alive consecutiveFailures firstSuccess instanceId lastFailure lastFailureCause lastSuccess taskId"));
        });
        only(app.path("lastTaskFailure"), "appId host instanceId message slaveId state taskId timestamp version");
        assertThat(client.post("/v2/apps", "{\"id\":\"/python/large\",\"cmd\":\"x\",\"cpus\":1000,\"mem\":16}")
                        .status())
                .isEqualTo(201);
        TestMaster.await("it waits", () -> client.get("/v2/queue").text().contains("/python/large"));
        client.get("/v2/queue").json().path("queue").forEach(item -> {
            only(item, "app count delay lastUnusedOffers overdue processedOffersSummary since");
            only(item.path("delay"), "overdue timeLeftSeconds");
        });
        assertThat(client.delete("/v2/apps/python/large?force=True").status()).isEqualTo(200);
        ObjectNode whole = app("/python/web", "app.tasks").deepCopy();
        whole.put("instances", 2);
        Reply put = client.put("/v2/apps/python/web?force=True&partialUpdate=False", whole.toString());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        runs("python_web", 2);
    }

    private static final String APP =
            "acceptedResourceRoles args backoffFactor backoffSeconds cmd constraints container cpus dependencies deployments disk"
                    + " env executor fetch gpus healthChecks id instances ipAddress killSelection labels lastTaskFailure"
                    + " maxLaunchDelaySeconds mem networks portDefinitions ports readinessCheckResults readinessChecks requirePorts"
                    + " residency role secrets storeUrls taskKillGracePeriodSeconds taskRateLimit taskStats tasks tasksHealthy"
                    + " tasksRunning tasksStaged tasksUnhealthy unreachableStrategy upgradeStrategy uris user version versionInfo";

    /** go-marathon: pointers that are null, and two kinds of 409 that it tells apart. */
    @Test
    void go() {
        String definition = "{\"id\":\"/go/web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":1,\"ports\":null,"
                + "\"dependencies\":null,\"args\":null,\"uris\":null,\"container\":null,\"healthChecks\":null,"
                + "\"upgradeStrategy\":{\"minimumHealthCapacity\":null,\"maximumOverCapacity\":null},\"residency\":null,"
                + "\"secrets\":null,\"taskKillGracePeriodSeconds\":null,\"unreachableStrategy\":null,\"networks\":null}";
        assertThat(client.get("/ping").text()).isEqualTo("pong");
        Reply created = client.post("/v2/apps", definition);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.json().path("deployments").get(0).path("id").asText())
                .isEqualTo(created.header("Marathon-Deployment-Id"));
        runs("go_web", 1);
        idle("/go/web");
        Reply exists = client.post("/v2/apps", definition);
        assertThat(exists.status()).isEqualTo(409);
        assertThat(exists.json().has("deployments")).isFalse();
        world.startOnly(task -> !task.id().value().startsWith("go_web"));
        assertThat(client.put("/v2/apps/go/web", "{\"instances\":2}").status()).isEqualTo(200);
        Reply locked = client.put("/v2/apps/go/web", "{\"instances\":3}");
        assertThat(locked.status()).isEqualTo(409);
        String deployment = locked.json().path("deployments").get(0).path("id").asText();
        assertThat(locked.json().path("message").asText()).startsWith("App is locked by one or more deployments.");
        JsonNode steps =
                client.get("/v2/deployments").json().findValues("steps").get(0);
        assertThat(steps.get(0).path("actions").get(0).path("action").asText()).isNotEmpty();
        assertThat(client.delete("/v2/deployments/" + deployment)
                        .json()
                        .path("deploymentId")
                        .asText())
                .isNotEqualTo(deployment);
        world.startOnly(task -> true);
        idle("/go/web");
        assertThat(client.get("/v2/apps/go/web")
                        .json()
                        .path("app")
                        .path("instances")
                        .asInt())
                .isEqualTo(1);
    }

    /** marathon_lb.py and zdd.py. */
    @Test
    void marathonLb() {
        assertThat(client.post(
                                "/v2/apps",
                                "{\"id\":\"/lb/web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":2,"
                                        + "\"labels\":{\"HAPROXY_GROUP\":\"external\",\"HAPROXY_0_VHOST\":\"shop.example\"},"
                                        + "\"portDefinitions\":[{\"port\":10777}],\"healthChecks\":[{\"protocol\":\"TCP\",\"portIndex\":0}]}")
                        .status())
                .isEqualTo(201);
        runs("lb_web", 2);
        JsonNode app = null;
        for (JsonNode one : client.get("/v2/apps?embed=apps.tasks").json().path("apps")) {
            app = one.path("id").asText().equals("/lb/web") ? one : app;
        }
        assertThat(app.path("labels").path("HAPROXY_0_VHOST").asText()).isEqualTo("shop.example");
        assertThat(app.path("portDefinitions").get(0).path("port").asInt()).isEqualTo(10777);
        assertThat(app.path("ports").get(0).asInt()).isEqualTo(10777);
        JsonNode check = app.path("healthChecks").get(0);
        for (String key : List.of(
                "protocol",
                "portIndex",
                "timeoutSeconds",
                "intervalSeconds",
                "gracePeriodSeconds",
                "maxConsecutiveFailures")) {
            assertThat(check.has(key)).as(key).isTrue();
        }
        JsonNode task = app.path("tasks").get(0);
        assertThat(task.path("state").asText()).isEqualTo("TASK_RUNNING");
        assertThat(task.path("ipAddresses").get(0).path("ipAddress").asText()).isNotEmpty();
        assertThat(task.path("healthCheckResults").isArray()).isTrue();
        assertThat(client.get("/v2/tasks").json().path("tasks").get(0).has("servicePorts"))
                .isTrue();
        String victim = task.path("id").asText();
        Reply scaled = client.post("/v2/tasks/delete?scale=true&force=true", "{\"ids\":[\"" + victim + "\"]}");
        assertThat(scaled.status()).as(scaled.text()).isEqualTo(200);
        TestMaster.await("one is left", () -> world.live("lb_web").size() == 1);
        assertThat(app.path("versionInfo").has("lastScalingAt")).isTrue();
    }

    /** Traefik's provider. */
    @Test
    void traefik() {
        assertThat(client.post(
                                "/v2/apps",
                                "{\"id\":\"/traefik/web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"labels\":{\"traefik.enable\":\"true\"},"
                                        + "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"docker\":{\"image\":\"a\"},"
                                        + "\"portMappings\":[{\"containerPort\":80}]}}")
                        .status())
                .isEqualTo(201);
        runs("traefik_web", 1);
        idle("/traefik/web");
        JsonNode apps = client.get(
                        "/v2/apps?embed=apps.tasks&embed=apps.deployments&embed=apps.readiness&label=traefik.enable%3D%3Dtrue")
                .json()
                .path("apps");
        assertThat(apps).hasSize(1);
        JsonNode app = apps.get(0);
        assertThat(app.path("networks").get(0).path("mode").asText()).isEqualTo("container/bridge");
        assertThat(app.path("container")
                        .path("portMappings")
                        .get(0)
                        .path("containerPort")
                        .asInt())
                .isEqualTo(80);
        assertThat(app.path("readinessCheckResults").isArray()).isTrue();
        assertThat(app.path("deployments").isArray()).isTrue();
        assertThat(app.path("tasks").get(0).path("startedAt").asText())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    }

    /** The clients for Node and CI plugins: plain JSON without a content type, groups and deployments. */
    @Test
    void node() {
        Reply group = client.put(
                "/v2/groups/node",
                "{\"apps\":[{\"id\":\"web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16}],\"groups\":null}");
        assertThat(group.status()).as(group.text()).isEqualTo(200);
        runs("node_web", 1);
        idle("/node/web");
        assertThat(client.get("/v2/groups/node")
                        .json()
                        .path("apps")
                        .get(0)
                        .path("id")
                        .asText())
                .isEqualTo("/node/web");
        assertThat(client.get("/v2/leader").json().path("leader").asText()).isNotEmpty();
        assertThat(client.delete("/v2/groups/node?force=true").status()).isEqualTo(200);
        TestMaster.await("gone", () -> client.get("/v2/groups/node").status() == 404);
    }

    private static Reply java(String method, String path, String body) {
        return client.send(method, path, body, JAVA);
    }

    private static JsonNode app(String id, String embed) {
        return client.get("/v2/apps" + id + "?embed=" + embed).json().path("app");
    }

    private static void runs(String entity, int count) {
        TestMaster.await(count + " of " + entity, () -> world.running(entity).size() == count);
    }

    private static void idle(String app) {
        ServicesApiTest.awaitIdle(client, app);
    }

    private static void only(JsonNode node, String allowed) {
        Set<String> known = Set.of(allowed.split(" ", -1));
        Set<String> unknown = new TreeSet<>();
        node.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                unknown.add(name);
            }
        });
        assertThat(unknown).as("keys that make a client fail").isEmpty();
    }
}
