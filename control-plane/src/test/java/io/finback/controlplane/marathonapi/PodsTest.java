package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.Volume;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /v2/pods} over a real port: shapes, life and errors. */
class PodsTest {
    private static final String SMALL = "\"resources\":{\"cpus\":0.1,\"mem\":32}";

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

    static String pod(String id, int instances, String command) {
        return "{\"id\":\"" + id + "\",\"labels\":{\"team\":\"a\"},\"environment\":{\"X\":\"y\"},\"containers\":["
                + "{\"name\":\"web\",\"exec\":{\"command\":{\"shell\":\"" + command + "\"}}," + SMALL
                + ",\"endpoints\":[{\"name\":\"http\",\"hostPort\":0,\"protocol\":[\"tcp\"]}],"
                + "\"volumeMounts\":[{\"name\":\"shared\",\"mountPath\":\"data\"}]},"
                + "{\"name\":\"side\",\"exec\":{\"command\":{\"argv\":[\"sleep\",\"9\"]}}," + SMALL
                + ",\"volumeMounts\":[{\"name\":\"shared\",\"mountPath\":\"data\",\"readOnly\":true}],"
                + "\"lifecycle\":{\"killGracePeriodSeconds\":4}}],"
                + "\"volumes\":[{\"name\":\"shared\"}],\"networks\":[{\"mode\":\"host\"}],"
                + "\"scaling\":{\"kind\":\"fixed\",\"instances\":" + instances + "}}";
    }

    @Test
    void runsAsGroupsAndShowsItsStatus() {
        assertThat(client.send("HEAD", "/v2/pods", null).status()).isEqualTo(200);
        Reply created = client.post("/v2/pods", pod("life", 2, "serve"));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.header("Location")).endsWith("/v2/pods/life");
        assertThat(created.header("Marathon-Deployment-Id")).isNotEmpty();
        assertThat(created.json().path("id").asText()).isEqualTo("/life");
        stable("/life", 2);

        List<FakeWorld.Task> tasks = world.running("life");
        assertThat(tasks).hasSize(4);
        TaskInfo web = task(tasks, "web");
        TaskInfo side = task(tasks, "side");
        assertThat(web.options().group().orElseThrow().size()).isEqualTo(2);
        assertThat(web.options().executor().orElseThrow().resources().milli(Resources.MEM))
                .isEqualTo(32_000);
        assertThat(web.resources().ports().size()).isEqualTo(1);
        long port = web.resources().ports().nth(0).orElseThrow();
        assertThat(web.command().environment())
                .containsEntry("EP_HOST_HTTP", Long.toString(port))
                .containsEntry("X", "y")
                .containsEntry("MARATHON_CONTAINER_ID", "web")
                .containsEntry("MARATHON_APP_ID", "/life");
        assertThat(side.command().environment()).containsKey("EP_HOST_HTTP");
        assertThat(side.command().arguments()).containsExactly("sleep", "9");
        assertThat(side.killGrace().orElseThrow().toSeconds()).isEqualTo(4);
        Volume volume = side.options().container().orElseThrow().volumes().get(0);
        assertThat(volume.source()).isEqualTo(Volume.Source.SANDBOX_PARENT);
        assertThat(volume.readOnly()).isTrue();
        assertThat(volume.name())
                .isEqualTo(
                        web.options().container().orElseThrow().volumes().get(0).name());

        JsonNode status = client.get("/v2/pods/life::status").json();
        assertThat(status.path("spec").path("scaling").path("instances").asInt())
                .isEqualTo(2);
        JsonNode instance = status.path("instances").get(0);
        assertThat(instance.path("status").asText()).isEqualTo("STABLE");
        assertThat(instance.path("agentHostname").asText()).startsWith("host-agent-");
        assertThat(instance.path("containers").findValuesAsText("status")).containsOnly("TASK_RUNNING");
        JsonNode container = instance.path("containers").get(0);
        assertThat(container.path("name").asText()).isEqualTo("web");
        assertThat(container.path("endpoints").get(0).path("allocatedHostPort").asInt())
                .isBetween(31000, 31300);
        assertThat(instance.path("resources").path("mem").asInt()).isEqualTo(96);
        assertThat(client.get("/v2/pods/::status").json().findValuesAsText("id"))
                .contains("/life");
        assertThat(client.get("/v2/pods").json().findValuesAsText("id")).contains("/life");

