package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups and deployments over several apps, through the API of a real master. */
class GroupsTest {
    private static final String SHOP =
            "{\"id\":\"%s\",\"groups\":[{\"id\":\"backend\",\"apps\":[{\"id\":\"db\",\"cmd\":\"%s\",\"cpus\":0.1,"
                    + "\"mem\":16}]}],\"apps\":[{\"id\":\"front\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":%d,\"dependencies\":[\"%s/backend\"]}]}";

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
    void aGroupIsOneDeploymentInTheOrderOfItsDependencies() {
        world.startOnly(t -> !t.id().value().startsWith("ordered_backend_db"));
        Reply created = client.post("/v2/groups", shop("/ordered", "v1", 2));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.header("Location")).endsWith("/v2/groups/ordered");
        String id = created.json().path("deploymentId").asText();
        assertThat(created.header("Marathon-Deployment-Id")).isEqualTo(id);

        JsonNode deployment = deployment(id);
        assertThat(deployment.path("affectedApps").toString())
                .isEqualTo("[\"/ordered/backend/db\",\"/ordered/front\"]");
        assertThat(deployment.path("affectedPods").toString()).isEqualTo("[]");
        assertThat(steps(deployment))
                .containsExactly(
                        "StartApplication /ordered/backend/db, StartApplication /ordered/front",
                        "ScaleApplication /ordered/backend/db",
                        "ScaleApplication /ordered/front");
        assertThat(deployment.path("totalSteps").asInt()).isEqualTo(3);

        TestMaster.await("db launched", () -> world.live("ordered_backend_db").size() == 1);
        assertThat(world.live("ordered_front")).isEmpty();
        TestMaster.await("step 2", () -> deployment(id).path("currentStep").asInt() == 2);
        assertThat(deployment(id).path("currentActions").toString())
                .isEqualTo(
                        "[{\"action\":\"ScaleApplication\",\"type\":\"ScaleApplication\",\"app\":\"/ordered/backend/db\","
                                + "\"readinessCheckResults\":[]}]");
        world.startOnly(t -> true);
        TestMaster.await("front runs", () -> world.running("ordered_front").size() == 2);
        ended(id);

        // The same again changes nothing: no deployment, no restart.
        int launches = world.launches;
        Reply same = client.put("/v2/groups/ordered", shop("/ordered", "v1", 2));
        assertThat(same.status()).as(same.text()).isEqualTo(200);
        ended(same.json().path("deploymentId").asText());
        assertThat(world.launches).isEqualTo(launches);

