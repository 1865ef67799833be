package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks by masters against real sockets. */
class HealthChecksTest {
    @TempDir
    static Path data;

    static FakeWorld world;
    static TestMaster master;
    static Client client;
    static HttpServer server;
    static final Map<String, Integer> STATUS = new ConcurrentHashMap<>();
    static final AtomicInteger ASKED = new AtomicInteger();

    @BeforeAll
    static void start() throws IOException {
        world = new FakeWorld().agents(3, Resources.of(4, 4096, 10000)).at("127.0.0.1");
        master = TestMaster.start(data, world);
        client = new Client(master.address);
        server = serve(0);
    }

    @AfterAll
    static void stop() {
        server.stop(0);
        master.close();
    }

    private static HttpServer serve(int port) throws IOException {
        HttpServer made = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        made.createContext("/", exchange -> {
            ASKED.incrementAndGet();
            byte[] body = "state".getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(
                    STATUS.getOrDefault(exchange.getRequestURI().getPath(), 200), body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        made.start();
        return made;
    }

    @Test
    void anAppThatFailsItsCheckKeepsItsDeploymentOpenAndIsKilledLater() {
        STATUS.put("/health", 503);
        create(
                "{\"id\":\"/checked\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"port\":"
                        + server.getAddress().getPort()
                        + ",\"intervalSeconds\":0.05,\"timeoutSeconds\":2,\"gracePeriodSeconds\":60,\"maxConsecutiveFailures\":3}]}");
        TestMaster.await("seen", () -> app("checked").path("tasksUnhealthy").asInt() == 1);
        JsonNode result =
                app("checked").path("tasks").get(0).path("healthCheckResults").get(0);
        assertThat(result.path("alive").asBoolean(true)).isFalse();
        assertThat(result.path("lastFailureCause").asText()).isEqualTo("HTTP status 503");
        assertThat(result.path("consecutiveFailures").asInt())
                .as("within its grace period")
                .isZero();
        assertThat(client.get("/v2/deployments").text()).contains("/checked");
        assertThat(world.live("checked")).hasSize(1);

        STATUS.put("/health", 302);
        ServicesApiTest.awaitIdle(client, "/checked");
        JsonNode healthy = app("checked");
        assertThat(healthy.path("tasksHealthy").asInt()).isEqualTo(1);
        TestMaster.await("alive", () -> app("checked")
                .path("tasks")
                .get(0)
                .path("healthCheckResults")
                .get(0)
                .path("alive")
                .asBoolean());
        ServicesApiTest.knownKeys(
                app("checked").path("tasks").get(0).path("healthCheckResults").get(0),
                "alive consecutiveFailures firstSuccess instanceId lastFailure lastFailureCause lastSuccess taskId");
        assertThat(healthy.path("healthChecks").get(0).toString())
                .isEqualTo("{\"protocol\":\"HTTP\",\"path\":\"/health\",\"port\":"
                        + server.getAddress().getPort()
                        + ",\"gracePeriodSeconds\":60,\"intervalSeconds\":0.05,\"timeoutSeconds\":2,\"maxConsecutiveFailures\":3,"
                        + "\"ignoreHttp1xx\":false}");

        String first = world.live("checked").get(0).info.id().value();
        STATUS.put("/health", 500);
        TestMaster.await("replaced", () -> world.live("checked").stream()
                .noneMatch(t -> t.info.id().value().equals(first)));
        STATUS.put("/health", 200);
        TestMaster.await(
                "healthy again", () -> app("checked").path("tasksHealthy").asInt() == 1);
        assertThat(client.delete("/v2/apps/checked").status()).isBetween(200, 201);
    }

    @Test
    void aRollingRestartWaitsForHealthAndForReadiness() throws IOException {
        create(
                "{\"id\":\"/gated\",\"cmd\":\"v1\",\"cpus\":0.1,\"mem\":16,\"portDefinitions\":[{\"port\":0,\"name\":\"api\"}],"
                        + "\"readinessChecks\":[{\"portName\":\"api\",\"path\":\"/ready\",\"intervalSeconds\":0.1,\"timeoutSeconds\":0.09,"
                        + "\"preserveLastResponse\":true,\"httpStatusCodesForReady\":[200,204]}]}");
        TestMaster.await("launched", () -> world.running("gated").size() == 1);
        STATUS.put("/ready", 503);
        HttpServer mine = serve(port("gated"));
        try {
            TestMaster.await("not ready", () -> client.get("/v2/deployments")
                    .text()
                    .contains("\"ready\":false,\"lastResponse\":{\"status\":503"));
            assertThat(client.get("/v2/apps/gated?embed=app.readiness").text())
                    .contains("\"readinessCheckResults\":[{\"name\":\"readinessCheck\"");
            STATUS.put("/ready", 204);
            ServicesApiTest.awaitIdle(client, "/gated");
            String old = world.running("gated").get(0).info.id().value();
            Reply put = client.put(
                    "/v2/apps/gated",
                    "{\"cmd\":\"v2\",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}}");
            assertThat(put.status()).isEqualTo(200);
            TestMaster.await("new one runs", () -> world.running("gated").size() == 2);
            int fresh = world.running("gated").stream()
                    .filter(t -> !t.info.id().value().equals(old))
                    .map(t -> t.info.resources().ports().values().get(0).intValue())
                    .findFirst()
                    .orElseThrow();
            assertThat(world.running("gated"))
                    .as("nobody answers at its port yet")
                    .hasSize(2);
            HttpServer second = serve(fresh);
            try {
                ServicesApiTest.awaitIdle(client, "/gated");
                assertThat(world.running("gated"))
                        .hasSize(1)
                        .noneMatch(t -> t.info.id().value().equals(old));
            } finally {
                second.stop(0);
            }
        } finally {
            mine.stop(0);
        }
        assertThat(client.delete("/v2/apps/gated").status()).isBetween(200, 201);
    }

    @Test
    void tcpChecksConnectAndSomebodyWhoDoesNotAnswerFails() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress())) {
            create(
                    "{\"id\":\"/tcp\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"healthChecks\":[{\"protocol\":\"TCP\",\"port\":"
                            + socket.getLocalPort()
                            + ",\"intervalSeconds\":0.05,\"timeoutSeconds\":1,\"gracePeriodSeconds\":0,\"maxConsecutiveFailures\":0}]}");
            TestMaster.await("healthy", () -> app("tcp").path("tasksHealthy").asInt() == 1);
            // Speaks no HTTP: a check that gets no answer in its time has failed, and 0 kills never.
            create(
                    "{\"id\":\"/mute\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"healthChecks\":[{\"port\":"
                            + socket.getLocalPort()
                            + ",\"intervalSeconds\":0.05,\"timeoutSeconds\":0.2,\"gracePeriodSeconds\":0,\"maxConsecutiveFailures\":0}]}");
            TestMaster.await(
                    "failures",
                    () -> app("mute")
                                    .path("tasks")
                                    .path(0)
                                    .path("healthCheckResults")
                                    .path(0)
                                    .path("consecutiveFailures")
                                    .asInt()
                            > 3);
            assertThat(world.running("mute")).hasSize(1);
        }
        TestMaster.await("closed", () -> app("tcp").path("tasksUnhealthy").asInt() == 1);
        assertThat(client.delete("/v2/apps/tcp").status()).isBetween(200, 201);
        assertThat(client.delete("/v2/apps/mute").status()).isBetween(200, 201);
    }

