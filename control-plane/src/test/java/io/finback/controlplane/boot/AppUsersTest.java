package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.Resources;
import io.finback.security.Rules;
import io.finback.wire.MasterToAgent;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apps run as whom the framework of the services may run tasks as, which is named as its principal is. */
class AppUsersTest {
    private static final String ACLS = """
            {"run_tasks": [
               {"principals": {"values": ["finback"]}, "users": {"values": ["web"]}},
               {"principals": {"type": "NONE"}, "users": {"type": "ANY"}}]}""";

    @TempDir
    Path data;

    @Test
    void anAppAsSomebodyElseFailsAndSaysWhy() throws Exception {
        Path acls = Files.writeString(data.resolve("acls"), ACLS);
        ControlPlaneHarness harness =
                new ControlPlaneHarness(data.resolve("node"), Map.of("finback.security.acls", acls.toString()));
        try {
            int port = ServedServices.serve(harness, Rules.NONE);
            ScriptedAgent agent = new ScriptedAgent(harness, "a1", Resources.of(4, 4096, 0)).register();
            ask(port, "POST", "/v2/apps", app("/root", "root"));
            Optional<JsonNode> failure = Optional.empty();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (failure.isEmpty()) {
                assertThat(System.nanoTime()).as("it is refused").isLessThan(end);
                failure = Optional.of(ask(port, "GET", "/v2/apps/root", "")
                                .path("app")
                                .path("lastTaskFailure"))
                        .filter(JsonNode::isObject);
            }
            assertThat(failure.get().path("state").asText()).isEqualTo("TASK_ERROR");
            assertThat(failure.get().path("message").asText()).isEqualTo("Not authorized to launch as user 'root'");
            ask(port, "POST", "/v2/apps", app("/web", "web"));
            MasterToAgent.Launch launch = agent.await(MasterToAgent.Launch.class);
            assertThat(launch.tasks())
                    .allSatisfy(task -> assertThat(task.command().user()).contains("web"));
        } finally {
            harness.close();
        }
    }

    private static String app(String id, String user) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"x\",\"user\":\"" + user
                + "\",\"cpus\":0.1,\"mem\":16,\"portDefinitions\":[]}";
    }

    @CanIgnoreReturnValue
    private static JsonNode ask(int port, String method, String path, String body) throws Exception {
        HttpResponse<String> response = ServedServices.ask(port, method, path, "", body);
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
        return new ObjectMapper().readTree(response.body());
    }
}
