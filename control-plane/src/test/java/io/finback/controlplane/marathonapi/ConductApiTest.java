package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Marathon has not: deployments that are paused, begin with a canary, wait for pulses, and are planned. */
class ConductApiTest {
    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(3, Resources.of(8, 8192, 10000));
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    private static String app(String id, String cmd, int instances, String labels) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.1,\"mem\":16,\"instances\":" + instances
                + ",\"labels\":{" + labels + "},\"portDefinitions\":[]}";
    }

    @Test
    void aCanaryWaitsUntilItIsLetGoOn() {
        create("canary", 4, "\"FINBACK_DEPLOYMENT_CANARY\":\"1\"");
        String id = change("canary", "{\"cmd\":\"new\"}");
        TestMaster.await("one canary, and no more", () -> standing(id).equals("AWAITING_APPROVAL"));
        TestMaster.await("it has taken one's place", () -> commands("canary").size() == 4);
        assertThat(commands("canary")).containsExactlyInAnyOrder("new", "old", "old", "old");
        JsonNode conduct =
                client.get("/v2/deployments/" + id).json().path("conduct").get(0);
        assertThat(conduct.path("app").asText()).isEqualTo("/canary");
        assertThat(conduct.path("updated").asInt()).isEqualTo(1);
        assertThat(conduct.path("limit").asInt()).isEqualTo(1);
        // The list is as Marathon's: a common client fails on keys it does not know.
        assertThat(client.get("/v2/deployments").text()).doesNotContain("conduct");
        assertThat(client.send("POST", "/v2/deployments/" + id + "/resume", null)
                        .status())
                .isEqualTo(200);
        TestMaster.await("done", () -> client.get("/v2/deployments/" + id).status() == 404);
        assertThat(commands("canary")).containsOnly("new").hasSize(4);
    }

    @Test
    void aPausedDeploymentStandsStillAlsoOverALaterWord() {
        create("paused", 3, "");
        world.startOnly(task -> !task.command().value().equals("new"));
        String id = change("paused", "{\"cmd\":\"new\"}");
        Reply paused = client.send("POST", "/v2/deployments/" + id + "/pause", null);
        assertThat(paused.status()).as(paused.text()).isEqualTo(200);
        assertThat(paused.json().path("conduct").get(0).path("state").asText()).isEqualTo("PAUSED");
        assertThat(client.send("POST", "/v2/deployments/" + id + "/pause", null).status())
                .isEqualTo(200);
        world.startOnly(task -> true);
        assertThat(client.send("POST", "/v2/deployments/" + id + "/resume", null)
                        .status())
                .isEqualTo(200);
        TestMaster.await("done", () -> client.get("/v2/deployments/" + id).status() == 404);
        assertThat(commands("paused")).containsOnly("new");
        for (String word : List.of("pause", "resume", "pulse")) {
            Reply none = client.send("POST", "/v2/deployments/" + id + "/" + word, null);
            assertThat(none.status()).isEqualTo(404);
            assertThat(none.text()).isEqualTo("{\"message\":\"DeploymentPlan " + id + " does not exist\"}");
        }
        assertThat(client.send("POST", "/v2/deployments/" + id + "/dance", null).status())
                .isEqualTo(404);
        assertThat(client.get("/v2/deployments/" + id + "/pause").header("Allow"))
                .isEqualTo("POST");
    }

    @Test
    void withoutAPulseNothingGoesOn() {
        create("pulsed", 2, "\"FINBACK_DEPLOYMENT_PULSE_SECONDS\":\"600\"");
        String id = change("pulsed", "{\"cmd\":\"new\"}");
        TestMaster.await("it waits", () -> standing(id).equals("AWAITING_PULSE"));
        assertThat(commands("pulsed")).containsOnly("old");
        Reply pulse = client.send("POST", "/v2/deployments/" + id + "/pulse", null);
        assertThat(pulse.json().path("conduct").get(0).has("pulsedAt")).isTrue();
        TestMaster.await("done", () -> client.get("/v2/deployments/" + id).status() == 404);
        assertThat(commands("pulsed")).containsOnly("new");
    }

    @Test
    void labelsThatMeanNothingAreRefused() {
        for (String label : new String[] {
            "\"FINBACK_DEPLOYMENT_CANARY\":\"0\"",
            "\"FINBACK_DEPLOYMENT_BATCHES\":\"1,,2\"",
            "\"FINBACK_DEPLOYMENT_BATCHES\":\"0\"",
            "\"FINBACK_DEPLOYMENT_AUTOPAUSE\":\"yes\"",
            "\"FINBACK_DEPLOYMENT_PULSE_SECONDS\":\"soon\""
        }) {
            Reply reply = client.post("/v2/apps", app("refused", "x", 1, label));
            assertThat(reply.status()).as(label).isEqualTo(422);
            assertThat(reply.json().path("details").get(0).path("path").asText())
                    .startsWith("/labels/FINBACK_");
        }
    }

    @Test
    void aPlanSaysWhatWouldHappenAndNothingDoes() {
        create("planned", 3, "");
        List<String> ids =
                world.running("planned").stream().map(t -> t.info.id().value()).toList();
        JsonNode scale = plan("{\"id\":\"/planned\",\"instances\":1}");
        assertThat(scale.path("steps").toString())
                .isEqualTo("[{\"actions\":[{\"action\":\"ScaleApplication\",\"app\":\"/planned\"}]}]");
        JsonNode one = scale.path("apps").get(0);
        assertThat(one.path("changed").toString()).isEqualTo("[\"instances\"]");
        assertThat(one.path("start").asInt()).isZero();
        assertThat(one.path("kill")).hasSize(2);
        assertThat(one.path("keep")).hasSize(1);

        JsonNode restart = plan(
                "{\"id\":\"/planned\",\"cmd\":\"new\",\"constraints\":[[\"hostname\",\"UNLIKE\",\"host-agent-0\"]],"
                        + "\"labels\":{\"FINBACK_DEPLOYMENT_BATCHES\":\"1\"}}");
        one = restart.path("apps").get(0);
        assertThat(one.path("action").asText()).isEqualTo("RestartApplication");
        assertThat(one.path("changed").toString()).isEqualTo("[\"cmd\",\"constraints\",\"labels\"]");
        assertThat(one.path("start").asInt()).isEqualTo(3);
        assertThat(one.path("kill")).hasSize(3);
        assertThat(one.path("moved")).hasSize(1);
        assertThat(one.path("moved").elements().next().asText()).contains("host-agent-0: constraint hostname UNLIKE");
        assertThat(one.path("stages").toString()).isEqualTo("[1,2,3]");

        JsonNode group = plan("{\"id\":\"/\",\"apps\":[" + app("brandnew", "x", 2, "") + "],\"groups\":[]}");
        assertThat(group.path("apps").findValuesAsText("action")).contains("ScaleApplication", "StopApplication");
        assertThat(plan("{\"id\":\"/planned\"}").path("steps")).isEmpty();
        assertThat(client.post("/v2/deployments/plan", "{\"id\":\"/planned\",\"cpus\":-1}")
                        .status())
                .isEqualTo(422);
        assertThat(client.post("/v2/deployments/plan", "[{\"id\":\"/planned\",\"cpus\":-1}]")
                        .text())
                .contains("(0)/cpus");

        assertThat(client.get("/v2/apps/brandnew").status()).isEqualTo(404);
        assertThat(world.running("planned").stream().map(t -> t.info.id().value()))
                .containsExactlyElementsOf(ids);
    }

    private static JsonNode plan(String body) {
        Reply reply = client.post("/v2/deployments/plan", body);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json();
    }

    private static void create(String id, int instances, String labels) {
        Reply created = client.post("/v2/apps", app(id, "old", instances, labels));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        TestMaster.await("it runs", () -> world.running(id).size() == instances);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").text().indexOf("\"/" + id + "\"") < 0);
    }

    private static String change(String id, String body) {
        Reply put = client.put("/v2/apps/" + id, body);
        assertThat(put.status()).as(put.text()).isEqualTo(200);
        return put.json().path("deploymentId").asText();
    }

    private static String standing(String id) {
        return client.get("/v2/deployments/" + id)
                .json()
                .path("conduct")
                .path(0)
                .path("state")
                .asText();
    }

    private static List<String> commands(String id) {
        return world.running(id).stream().map(t -> t.info.command().value()).toList();
    }
}
