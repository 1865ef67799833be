package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.Image;
import io.finback.tasks.PortMapping;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apps in containers: what is read in both dialects, what is shown, and what an agent is told to run. */
class ContainersTest {
    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(2, Resources.of(8, 8192, 10000));
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    @Test
    void mapsPortsOfAContainerInTheBridge() {
        create(
                "{\"id\":\"web\",\"mem\":32,\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"type\":\"DOCKER\","
                        + "\"docker\":{\"image\":\"nginx:1.11\",\"forcePullImage\":true,\"privileged\":true,"
                        + "\"parameters\":[{\"key\":\"hostname\",\"value\":\"web\"}]},"
                        + "\"volumes\":[{\"containerPath\":\"/etc/web\",\"hostPath\":\"/srv/web\",\"mode\":\"RO\"}],"
                        + "\"portMappings\":[{\"containerPort\":80,\"hostPort\":0,\"servicePort\":10080,\"name\":\"http\","
                        + "\"labels\":{\"VIP\":\"x\"}},{\"containerPort\":0,\"hostPort\":31050,\"protocol\":\"udp\"}]}}");
        TaskInfo task = launched("web");
        ContainerInfo container = task.options().container().orElseThrow();
        DockerOptions docker = container.docker().orElseThrow();
        assertThat(docker.image()).isEqualTo("nginx:1.11");
        assertThat(docker.network()).isEqualTo(DockerOptions.Network.BRIDGE);
        assertThat(docker.privileged()).isTrue();
        assertThat(docker.forcePullImage()).isTrue();
        assertThat(docker.parameters()).containsExactly(new DockerOptions.Parameter("hostname", "web"));
        assertThat(container.volumes())
                .containsExactly(new Volume(
                        "/etc/web",
                        true,
                        Volume.Source.HOST_PATH,
                        "/srv/web",
                        java.util.Optional.empty(),
                        java.util.Map.of()));
        int first = docker.portMappings().get(0).hostPort();
        assertThat(docker.portMappings())
                .containsExactly(new PortMapping(first, 80, "tcp"), new PortMapping(31050, 31050, "udp"));
        assertThat(task.resources().ports().contains(first)).isTrue();
        assertThat(task.resources().ports().contains(31050)).isTrue();
        assertThat(task.command().shell()).isFalse();
        assertThat(task.command().arguments()).isEmpty();
        assertThat(task.command().environment())
                .containsEntry("PORT0", Integer.toString(first))
                .containsEntry("PORT1", "31050")
                .containsEntry("PORT_80", Integer.toString(first))
                .containsEntry("PORT_HTTP", Integer.toString(first))
                .containsEntry("PORTS", first + ",31050")
                .containsEntry("MARATHON_APP_DOCKER_IMAGE", "nginx:1.11");

        JsonNode app = client.get("/v2/apps/web").json().path("app");
        assertThat(app.path("networks").toString()).isEqualTo("[{\"mode\":\"container/bridge\"}]");
        assertThat(app.has("portDefinitions")).isFalse();
        JsonNode shown = app.path("container");
        assertThat(shown.path("type").asText()).isEqualTo("DOCKER");
        assertThat(shown.path("docker").path("image").asText()).isEqualTo("nginx:1.11");
        assertThat(shown.path("volumes").get(0).path("hostPath").asText()).isEqualTo("/srv/web");
        assertThat(shown.path("portMappings").get(0).toString())
                .isEqualTo("{\"containerPort\":80,\"hostPort\":0,\"servicePort\":10080,\"protocol\":\"tcp\","
                        + "\"labels\":{\"VIP\":\"x\"},\"name\":\"http\"}");
        int assigned = shown.path("portMappings").get(1).path("servicePort").asInt();
        assertThat(assigned).isBetween(10000, 20000);
        assertThat(app.path("ports").toString()).isEqualTo("[10080," + assigned + "]");
        assertThat(app.path("tasks").get(0).path("ports").toString()).isEqualTo("[" + first + ",31050]");
    }

