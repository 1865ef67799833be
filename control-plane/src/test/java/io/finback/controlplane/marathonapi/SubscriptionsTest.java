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
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /v2/eventSubscriptions} as the clients of Marathon up to 1.4 use it, and {@code DELETE /v2/leader}. */
class SubscriptionsTest {
    @TempDir
    Path data;

    private final List<JsonNode> posted = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();

    @Test
    void postsEventsToACallbackThatIsKeptOverARestart() throws IOException {
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/events", exchange -> {
            JsonNode event = Client.MAPPER.readTree(exchange.getRequestBody());
            boolean refused = refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
            if (!refused) {
                posted.add(event);
            }
            exchange.sendResponseHeaders(refused ? 500 : 204, -1);
            exchange.close();
        });
        receiver.start();
        String url = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/events?a=b";
        String query = "?callbackUrl=" + java.net.URLEncoder.encode(url, java.nio.charset.StandardCharsets.UTF_8);
        FakeWorld world = new FakeWorld().agents(1, Resources.of(4, 4096, 10000));
        try (TestMaster master = TestMaster.start(data, world)) {
            Client client = new Client(master.address);
            assertThat(client.get("/v2/eventSubscriptions").text()).isEqualTo("{\"callbackUrls\":[]}");
            Reply subscribed = client.send("POST", "/v2/eventSubscriptions" + query, null);
            assertThat(subscribed.status()).as(subscribed.text()).isEqualTo(200);
            assertThat(subscribed.json().path("eventType").asText()).isEqualTo("subscribe_event");
            assertThat(subscribed.json().path("callbackUrl").asText()).isEqualTo(url);
            assertThat(subscribed.json().path("clientIp").asText()).isEqualTo("127.0.0.1");
            assertThat(subscribed.json().has("timestamp")).isTrue();
            TestMaster.await("the subscription itself", () -> saw("subscribe_event"));
        }
        posted.clear();
        refusals.set(2);
        try (TestMaster master = TestMaster.start(data, world)) {
            Client client = new Client(master.address);
            assertThat(client.get("/v2/eventSubscriptions").text()).isEqualTo("{\"callbackUrls\":[\"" + url + "\"]}");
            assertThat(client.post("/v2/apps", "{\"id\":\"heard\",\"cmd\":\"sleep 9\",\"cpus\":0.1,\"mem\":16}")
                            .status())
                    .isEqualTo(201);
            TestMaster.await("it runs, as the callback heard", () -> posted.stream()
                    .anyMatch(e -> e.path("eventType").asText().equals("status_update_event")
                            && e.path("appId").asText().equals("/heard")
                            && e.path("taskStatus").asText().equals("TASK_RUNNING")));
            assertThat(refusals.get()).as("refused ones were posted again").isZero();
            assertThat(posted.stream().map(e -> e.path("eventType").asText()))
                    .contains("api_post_event", "deployment_info", "instance_changed_event");

            abdication(client, world);
            assertThat(client.delete("/v2/eventSubscriptions" + query)
                            .json()
                            .path("eventType")
                            .asText())
                    .isEqualTo("unsubscribe_event");
            assertThat(client.get("/v2/eventSubscriptions").text()).isEqualTo("{\"callbackUrls\":[]}");
            for (String bad : new String[] {
                "", "?callbackUrl=", "?callbackUrl=ftp://x/y", "?callbackUrl=%20", query + "&callbackUrl=http://b"
            }) {
                Reply reply = client.send("POST", "/v2/eventSubscriptions" + bad, null);
                assertThat(reply.status()).as(bad).isEqualTo(422);
                assertThat(reply.json().path("details").get(0).path("path").asText())
                        .isEqualTo("/callbackUrl");
            }
            assertThat(client.put("/v2/eventSubscriptions", "").header("Allow")).isEqualTo("GET, HEAD, POST, DELETE");
        } finally {
            receiver.stop(0);
        }
    }

    /** Nobody leads, so it costs nothing but a new subscription: every app and task stays, and new ones are placed. */
    private void abdication(Client client, FakeWorld world) {
        assertThat(client.delete("/v2/leader?backup=file:///x").status()).isEqualTo(422);
        var before = world.running("heard").get(0).info.id();
        Reply reply = client.delete("/v2/leader");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text()).isEqualTo("{\"message\":\"Leadership abdicated\"}");
        TestMaster.await("let go", () -> saw("scheduler_disconnected_event"));
        TestMaster.await("subscribed anew", () -> saw("scheduler_reregistered_event"));
        assertThat(client.post("/v2/apps", "{\"id\":\"later\",\"cmd\":\"sleep 9\",\"cpus\":0.1,\"mem\":16}")
                        .status())
                .isEqualTo(201);
        TestMaster.await("new ones are placed", () -> world.running("later").size() == 1);
        assertThat(world.running("heard").get(0).info.id()).isEqualTo(before);
        assertThat(client.get("/v2/leader").status()).isEqualTo(200);
    }

    private boolean saw(String type) {
        return posted.stream().anyMatch(e -> e.path("eventType").asText().equals(type));
    }
}
