package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.persistence.EventFeed;
import io.finback.resources.Resources;
import io.finback.security.Rules;
import io.finback.wire.MasterToAgent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void anAppAsSomebodyElseFailsAndSaysWhy() throws Exception {
        Path acls = Files.writeString(data.resolve("acls"), ACLS);
        ControlPlaneHarness harness =
                new ControlPlaneHarness(data.resolve("node"), Map.of("finback.security.acls", acls.toString()));
        try {
            int port = serve(harness, Rules.NONE).localAddress().getPort();
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

    /** The services API; everybody is nobody there. */
    static ServerBinding serve(ControlPlaneHarness harness, Rules rules) throws Exception {
        var sharding = ClusterSharding.get(harness.system());
        ServicesApi api = ServicesApi.start(
                harness.system(),
                ServicesSettings.draft("127.0.0.1:1", "0.1.0").done(),
                EventFeed.of(harness.system())::entityIds,
                sharding.entityRefFor(SchedulerCall.KEY, SchedulerMessage.FRAMEWORK.value()),
                command -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                        .ask(
                                (ActorRef<OperatorReply> replyTo) -> new AllocatorMessage.Operate(command, replyTo),
                                Duration.ofSeconds(5)),
                host -> Map.of(),
                rules);
        ServerBinding server = Http.get(harness.system())
                .newServerAt("127.0.0.1", 0)
                .bind(api.route())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        api.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
        return server;
    }

    private static String app(String id, String user) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"x\",\"user\":\"" + user
                + "\",\"cpus\":0.1,\"mem\":16,\"portDefinitions\":[]}";
    }

    @CanIgnoreReturnValue
    private JsonNode ask(int port, String method, String path, String body) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
        return new ObjectMapper().readTree(response.body());
    }
}