    @Test
    void whatIsShownMayBePutBackAndChangesNothing() {
        create("{\"id\":\"same\",\"cmd\":\"x\",\"networks\":[{\"mode\":\"container/bridge\"}],"
                + "\"container\":{\"docker\":{\"image\":\"a\"},\"portMappings\":[{\"containerPort\":80}]}}");
        var unused1 = launched("same");
        TestMaster.await("deployed", () -> !client.get("/v2/deployments").text().contains("\"/same\""));
        JsonNode before = client.get("/v2/apps/same").json().path("app");
        ObjectNode whole = before.deepCopy();
        whole.remove(List.of("version", "versionInfo", "tasks", "deployments"));
        Reply put = client.put("/v2/apps/same", whole.toString());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        TestMaster.await("deployed", () -> !client.get("/v2/deployments").text().contains("\"/same\""));
        JsonNode after = client.get("/v2/apps/same").json().path("app");
        assertThat(after.path("container")).isEqualTo(before.path("container"));
        assertThat(after.path("versionInfo").path("lastConfigChangeAt"))
                .isEqualTo(before.path("versionInfo").path("lastConfigChangeAt"));
    }

    @Test
    void readsTheOlderDialect() {
        create("{\"id\":\"old\",\"cmd\":\"x\",\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"a:1\","
                + "\"network\":\"BRIDGE\",\"portMappings\":[{\"containerPort\":8080,\"hostPort\":0,\"servicePort\":10090,"
                + "\"protocol\":\"tcp\"}]}}}");
        TaskInfo task = launched("old");
        assertThat(task.command().shell()).isTrue();
        assertThat(task.options()
                        .container()
                        .orElseThrow()
                        .docker()
                        .orElseThrow()
                        .portMappings())
                .hasSize(1);
        JsonNode app = client.get("/v2/apps/old").json().path("app");
        assertThat(app.path("networks").get(0).path("mode").asText()).isEqualTo("container/bridge");
        assertThat(app.path("container")
                        .path("portMappings")
                        .get(0)
                        .path("servicePort")
                        .asInt())
                .isEqualTo(10090);

        Reply put = client.put("/v2/apps/old", "{\"container\":{\"docker\":{\"image\":\"a:2\",\"network\":\"HOST\"}}}");
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        assertThat(client.get("/v2/apps/old")
                        .json()
                        .path("app")
                        .path("networks")
                        .toString())
                .isEqualTo("[{\"mode\":\"host\"}]");
    }

    @Test
    void hasTheContainersOwnPortsInANetworkOfTheUser() {
        create(
                "{\"id\":\"user\",\"args\":[\"serve\"],\"networks\":[{\"mode\":\"container\",\"name\":\"whales\"}],"
                        + "\"container\":{\"docker\":{\"image\":\"a\"},\"portMappings\":[{\"containerPort\":8080,\"name\":\"api\"}]}}");
        TaskInfo task = launched("user");
        ContainerInfo container = task.options().container().orElseThrow();
        assertThat(container.docker().orElseThrow().network()).isEqualTo(DockerOptions.Network.USER);
        assertThat(container.docker().orElseThrow().portMappings()).isEmpty();
        assertThat(container.networks().get(0).name()).contains("whales");
        assertThat(task.resources().ports().isEmpty()).isTrue();
        assertThat(task.command().arguments()).containsExactly("serve");
        assertThat(task.command().environment()).containsEntry("PORT0", "8080").containsEntry("PORT_API", "8080");
        assertThat(client.get("/v2/apps/user")
                        .json()
                        .path("app")
                        .path("networks")
                        .toString())
                .isEqualTo("[{\"mode\":\"container\",\"name\":\"whales\"}]");
    }

    @Test
    void runsAnImageWithoutAnEngineInTheMachinesNetwork() {
        create("{\"id\":\"rootfs\",\"cmd\":\"x\",\"container\":{\"type\":\"MESOS\",\"docker\":{\"image\":\"a\"}}}");
        TaskInfo task = launched("rootfs");
        ContainerInfo container = task.options().container().orElseThrow();
        assertThat(container.type()).isEqualTo(ContainerInfo.Type.MESOS);
        assertThat(container.image().map(Image::name)).contains("a");
        assertThat(task.command().environment()).containsKeys("PORT0", "PORT_DEFAULT");
    }

