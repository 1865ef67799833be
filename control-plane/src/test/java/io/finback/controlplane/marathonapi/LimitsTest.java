package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much may be under way. Who may ask is asked before: {@code MasterSecurityTest}. */
class LimitsTest {
    @TempDir
    Path data;

    @Test
    void noMoreDeploymentsThanThereMayBe() {
        try (TestMaster master = TestMaster.start(
                data,
                new FakeWorld().agents(1, Resources.of(4, 4096, 10000)),
                settings -> settings.requests(Duration.ofSeconds(10), 1024 * 1024, 1))) {
            Client client = new Client(master.address);
            String huge = "{\"id\":\"huge\",\"cmd\":\"x\",\"cpus\":999}";
            assertThat(client.post("/v2/apps", huge).status()).isEqualTo(201);
            Reply refused = client.post("/v2/apps", "{\"id\":\"b\",\"cmd\":\"x\"}");
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.json().path("message").asText()).startsWith("Max number (1) of running deployments");
            assertThat(client.put("/v2/groups/g?dryRun=true", "{}").status()).isEqualTo(200);
            String id = client.get("/v2/deployments").json().get(0).path("id").asText();
            assertThat(client.delete("/v2/deployments/" + id + "?force=true").status())
                    .isEqualTo(202);
            assertThat(client.post("/v2/apps", "{\"id\":\"b\",\"cmd\":\"x\"}").status())
                    .isEqualTo(201);
        }
    }
}