        // It is no app, and an app of its name cannot be.
        assertThat(client.get("/v2/apps/life").status()).isEqualTo(404);
        assertThat(client.get("/v2/apps").text()).doesNotContain("/life");
        assertThat(client.post("/v2/apps", "{\"id\":\"life\",\"cmd\":\"x\"}").status())
                .isEqualTo(409);
        assertThat(client.post("/v2/pods", pod("life", 1, "serve")).status()).isEqualTo(409);
    }

    @Test
    void whatIsReadIsWrittenAndPutBackWithoutARestart() {
        create("same", 1);
        Reply shown = client.get("/v2/pods/same");
        var before = world.running("same").stream().map(t -> t.info.id()).toList();
        Reply put = client.put("/v2/pods/same", shown.text());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        assertThat(without(client.get("/v2/pods/same").json(), "version")).isEqualTo(without(shown.json(), "version"));
        assertThat(world.running("same").stream().map(t -> t.info.id()).toList())
                .isEqualTo(before);

        ObjectNode scaled = (ObjectNode) shown.json();
        ((ObjectNode) scaled.path("scaling")).put("instances", 2);
        assertThat(client.put("/v2/pods/same", scaled.toString()).status()).isEqualTo(200);
        stable("/same", 2);
        assertThat(world.running("same").stream().map(t -> t.info.id()).toList())
                .containsAll(before);
        assertThat(client.get("/v2/pods/same::versions").json()).hasSize(2);
        String first = client.get("/v2/pods/same::versions").json().get(1).asText();
        assertThat(client.get("/v2/pods/same::versions/" + first)
                        .json()
                        .path("scaling")
                        .path("instances")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void anUpgradeReplacesInstancesAndIsADeployment() {
        create("up", 2);
        world.startOnly(task -> !task.command().value().equals("new"));
        Reply put = client.put("/v2/pods/up", pod("up", 2, "new"));
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        String id = put.header("Marathon-Deployment-Id");
        TestMaster.await("the deployment is listed", () -> deployment(id).has("id"));
        JsonNode deployment = deployment(id);
        assertThat(deployment.path("affectedPods").toString()).isEqualTo("[\"/up\"]");
        assertThat(deployment.path("affectedApps")).isEmpty();
        assertThat(deployment.path("steps").get(0).path("actions").get(0).toString())
                .isEqualTo("{\"action\":\"RestartPod\",\"type\":\"RestartPod\",\"pod\":\"/up\"}");
        Reply locked = client.put("/v2/pods/up", pod("up", 3, "newer"));
        assertThat(locked.status()).isEqualTo(409);
        assertThat(locked.json().path("deployments").get(0).path("id").asText()).isEqualTo(id);
        assertThat(client.get("/v2/pods/up::status").json().path("instances").size())
                .isGreaterThan(2);
        world.startOnly(task -> true);
        TestMaster.await("done", () -> !deployment(id).has("id"));
        stable("/up", 2);
        assertThat(world.running("up").stream().filter(t -> t.info.name().equals("web")))
                .allMatch(t -> t.info.command().value().equals("new"));
    }

    @Test
    void oneContainersEndIsTheEndOfItsInstance() {
        create("fate", 1);
        FakeWorld.Task side = world.running("fate").stream()
                .filter(t -> t.info.name().equals("side"))
                .findFirst()
                .orElseThrow();
        world.report(side.info.id(), TaskState.FAILED);
        TestMaster.await(
                "another instance runs",
                () -> world.running("fate").size() == 2
                        && world.running("fate").stream().noneMatch(t -> t.info.options()
                                .group()
                                .equals(side.info.options().group())));
        stable("/fate", 1);
        JsonNode history = client.get("/v2/pods/fate::status")
                .json()
                .path("terminationHistory")
                .get(0);
        assertThat(history.path("message").asText()).contains("container side");

        // One that has done its work ends nothing.
        FakeWorld.Task next = world.running("fate").stream()
                .filter(t -> t.info.name().equals("side"))
                .findFirst()
                .orElseThrow();
        world.report(next.info.id(), TaskState.FINISHED);
        TestMaster.await(
                "seen", () -> client.get("/v2/pods/fate::status").text().contains("TASK_FINISHED"));
        assertThat(client.get("/v2/pods/fate::status").json().path("status").asText())
                .isEqualTo("STABLE");
        assertThat(world.running("fate")).hasSize(1);
    }

    @Test
    void instancesAreEndedOneByOneAndTogetherAndThePodGoes() {
        create("kill", 2);
        List<String> ids =
                client.get("/v2/pods/kill::status").json().path("instances").findValuesAsText("id");
        Reply one = client.delete("/v2/pods/kill::instances/" + ids.get(0));
        assertThat(one.status()).as(one.text()).isEqualTo(200);
        assertThat(one.json().path("id").asText()).isEqualTo(ids.get(0));
        TestMaster.await(
                "replaced",
                () -> world.running("kill").size() == 4
                        && world.running("kill").stream()
                                .noneMatch(t -> t.info.id().value().startsWith(ids.get(0))));
        assertThat(client.delete("/v2/pods/kill::instances/none").status()).isEqualTo(404);
        Reply many = client.send("DELETE", "/v2/pods/kill::instances", "[\"" + ids.get(1) + "\",\"unknown\"]");
        assertThat(many.status()).as(many.text()).isEqualTo(200);
        assertThat(many.json()).hasSize(1);
        TestMaster.await(
                "replaced",
                () -> world.running("kill").size() == 4
                        && world.running("kill").stream()
                                .noneMatch(t -> t.info.id().value().startsWith(ids.get(1))));
        stable("/kill", 2);

        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("/kill") < 0);
        Reply deleted = client.delete("/v2/pods/kill");
        assertThat(deleted.status()).isEqualTo(202);
        assertThat(deleted.text()).isEmpty();
        assertThat(deleted.header("Location")).isEqualTo(deleted.header("Marathon-Deployment-Id"));
        assertThat(client.delete("/v2/pods/kill").status())
                .as("as Marathon: it is gone from its group, whatever still ends")
                .isEqualTo(404);
        TestMaster.await("gone", () -> world.live("kill").isEmpty());
        assertThat(client.get("/v2/pods/kill").status()).isEqualTo(404);
    }

    @Test
    void oneThatFitsNowhereWaitsInTheQueueAsAPod() {
        Reply created = client.post(
                "/v2/pods",
                "{\"id\":\"wide\",\"containers\":[{\"name\":\"a\",\"exec\":{\"command\":{\"shell\":\"x\"}},"
                        + "\"resources\":{\"cpus\":400,\"mem\":32}}]}");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        TestMaster.await("it waits", () -> queued("/wide").isObject());
        assertThat(queued("/wide")
                        .path("pod")
                        .path("containers")
                        .get(0)
                        .path("name")
                        .asText())
                .isEqualTo("a");
        assertThat(queued("/wide").has("app")).isFalse();
        assertThat(client.get("/v2/pods/wide::status").json().path("status").asText())
                .isEqualTo("DEGRADED");
        assertThat(client.send("DELETE", "/v2/pods/wide?force=true", null).status())
                .isEqualTo(202);
    }

    @Test
    void secretsOfAPodAreHandedToItsContainersByName() {
        String spec = "{\"id\":\"kept\",\"environment\":{\"X\":\"y\",\"ALL\":{\"secret\":\"pw\"}},"
                + "\"secrets\":{\"pw\":{\"source\":\"shop/db\"}},\"containers\":["
                + "{\"name\":\"web\",\"exec\":{\"command\":{\"shell\":\"serve\"}}," + SMALL
                + ",\"environment\":{\"OWN\":{\"secret\":\"pw\"},\"ALL\":\"plain\"}},"
                + "{\"name\":\"side\",\"exec\":{\"command\":{\"shell\":\"serve\"}}," + SMALL
                + ",\"volumeMounts\":[{\"name\":\"file\",\"mountPath\":\"pw\"}]}],"
                + "\"volumes\":[{\"name\":\"file\",\"secret\":\"pw\"}]}";
        Reply created = client.post("/v2/pods", spec);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        stable("/kept", 1);
        List<FakeWorld.Task> tasks = world.running("kept");
        TaskInfo web = task(tasks, "web");
        TaskInfo side = task(tasks, "side");
        assertThat(web.command().secrets()).isEqualTo(Map.of("OWN", "shop/db"));
        assertThat(web.command().environment()).containsEntry("ALL", "plain").containsEntry("X", "y");
        assertThat(side.command().secrets()).isEqualTo(Map.of("ALL", "shop/db"));
        Volume file = side.options().container().orElseThrow().volumes().get(0);
        assertThat(file.source()).isEqualTo(Volume.Source.SECRET);
        assertThat(file.name()).isEqualTo("shop/db");
        JsonNode pod = client.get("/v2/pods/kept").json();
        assertThat(pod.path("volumes").toString()).isEqualTo("[{\"name\":\"file\",\"secret\":\"pw\"}]");
        assertThat(pod.path("environment").toString()).isEqualTo("{\"X\":\"y\",\"ALL\":{\"secret\":\"pw\"}}");
        Reply back = client.put("/v2/pods/kept", pod.toString());
        assertThat(back.status()).as(back.text()).isEqualTo(200);
        assertThat(back.json().path("version")).isEqualTo(pod.path("version"));
        assertThat(client.delete("/v2/pods/kept").status()).isEqualTo(202);
    }

    @Test
    void secretsAndDisksThatCannotBeAreNamed() {
        String containers = "\"containers\":[{\"name\":\"web\",\"exec\":{\"command\":{\"shell\":\"x\"}}," + SMALL
                + ",\"environment\":{\"A\":{\"secret\":\"none\"}}}]";
        Reply reply = client.post(
                "/v2/pods",
                "{\"id\":\"bad\"," + containers
                        + ",\"secrets\":{\"up\":{\"source\":\"../..\"},\"self\":{\"source\":\"a/..\"},\"ok\":{\"source\":\"/a//b\"}},"
                        + "\"volumes\":[{\"name\":\"two\",\"host\":\"/x\",\"secret\":\"up\"},"
                        + "{\"name\":\"alone\",\"persistent\":{\"size\":1}}]}");
        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.text())
                .contains(
                        "/containers(0)/environment/A",
                        "references an undefined secret named 'none'",
                        "/secrets/up/source",
                        "/secrets/self/source",
                        "/volumes(0)",
                        "/volumes(1)/persistent")
                .doesNotContain("/secrets/ok");
    }

    @Test
    void groupsHoldPodsBesideApps() {
        String group =
                "{\"id\":\"/mix\",\"apps\":[{\"id\":\"a\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":1}],\"pods\":["
                        + pod("p", 1, "serve") + "]}";
        Reply created = client.post("/v2/groups", group);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        stable("/mix/p", 1);
        JsonNode shown = client.get("/v2/groups/mix").json();
        assertThat(shown.path("pods").findValuesAsText("id")).containsExactly("/mix/p");
        assertThat(shown.path("apps")).hasSize(1);
        assertThat(client.get("/v2/groups/mix/apps").json().path("apps")).hasSize(1);
        assertThat(client.get("/v2/groups/mix?embed=group.pods").json().has("apps"))
                .isFalse();
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("/mix") < 0);
        Reply same = client.put("/v2/groups/mix?dryRun=true", group);
        assertThat(same.text()).isEqualTo("{\"steps\":[]}");
        Reply scaled = client.put("/v2/groups/mix", "{\"scaleBy\":2}");
        assertThat(scaled.status()).as(scaled.text()).isEqualTo(200);
        stable("/mix/p", 2);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("/mix") < 0);
        // Apps alone are given: pods stay.
        assertThat(client.put("/v2/groups/mix", "{\"apps\":[]}").status()).isEqualTo(200);
        TestMaster.await("the app is gone", () -> client.get("/v2/apps/mix/a").status() == 404);
        assertThat(client.get("/v2/pods/mix/p").status()).isEqualTo(200);
        Reply clash = client.put("/v2/groups/mix", "{\"apps\":[{\"id\":\"p\",\"cmd\":\"x\"}]}");
        assertThat(clash.status()).as(clash.text()).isEqualTo(422);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("/mix") < 0);
        assertThat(client.delete("/v2/groups/mix").status()).isEqualTo(200);
        TestMaster.await("all gone", () -> world.live("mix_p").isEmpty());
    }

    @Test
    void errorsNameWhatIsWrong() {
        assertThat(client.get("/v2/pods/none").text()).isEqualTo("{\"message\":\"Pod '/none' does not exist\"}");
        assertThat(client.get("/v2/pods/none::status").status()).isEqualTo(404);
        assertThat(client.put("/v2/pods/none", pod("none", 1, "x")).status()).isEqualTo(404);
        assertThat(client.put("/v2/pods/none", pod("other", 1, "x")).status()).isEqualTo(400);
        assertThat(client.get("/v2/pods/none::nothing").status()).isEqualTo(404);
        assertThat(client.send("PATCH", "/v2/pods", "{}").header("Allow")).isEqualTo("GET, HEAD, POST");
        refused("{\"id\":\"p\"}", 400, "/containers");
        refused("{\"id\":\"p\",\"containers\":[]}", 422, "/containers");
        refused(container("\"name\":\"A\""), 422, "/containers(0)/name");
        refused(container("\"name\":\"a\",\"exec\":{\"command\":{}}"), 422, "/containers(0)/exec/command");
        refused(
                container("\"name\":\"a\",\"endpoints\":[{\"name\":\"e\"}]"),
                422,
                "/containers(0)/endpoints(0)/hostPort");
        refused(
                container("\"name\":\"a\",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"x\"}]"),
                422,
                "/containers(0)/volumeMounts(0)/name");
        refused(
                container("\"name\":\"a\",\"healthCheck\":{\"http\":{\"endpoint\":\"none\"}}"),
                422,
                "/containers(0)/healthCheck/http/endpoint");
        refused(
                "{\"id\":\"p\",\"networks\":[{\"mode\":\"container\"}],\"containers\":[{\"name\":\"a\"," + SMALL
                        + "}]}",
                422,
                "/networks(0)/mode");
        refused(
                "{\"id\":\"p\",\"scheduling\":{\"upgrade\":{\"minimumHealthCapacity\":2}},\"containers\":[" + A + "]}",
                422,
                "/scheduling/upgrade/minimumHealthCapacity");
        refused("{\"id\":\"p\",\"scaling\":{\"instances\":-1},\"containers\":[" + A + "]}", 422, "/scaling/instances");
        assertThat(client.get("/v2/pods/p").status()).isEqualTo(404);
    }

    private static final String A = "{\"name\":\"a\",\"exec\":{\"command\":{\"shell\":\"x\"}}," + SMALL + "}";

    private static String container(String fields) {
        String exec = fields.contains("exec") ? "" : ",\"exec\":{\"command\":{\"shell\":\"x\"}}";
        return "{\"id\":\"p\",\"containers\":[{" + fields + exec + "," + SMALL + "}]}";
    }

    private static void refused(String body, int status, String path) {
        Reply reply = client.post("/v2/pods", body);
        assertThat(reply.status()).as(reply.text()).isEqualTo(status);
        assertThat(reply.json().path("details").findValuesAsText("path"))
                .as(reply.text())
                .contains(path);
    }

    private static void create(String id, int instances) {
        Reply created = client.post("/v2/pods", pod(id, instances, "serve"));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        stable("/" + id, instances);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("\"/" + id + "\"") < 0);
    }

    private static void stable(String id, int instances) {
        TestMaster.await(id + " is stable", () -> {
            JsonNode status = client.get("/v2/pods" + id + "::status").json();
            return status.path("status").asText().equals("STABLE")
                    && status.path("instances").size() == instances;
        });
    }

    private static TaskInfo task(List<FakeWorld.Task> tasks, String container) {
        return tasks.stream()
                .map(t -> t.info)
                .filter(t -> t.name().equals(container))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode deployment(String id) {
        for (JsonNode one : client.get("/v2/deployments").json()) {
            if (one.path("id").asText().equals(id)) {
                return one;
            }
        }
        return Client.MAPPER.missingNode();
    }

    private static JsonNode queued(String id) {
        for (JsonNode one : client.get("/v2/queue").json().path("queue")) {
            if (one.path("pod").path("id").asText().equals(id)) {
                return one;
            }
        }
        return Client.MAPPER.missingNode();
    }

    private static JsonNode without(JsonNode node, String field) {
        ObjectNode copy = node.deepCopy();
        copy.remove(field);
        return copy;
    }
}