    @Test
    void whatIsWrongIsNamed() {
        String bridge = "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"docker\":{\"image\":\"a\"}";
        for (String[] wrong : new String[][] {
            {
                "\"container\":{\"type\":\"DOCKER\",\"portMappings\":[{\"containerPort\":80}],"
                        + "\"docker\":{\"image\":\"a\"}}",
                "/container/portMappings"
            },
            {"\"networks\":[{\"mode\":\"container/bridge\"}]", "/networks(0)/mode"},
            {"\"networks\":[{\"mode\":\"container\"}],\"container\":{\"docker\":{\"image\":\"a\"}}", "/networks(0)/name"
            },
            {"\"networks\":[{\"mode\":\"else\"}],\"container\":{\"docker\":{\"image\":\"a\"}}", "/networks(0)/mode"},
            {"\"networks\":[{\"mode\":\"host\"},{\"mode\":\"host\"}]", "/networks"},
            {bridge + ",\"type\":\"MESOS\"}", "/networks(0)/mode"},
            {bridge + "},\"portDefinitions\":[{\"port\":0}]", "/portDefinitions"},
            {bridge + ",\"portMappings\":[{\"containerPort\":70000}]}", "/container/portMappings(0)/containerPort"},
            {
                bridge + ",\"portMappings\":[{\"containerPort\":80,\"protocol\":\"ip\"}]}",
                "/container/portMappings(0)/protocol"
            },
            {bridge + ",\"portMappings\":[{\"hostPort\":31001},{\"hostPort\":31001}]}", "/container/portMappings"},
            {"\"container\":{\"docker\":{\"image\":\"\"}}", "/container/docker/image"},
            {"\"container\":{\"type\":\"APPC\",\"docker\":{\"image\":\"a\"}}", "/container/type"},
            {
                "\"container\":{\"docker\":{\"image\":\"a\",\"pullConfig\":{\"secret\":\"s\"}}}",
                "/container/docker/pullConfig"
            },
            {
                "\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"a\",\"persistent\":{\"size\":1}}]}",
                "/role"
            },
            {
                "\"container\":{\"volumes\":[{\"containerPath\":\"a\",\"external\":{\"name\":\"n\",\"provider\":\"dvdi\"}}]}",
                "/container/volumes(0)/external"
            },
            {
                "\"container\":{\"volumes\":[{\"containerPath\":\"a\",\"persistent\":{\"size\":1,\"type\":\"mount\"}}]}",
                "/container/volumes(0)/persistent/type"
            },
            {
                "\"role\":\"r\",\"container\":{\"volumes\":[{\"containerPath\":\"../a\",\"persistent\":{\"size\":1}}]}",
                "/container/volumes"
            },
            {"\"residency\":{\"taskLostBehavior\":\"WAIT_FOREVER\"}", "/residency"},
            {"\"role\":\"a b\"", "/role"},
            {"\"role\":\"a\",\"acceptedResourceRoles\":[\"b\"]", "/acceptedResourceRoles"},
            {"\"cpus\":2,\"resourceLimits\":{\"cpus\":1}", "/resourceLimits/cpus"},
            {"\"resourceLimits\":{\"mem\":\"none\"}", "/resourceLimits/mem"},
            {"\"check\":{}", "/check"},
            {"\"check\":{\"tcp\":{\"portIndex\":3}}", "/check"},
            {"\"env\":{\"A\":{\"secret\":\"s\"}}", "/env/A"},
            {"\"container\":{\"volumes\":[{\"containerPath\":\"a\",\"secret\":\"s\"}]}", "/container/volumes"},
            {
                "\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"a\",\"hostPath\":\"../b\"}]}",
                "/container/volumes(0)/hostPath"
            },
            {"\"container\":{\"linuxInfo\":{\"seccomp\":{}},\"docker\":{\"image\":\"a\"}}", "/container/linuxInfo"},
        }) {
            Reply reply = client.post("/v2/apps", "{\"id\":\"wrong\",\"cmd\":\"x\"," + wrong[0] + "}");
            assertThat(reply.status()).as(wrong[0] + reply.text()).isEqualTo(422);
            assertThat(reply.json().path("details").get(0).path("path").asText())
                    .as(reply.text())
                    .isEqualTo(wrong[1]);
        }
        Reply noImage = client.post("/v2/apps", "{\"id\":\"wrong\",\"cmd\":\"x\",\"container\":{\"docker\":{}}}");
        assertThat(noImage.status()).isEqualTo(400);
        assertThat(client.get("/v2/apps/wrong").status()).isEqualTo(404);
    }

    private static void create(String body) {
        Reply created = client.post("/v2/apps", body);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
    }

    private static TaskInfo launched(String app) {
        TestMaster.await(app + " runs", () -> world.running(app).size() == 1);
        return world.running(app).get(0).info;
    }
}
