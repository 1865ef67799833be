package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.requests.Credentials;
import io.finback.controlplane.service.CallbackSettings;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.settings.Secret;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may ask, and how much: 401 and 403. */
class LimitsTest {
    @TempDir
    Path data;

    private static String basic(String text) {
        return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everythingButPingAsksWhoItIs() {
        try (TestMaster master = TestMaster.start(
                data,
                new FakeWorld().agents(1, Resources.of(4, 4096, 10000)),
                settings -> settings.with(Credentials.parse(Secret.of("ops:pä:ss"))))) {
            Client client = new Client(master.address);
            for (String path : new String[] {"/v2/apps", "/v2/events", "/metrics", "/", "/ping/x", "/v2/nothing"}) {
                Reply reply = client.get(path);
                assertThat(reply.status()).as(path).isEqualTo(401);
                assertThat(reply.text()).isEqualTo("{\"message\":\"Invalid username or password.\"}");
                assertThat(reply.header("WWW-Authenticate")).isEqualTo("Basic realm=\"finback\"");
            }
            assertThat(client.get("/ping").text()).isEqualTo("pong");
            for (String wrong : new String[] {"Basic", "Basic %", "Bearer x", basic("ops:"), basic("ops:pä:ssx"), basic("OPS:pä:ss")}) {
                assertThat(client.send("GET", "/v2/apps", null, "Authorization", wrong).status()).as(wrong).isEqualTo(401);
            }
            Reply created = client.send(
                    "POST", "/v2/apps", "{\"id\":\"a\",\"cmd\":\"x\",\"instances\":0}", "Authorization", basic("ops:pä:ss"));
            assertThat(created.status()).as(created.text()).isEqualTo(201);
            assertThat(client.send("GET", "/v2/info", null, "Authorization", basic("ops:pä:ss")).text())
                    .doesNotContain("pä:ss");
        }
    }

    @Test
    void noMoreDeploymentsThanThereMayBe() {
        try (TestMaster master = TestMaster.start(
                data,
                new FakeWorld().agents(1, Resources.of(4, 4096, 10000)),
                settings -> settings.with(CallbackSettings.DEFAULTS, 1))) {
            Client client = new Client(master.address);
            String huge = "{\"id\":\"huge\",\"cmd\":\"x\",\"cpus\":999}";
            assertThat(client.post("/v2/apps", huge).status()).isEqualTo(201);
            Reply refused = client.post("/v2/apps", "{\"id\":\"b\",\"cmd\":\"x\"}");
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.json().path("message").asText()).startsWith("Max number (1) of running deployments");
            assertThat(client.put("/v2/groups/g?dryRun=true", "{}").status()).isEqualTo(200);
            String id = client.get("/v2/deployments").json().get(0).path("id").asText();
            assertThat(client.delete("/v2/deployments/" + id + "?force=true").status()).isEqualTo(202);
            assertThat(client.post("/v2/apps", "{\"id\":\"b\",\"cmd\":\"x\"}").status()).isEqualTo(201);
        }
    }
}