        Reply dry = client.put("/v2/groups/ordered?dryRun=true", shop("/ordered", "v2", 3));
        assertThat(dry.text())
                .isEqualTo(
                        "{\"steps\":[{\"actions\":[{\"action\":\"RestartApplication\",\"app\":\"/ordered/backend/db\"}]},"
                                + "{\"actions\":[{\"action\":\"ScaleApplication\",\"app\":\"/ordered/front\"}]}]}");
        assertThat(client.post("/v2/groups", shop("/ordered", "v1", 2)).text())
                .isEqualTo("{\"message\":\"Group /ordered is already created. Use PUT to change this group.\"}");
    }

    @Test
    void aGroupIsLockedForcedRevertedAndDropped() {
        String first = ok(client.post("/v2/groups", shop("/locks", "v1", 1)), 201);
        ended(first);
        String db = world.running("locks_backend_db").get(0).info.id().value();
        world.startOnly(t -> !t.id().value().startsWith("locks_"));
        String stuck = ok(client.put("/v2/groups/locks", shop("/locks", "v2", 2)), 200);
        TestMaster.await("db replaced", () -> world.live("locks_backend_db").size() == 2);

        Reply refused = client.put("/v2/groups/locks", shop("/locks", "v3", 2));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("deployments").toString()).isEqualTo("[{\"id\":\"" + stuck + "\"}]");
        assertThat(client.put("/v2/apps/locks/front", "{\"instances\":3}").status())
                .isEqualTo(409);
        assertThat(client.delete("/v2/groups/locks").status()).isEqualTo(409);
        // What was refused has left no trace.
        assertThat(client.get("/v2/apps/locks/backend/db")
                        .json()
                        .path("app")
                        .path("cmd")
                        .asText())
                .isEqualTo("v2");

        String undone = ok(client.delete("/v2/deployments/" + stuck), 200);
        ended(stuck);
        ended(undone);
        assertThat(client.get("/v2/apps/locks/backend/db")
                        .json()
                        .path("app")
                        .path("cmd")
                        .asText())
                .isEqualTo("v1");
        assertThat(client.get("/v2/apps/locks/front")
                        .json()
                        .path("app")
                        .path("instances")
                        .asInt())
                .isEqualTo(1);
        assertThat(world.running("locks_backend_db").get(0).info.id().value()).isEqualTo(db);

        String again = ok(client.put("/v2/groups/locks", shop("/locks", "v4", 2)), 200);
        String forced = ok(client.put("/v2/apps/locks/front?force=true", "{\"instances\":4}"), 200);
        ended(again); // one of its apps was taken away: it is over for all of them
        assertThat(client.get("/v2/apps/locks/backend/db")
                        .json()
                        .path("app")
                        .path("deployments")
                        .size())
                .isZero();
        assertThat(client.delete("/v2/deployments/" + forced + "?force=true").status())
                .isEqualTo(202);
        world.startOnly(t -> true);
        ended(forced);
    }

    @Test
    void aDependencyInACircleAndOtherNonsenseIsRefusedWithItsPath() {
        Reply circle = client.post(
                "/v2/groups",
                "{\"id\":\"/circle\",\"apps\":[{\"id\":\"a\",\"cmd\":\"x\",\"dependencies\":[\"b\"]},"
                        + "{\"id\":\"b\",\"cmd\":\"x\",\"dependencies\":[\"/circle/a\"]}]}");
        assertThat(circle.status()).isEqualTo(422);
        assertThat(circle.text()).contains("Dependency graph has cyclic dependencies.");
        assertThat(client.get("/v2/groups/circle").status()).isEqualTo(404);
        Reply nested = client.post(
                "/v2/groups",
                "{\"id\":\"/bad\",\"groups\":[{\"id\":\"x\",\"apps\":[{\"id\":\"a\",\"cmd\":\"x\",\"cpus\":-1}]}]}");
        assertThat(nested.status()).isEqualTo(422);
        assertThat(nested.json().path("details").get(0).path("path").asText()).isEqualTo("/groups(0)/apps(0)/cpus");
        assertThat(client.put("/v2/groups/none", "{\"scaleBy\":2}").status()).isEqualTo(404);
        assertThat(client.put("/v2/groups/none", "{\"scaleBy\":2,\"apps\":[]}").status())
                .isEqualTo(422);
        assertThat(client.delete("/v2/groups/none").status()).isEqualTo(404);
        assertThat(client.post("/v2/groups", "{\"id\":\"/bad\",\"apps\":{}}").status())
                .isEqualTo(400);
        assertThat(client.post("/v2/groups", "[]").status()).isEqualTo(400);
        Reply outside = client.post("/v2/groups", "{\"id\":\"/bad\",\"apps\":[{\"id\":\"/other/a\",\"cmd\":\"x\"}]}");
        assertThat(outside.text()).contains("identifier /other/a is not child of '/bad'");
    }

    @Test
    void groupsAreScaledRolledBackAndRemoved() {
        ended(ok(client.post("/v2/groups", shop("/life", "v1", 3)), 201));
        JsonNode group = client.get("/v2/groups/life").json();
        assertThat(group.path("groups").get(0).path("id").asText()).isEqualTo("/life/backend");
        assertThat(group.path("apps").get(0).path("id").asText()).isEqualTo("/life/front");
        String version = group.path("version").asText();
        assertThat(client.get("/v2/groups/life/versions").json().get(0).asText())
                .isEqualTo(version);

        ended(ok(client.put("/v2/groups/life", "{\"scaleBy\":1.5}"), 200));
        assertThat(world.running("life_front")).hasSize(5);
        assertThat(world.running("life_backend_db")).hasSize(2);
        assertThat(client.get("/v2/groups/life/versions/" + version)
                        .json()
                        .path("apps")
                        .get(0)
                        .path("instances")
                        .asInt())
                .isEqualTo(3);
        ended(ok(client.put("/v2/groups/life", "{\"version\":\"" + version + "\"}"), 200));
        assertThat(world.running("life_front")).hasSize(3);
        assertThat(client.put("/v2/groups/life", "{\"version\":\"2001-01-01T00:00:00.000Z\"}")
                        .status())
                .isEqualTo(404);

        // Groups that are not named go; an empty one is kept until it is removed.
        ended(ok(client.put("/v2/groups/life", "{\"groups\":[{\"id\":\"empty\"}],\"apps\":[]}"), 200));
        assertThat(world.live("life_front")).isEmpty();
        assertThat(world.live("life_backend_db")).isEmpty();
        assertThat(client.get("/v2/groups/life/empty").json().path("apps").toString())
                .isEqualTo("[]");
        assertThat(client.get("/v2/groups/life/backend").status()).isEqualTo(404);
        assertThat(client.get("/v2/groups?embed=group.groups").json().has("apps"))
                .isFalse();
        assertThat(ok(client.delete("/v2/groups/life"), 200)).isNotEmpty();
        assertThat(client.get("/v2/groups/life").status()).isEqualTo(404);
        assertThat(client.get("/v2/groups/life/empty").status()).isEqualTo(404);
    }

    @Test
    void severalAppsAreChangedTogetherOrNotAtAll() {
        String id = ok(
                client.put(
                        "/v2/apps",
                        "[{\"id\":\"/many/a\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16},{\"id\":\"many/b\",\"cmd\":\"y\",\"cpus\":0.1,\"mem\":16}]"),
                200);
        assertThat(deployment(id).path("affectedApps").toString()).isEqualTo("[\"/many/a\",\"/many/b\"]");
        ended(id);
        assertThat(client.send(
                                "PATCH",
                                "/v2/apps",
                                "[{\"id\":\"/many/a\",\"instances\":2},{\"id\":\"/many/none\",\"cmd\":\"x\"}]")
                        .status())
                .isEqualTo(404);
        Reply bad = client.put("/v2/apps", "[{\"id\":\"/many/a\",\"instances\":2},{\"id\":\"/many/b\",\"mem\":-1}]");
        assertThat(bad.json().path("details").get(0).path("path").asText()).isEqualTo("(1)/mem");
        assertThat(client.get("/v2/apps/many/a")
                        .json()
                        .path("app")
                        .path("instances")
                        .asInt())
                .isEqualTo(1);
        ended(ok(
                client.send(
                        "PATCH",
                        "/v2/apps",
                        "[{\"id\":\"/many/a\",\"instances\":2},{\"id\":\"/many/b\",\"instances\":3}]"),
                200));
        List<String> ids = new ArrayList<>();
        ids.add(world.running("many_a").get(0).info.id().value());
        ids.add(world.running("many_b").get(0).info.id().value());
        String fewer = ok(
                client.post("/v2/tasks/delete?scale=true", "{\"ids\":[\"" + String.join("\",\"", ids) + "\"]}"), 200);
        ended(fewer);
        assertThat(world.running("many_a"))
                .hasSize(1)
                .noneMatch(t -> ids.contains(t.info.id().value()));
        assertThat(world.running("many_b"))
                .hasSize(2)
                .noneMatch(t -> ids.contains(t.info.id().value()));
    }

    private static String shop(String id, String cmd, int fronts) {
        return SHOP.formatted(id, cmd, fronts, id);
    }

    private static String ok(Reply reply, int status) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(status);
        return reply.json().path("deploymentId").asText();
    }

    private static void ended(String id) {
        TestMaster.await(
                "end of " + id, () -> !client.get("/v2/deployments").text().contains(id));
    }

    private static JsonNode deployment(String id) {
        for (JsonNode one : client.get("/v2/deployments").json()) {
            if (one.path("id").asText().equals(id)) {
                return one;
            }
        }
        throw new AssertionError("no deployment " + id);
    }

    private static List<String> steps(JsonNode deployment) {
        List<String> steps = new ArrayList<>();
        for (JsonNode step : deployment.path("steps")) {
            List<String> actions = new ArrayList<>();
            step.path("actions")
                    .forEach(a -> actions.add(
                            a.path("action").asText() + " " + a.path("app").asText()));
            steps.add(String.join(", ", actions));
        }
        return steps;
    }
}
