package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.Probe;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.Volume;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What few apps ask for: what an agent is told, what is shown, and that it may be put back. */
class OptionsTest {
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
    void anAgentHearsOfLimits() {
        TaskInfo task =
                launched("limits", "\"cpus\":0.5,\"mem\":64,\"resourceLimits\":{\"cpus\":2,\"mem\":\"unlimited\"}");
        assertThat(task.options().limits()).isEqualTo(Map.of("cpus", 2.0, "mem", Double.POSITIVE_INFINITY));
        assertThat(app("limits").path("resourceLimits").toString()).isEqualTo("{\"cpus\":2,\"mem\":\"unlimited\"}");
        mayBePutBack("limits");
    }

    @Test
    void whatAGeneralCheckSeesIsShownAndNoMore() {
        TaskInfo task = launched(
                "checked",
                "\"check\":{\"http\":{\"path\":\"/up\",\"portIndex\":0},\"intervalSeconds\":3,\"timeoutSeconds\":2,"
                        + "\"delaySeconds\":1}");
        int port = (int) task.resources().ports().nth(0).orElseThrow();
        assertThat(task.options().check().orElseThrow().probe())
                .isEqualTo(Probe.of(new Probe.Http("http", port, "/up", false, List.of())));
        assertThat(task.options().check().orElseThrow().interval()).isEqualTo(Duration.ofSeconds(3));
        assertThat(app("checked").path("check").toString())
                .isEqualTo("{\"http\":{\"scheme\":\"http\",\"path\":\"/up\",\"portIndex\":0},\"intervalSeconds\":3,"
                        + "\"timeoutSeconds\":2,\"delaySeconds\":1}");
        assertThat(app("checked").path("tasks").get(0).has("checkResult")).isFalse();
        world.reportWith(
                task.id(),
                TaskState.RUNNING,
                StatusDetails.NONE.withCheck(
                        new CheckStatus(CheckStatus.Type.HTTP, Optional.empty(), Optional.of(503), Optional.empty())));
        TestMaster.await("shown", () -> app("checked")
                .path("tasks")
                .get(0)
                .path("checkResult")
                .toString()
                .equals("{\"http\":{\"statusCode\":503}}"));
        assertThat(app("checked").path("tasksRunning").asInt()).isEqualTo(1);
        assertThat(app("checked").path("tasksUnhealthy").asInt()).isZero();
        mayBePutBack("checked");
    }

    @Test
    void aCommandMayBeAGeneralCheck() {
        TaskInfo task = launched("shell", "\"check\":{\"exec\":{\"command\":{\"shell\":\"test -e up\"}}}");
        assertThat(task.options()
                        .check()
                        .orElseThrow()
                        .probe()
                        .command()
                        .orElseThrow()
                        .value())
                .isEqualTo("test -e up");
        mayBePutBack("shell");
    }

    @Test
    void secretsArePassedOnByNameAlone() {
        TaskInfo task = launched(
                "secret",
                "\"env\":{\"PLAIN\":\"p\",\"PASS\":{\"secret\":\"pw\"}},\"secrets\":{\"pw\":{\"source\":\"shop/db\"}},"
                        + "\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"keys/pw\",\"secret\":\"pw\"}]}");
        assertThat(task.command().secrets()).isEqualTo(Map.of("PASS", "shop/db"));
        assertThat(task.command().environment()).containsEntry("PLAIN", "p").doesNotContainKey("PASS");
        Volume file = task.options().container().orElseThrow().volumes().get(0);
        assertThat(file.source()).isEqualTo(Volume.Source.SECRET);
        assertThat(file.name()).isEqualTo("shop/db");
        assertThat(file.containerPath()).isEqualTo("keys/pw");
        JsonNode app = app("secret");
        assertThat(app.path("env").toString()).isEqualTo("{\"PLAIN\":\"p\",\"PASS\":{\"secret\":\"pw\"}}");
        assertThat(app.path("secrets").toString()).isEqualTo("{\"pw\":{\"source\":\"shop/db\"}}");
        assertThat(app.path("container").path("volumes").toString())
                .isEqualTo("[{\"containerPath\":\"keys/pw\",\"secret\":\"pw\"}]");
        mayBePutBack("secret");
    }

    private static void mayBePutBack(String id) {
        TestMaster.await("deployed", () -> !client.get("/v2/deployments").text().contains("\"/" + id + "\""));
        ObjectNode whole = app(id).deepCopy();
        Client.Reply put = client.put("/v2/apps/" + id + "?partialUpdate=false", whole.toString());
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        assertThat(app(id).path("version")).isEqualTo(whole.path("version"));
    }

    private static JsonNode app(String id) {
        return client.get("/v2/apps/" + id).json().path("app");
    }

    private static TaskInfo launched(String id, String fields) {
        Client.Reply reply = client.post("/v2/apps", "{\"id\":\"" + id + "\",\"cmd\":\"x\"," + fields + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(201);
        TestMaster.await("it runs", () -> world.running(id).size() == 1);
        return world.running(id).get(0).info;
    }
}