    @Test
    void whatAnAgentChecksIsTranslatedForIt() {
        create(
                "{\"id\":\"/byagent\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"env\":{\"A\":\"b\"},\"healthChecks\":[{\"protocol\":\"COMMAND\","
                        + "\"command\":{\"value\":\"test -e ok\"},\"intervalSeconds\":7}]}");
        TestMaster.await("launched", () -> world.running("byagent").size() == 1);
        var check = world.running("byagent").get(0).info.options().healthCheck().orElseThrow();
        assertThat(check.probe().command().orElseThrow().value()).isEqualTo("test -e ok");
        assertThat(check.interval()).hasSeconds(7);
        assertThat(check.delay()).hasSeconds(15);
        assertThat(client.delete("/v2/apps/byagent").status()).isBetween(200, 201);
    }

    @Test
    void checksThatCannotWorkAreRefusedByName() {
        assertThat(refusal("\"healthChecks\":[{\"protocol\":\"UDP\"}]")).startsWith("/healthChecks(0)/protocol");
        assertThat(refusal("\"healthChecks\":[{\"portIndex\":1}]")).startsWith("/healthChecks(0)");
        assertThat(refusal("\"healthChecks\":[{\"protocol\":\"COMMAND\"}]")).startsWith("/healthChecks(0)/command");
        assertThat(refusal("\"healthChecks\":[{\"intervalSeconds\":0}]"))
                .startsWith("/healthChecks(0)/intervalSeconds");
        assertThat(refusal("\"healthChecks\":[{\"path\":\"/a b\"}]")).startsWith("/healthChecks(0)/path");
        assertThat(refusal("\"healthChecks\":[{\"protocol\":\"MESOS_TCP\"},{\"protocol\":\"MESOS_HTTP\"}]"))
                .startsWith("/healthChecks");
        assertThat(refusal("\"readinessChecks\":[{}]")).startsWith("/readinessChecks(0)/portName");
        assertThat(refusal("\"readinessChecks\":[{\"portName\":\"default\",\"timeoutSeconds\":30}]"))
                .startsWith("/readinessChecks(0)/timeoutSeconds");
    }

    private static String refusal(String field) {
        Reply reply = client.post("/v2/apps", "{\"id\":\"/refused\",\"cmd\":\"x\"," + field + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(422);
        JsonNode detail = reply.json().path("details").get(0);
        return detail.path("path").asText() + " " + detail.path("errors").get(0).asText();
    }

    private static void create(String body) {
        Reply created = client.post("/v2/apps", body);
        assertThat(created.status()).as(created.text()).isEqualTo(201);
    }

    private static JsonNode app(String id) {
        return client.get("/v2/apps/" + id).json().path("app");
    }

    private static int port(String id) {
        return app(id).path("tasks").get(0).path("ports").get(0).asInt();
    }
}
