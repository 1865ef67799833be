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

/** Why instances wait, as {@code /v2/queue} and {@code /finback/queue} tell it. */
class QueueTest {
    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(3, Resources.of(4, 4096, 10000)).racks(2);
        master = TestMaster.start(data, world);
        client = new Client(master.address);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    @Test
    void constraintsDecideWhoRunsAndTheOthersAreExplained() {
        assertThat(client.post("/v2/apps", """
                                {"id":"one-each","cmd":"x","cpus":0.1,"mem":16,"instances":5,
                                 "constraints":[["hostname","UNIQUE"],["rack","LIKE","r[1-9]"]]}""").status()).isEqualTo(201);
        TestMaster.await("one on each agent", () -> world.running("one-each").size() == 3);
        assertThat(world.running("one-each").stream().map(t -> t.info.agent()).distinct())
                .hasSize(3);
        TestMaster.await(
                "the others explained",
                () -> explained("/one-each").path("lastCycle").path("offers").asInt() == 3);

        JsonNode why = explained("/one-each");
        assertThat(why.path("waiting").asInt()).isEqualTo(2);
        assertThat(why.path("explanation").asText())
                .startsWith("none of 3 offers served; nearest fit is host-agent-")
                .contains("hostname UNIQUE: another instance is at hostname host-agent-");
        JsonNode cycle = why.path("lastCycle");
        assertThat(cycle.path("rejectedBy").toString()).isEqualTo("{\"UnfulfilledConstraint\":3}");
        assertThat(cycle.path("rejectedByConstraint").toString()).isEqualTo("{\"hostname UNIQUE\":3}");
        assertThat(cycle.path("nearestFit").path("missing").size()).isEqualTo(1);
        assertThat(cycle.path("samples").size()).isEqualTo(3);
        assertThat(client.get("/finback/queue")
                        .json()
                        .path("queue")
                        .get(0)
                        .path("id")
                        .asText())
                .isEqualTo("/one-each");
        assertThat(client.get("/finback/queue/none").status()).isEqualTo(404);

        JsonNode plain = client.get("/v2/queue").json().path("queue").get(0);
        assertThat(plain.has("lastUnusedOffers")).isFalse();
        JsonNode item = client.get("/v2/queue?embed=lastUnusedOffers")
                .json()
                .path("queue")
                .get(0);
        assertThat(item.path("lastUnusedOffers").size()).isEqualTo(3);
        JsonNode unused = item.path("lastUnusedOffers").get(0);
        assertThat(unused.path("reason").toString()).isEqualTo("[\"UnfulfilledConstraint\"]");
        assertThat(unused.path("timestamp").asText()).endsWith("Z");
        JsonNode offer = unused.path("offer");
        assertThat(offer.path("hostname").asText()).startsWith("host-agent-");
        assertThat(offer.path("attributes").toString()).matches("\\[\\{\"name\":\"rack\",\"text\":\"r[12]\"}]");
        assertThat(offer.path("resources").findValuesAsText("name")).contains("cpus", "mem", "disk", "ports");
        JsonNode funnel = item.path("processedOffersSummary").path("rejectSummaryLastOffers");
        assertThat(funnel.get(0).toString())
                .isEqualTo("{\"reason\":\"UnfulfilledRole\",\"declined\":0,\"processed\":3}");
        assertThat(funnel.get(1).toString())
                .isEqualTo("{\"reason\":\"UnfulfilledConstraint\",\"declined\":3,\"processed\":3}");
        assertThat(funnel.get(2).path("processed").asInt()).isZero();
    }

    @Test
    void groupsAreEvenAndStayEvenWhenTheAppShrinks() {
        assertThat(client.post("/v2/apps", """
                                {"id":"even","cmd":"x","cpus":0.1,"mem":16,"instances":6,"constraints":[["rack","GROUP_BY"]]}""").status()).isEqualTo(201);
        TestMaster.await("six", () -> world.running("even").size() == 6);
        assertThat(ofSecondRack()).isEqualTo(3);
        TestMaster.await(
                "no deployment", () -> client.get("/v2/deployments").json().isEmpty());
        assertThat(client.put("/v2/apps/even", "{\"instances\":2}").status()).isEqualTo(200);
        TestMaster.await("two", () -> world.running("even").size() == 2);
        assertThat(ofSecondRack()).isEqualTo(1);
    }

    /** Of three agents in two racks the second is alone in its one. */
    private static long ofSecondRack() {
        return world.running("even").stream()
                .filter(t -> t.info.agent().value().equals("agent-1"))
                .count();
    }

    private static JsonNode explained(String appId) {
        return client.get("/finback/queue" + appId).json();
    }
}
