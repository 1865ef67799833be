package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An app that allows it makes room for one that has waited for long; one that does not keeps what it has. */
class PreemptionOverHttpTest {
    @TempDir
    Path data;

    @Test
    void whatAllowsItEndsForWhatWaitsAndWaitsItself() {
        FakeWorld world = new FakeWorld().agents(1, Resources.of(4, 4096, 10000));
        try (TestMaster master = TestMaster.start(data, world)) {
            Client client = new Client(master.address);
            create(
                    client,
                    "{\"id\":\"batch\",\"cmd\":\"x\",\"cpus\":1,\"mem\":16,\"instances\":2,"
                            + "\"labels\":{\"FINBACK_PREEMPTIBLE\":\"true\"}}");
            create(client, "{\"id\":\"firm\",\"cmd\":\"x\",\"cpus\":1,\"mem\":16,\"instances\":2}");
            TestMaster.await(
                    "all used",
                    () -> world.running("batch").size() == 2
                            && world.running("firm").size() == 2);

            create(client, "{\"id\":\"web\",\"cmd\":\"x\",\"cpus\":1,\"mem\":16,\"instances\":3}");
            TestMaster.await("two of three", () -> world.running("web").size() == 2);
            assertThat(world.running("firm")).hasSize(2);
            TestMaster.await("batch has given way", () -> world.live("batch").isEmpty());
            TestMaster.await("batch is told why", () -> client.get("/finback/queue/batch")
                    .json()
                    .path("note")
                    .asText()
                    .equals("instances on host-agent-0 were ended for /web"));
            assertThat(client.get("/v2/apps/batch")
                            .json()
                            .path("app")
                            .path("instances")
                            .asInt())
                    .isEqualTo(2);
            assertThat(client.get("/finback/queue/web").json().path("note").asText())
                    .contains("ended for it are instances of [/batch]");
        }
    }

    private static void create(Client client, String app) {
        Client.Reply reply = client.post("/v2/apps", app);
        assertThat(reply.status()).as(reply.text()).isEqualTo(201);
    }
}
