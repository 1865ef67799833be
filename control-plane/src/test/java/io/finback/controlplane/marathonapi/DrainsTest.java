package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /finback/drain} and {@code /finback/sla}, as an operator uses them. */
class DrainsTest {
    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    @Test
    void aDrainedHostIsLeftWithoutAMomentBelowTheMinimumAndTakesServicesAgainAfterwards() {
        world.watch("web");
        assertThat(client.post(
                                "/v2/apps",
                                "{\"id\":\"web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"instances\":4,"
                                        + "\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}}")
                        .status())
                .isEqualTo(201);
        TestMaster.await("four", () -> world.running("web").size() == 4);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").json().isEmpty());
        world.watch("web");
        assertThat(on("agent-0")).isEqualTo(2);

        Client.Reply begun = client.post("/finback/drain", "{\"hosts\":[\"host-agent-0\"],\"deadlineSeconds\":3600}");
        assertThat(begun.status()).as(begun.text()).isEqualTo(200);
        assertThat(begun.json().path("hosts").get(0).path("host").asText()).isEqualTo("host-agent-0");
        TestMaster.await(
                "moved", () -> on("agent-0") == 0 && world.running("web").size() == 4);
        TestMaster.await("drained", () -> host().path("state").asText().equals("DRAINED"));
        assertThat(world.fewestRunning("web")).isGreaterThanOrEqualTo(4);
        assertThat(client.get("/v2/deployments").json()).isEmpty();

        // New work goes elsewhere until the drain has ended.
        assertThat(client.put("/v2/apps/web", "{\"instances\":6}").status()).isEqualTo(200);
        TestMaster.await("six", () -> world.running("web").size() == 6);
        assertThat(on("agent-0")).isZero();
        assertThat(client.delete("/finback/drain/host-agent-0").status()).isEqualTo(200);
        assertThat(client.delete("/finback/drain/host-agent-0").status()).isEqualTo(404);
        assertThat(client.put("/v2/apps/web", "{\"instances\":8}").status()).isEqualTo(200);
        TestMaster.await("eight", () -> world.running("web").size() == 8);
        assertThat(on("agent-0")).isEqualTo(2);

        JsonNode sla = client.get("/finback/sla/web").json();
        String metrics = client.get("/metrics/prometheus").text();
        assertThat(metrics)
                .contains(
                        "# TYPE finback_services_uptime_seconds gauge\nfinback_services_uptime_seconds{reached_by=\"50\"} ")
                .contains("\nfinback_services_time_to_running_seconds ")
                .contains("\nfinback_services_callbacks_lost_total 0\n")
                .contains("\nfinback_services_apps 1\n");
        TestMaster.await("up for a while", () -> client.get("/metrics/prometheus")
                .text()
                .lines()
                .anyMatch(line -> line.matches("finback_services_instance_seconds_total\\{state=\"up\"} [1-9].*")));
        assertThat(sla.path("instances").asInt()).isEqualTo(8);
        TestMaster.await(
                "all of them seen",
                () -> client.get("/finback/sla/web").json().path("running").asInt() == 8);
        assertThat(sla.path("uptimeSeconds").has("95")).isTrue();
        assertThat(sla.path("medianMillisToRunning").asLong())
                .isGreaterThanOrEqualTo(sla.path("medianMillisToAssigned").asLong());
        assertThat(client.get("/finback/sla")
                        .json()
                        .path("all")
                        .path("instances")
                        .asInt())
                .isEqualTo(8);
        assertThat(client.get("/finback/sla/none").status()).isEqualTo(404);
    }

    @Test
    void wrongDrainsAreNamedAndChangeNothing() {
        assertThat(client.post("/finback/drain", "{}").status()).isEqualTo(422);
        assertThat(client.post("/finback/drain", "{\"hosts\":[]}").text()).contains("/hosts");
        assertThat(client.post("/finback/drain", "{\"hosts\":[7]}").text()).contains("/hosts(0)");
        assertThat(client.post("/finback/drain", "{\"hosts\":[\"a\"],\"deadlineSeconds\":-1}")
                        .text())
                .contains("/deadlineSeconds");
        assertThat(client.get("/finback/drain").text()).doesNotContain("\"a\"");
    }

    private static long on(String agent) {
        return world.live("web").stream()
                .filter(t -> t.info.agent().value().equals(agent))
                .count();
    }

    private static JsonNode host() {
        return client.get("/finback/drain").json().path("hosts").get(0);
    }
}
