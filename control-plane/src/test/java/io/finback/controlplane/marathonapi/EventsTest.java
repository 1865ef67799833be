package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The event stream as a reader sees it. */
class EventsTest {
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

    /** Reads frames until it is closed. */
    private static final class Reader implements AutoCloseable {
        record Frame(String type, String id, JsonNode data) {}

        final List<Frame> frames = new CopyOnWriteArrayList<>();
        final HttpResponse<java.io.InputStream> response;
        private final Thread thread;

        Reader(String query, String... headers) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(master.address + "/v2/events" + query))
                    .header("Accept", "text/event-stream");
            for (int i = 0; i < headers.length; i += 2) {
                request.header(headers[i], headers[i + 1]);
            }
            try {
                response = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
            thread = new Thread(this::read, "events");
            thread.setDaemon(true);
            thread.start();
        }

        private void read() {
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                String type = "";
                String id = "";
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("event: ")) {
                        type = line.substring(7);
                    } else if (line.startsWith("id: ")) {
                        id = line.substring(4);
                    } else if (line.startsWith("data: ")) {
                        frames.add(new Frame(type, id, Client.MAPPER.readTree(line.substring(6))));
                    }
                }
            } catch (IOException closed) {
                // the test has ended
            }
        }

        List<String> types() {
            return frames.stream().map(Frame::type).toList();
        }

        Frame first(String type) {
            return frames.stream()
                    .filter(f -> f.type().equals(type))
                    .findFirst()
                    .orElseThrow();
        }

        @Override
        public void close() throws IOException {
            response.body().close();
        }
    }

    @Test
    void tellsWhatHappensToAnAppFromItsRequestToItsEnd() throws IOException {
        try (Reader reader = new Reader("")) {
            assertThat(reader.response.statusCode()).isEqualTo(200);
            assertThat(reader.response.headers().firstValue("Content-Type").orElse(""))
                    .startsWith("text/event-stream");
            String created = client.post("/v2/apps", "{\"id\":\"/seen\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16}")
                    .header("Marathon-Deployment-Id");
            TestMaster.await("success", () -> reader.types().contains("deployment_success"));
            assertThat(reader.types().get(0)).isEqualTo("event_stream_attached");
            assertThat(reader.frames.get(0).data().path("remoteAddress").asText())
                    .isEqualTo("127.0.0.1");
            JsonNode posted = reader.first("api_post_event").data();
            assertThat(posted.path("uri").asText()).isEqualTo("/v2/apps");
            assertThat(posted.path("clientIp").asText()).isEqualTo("127.0.0.1");
            assertThat(posted.path("appDefinition").path("id").asText()).isEqualTo("/seen");
            JsonNode update = reader.frames.stream()
                    .map(Reader.Frame::data)
                    .filter(d -> d.path("taskStatus").asText().equals("TASK_RUNNING"))
                    .findFirst()
                    .orElseThrow();
            assertThat(ServicesApiTest.fields(update))
                    .containsExactly(
                            "appId",
                            "eventType",
                            "host",
                            "ipAddresses",
                            "message",
                            "ports",
                            "slaveId",
                            "taskId",
                            "taskStatus",
                            "timestamp",
                            "version");
            assertThat(update.path("eventType").asText()).isEqualTo("status_update_event");
            JsonNode info = reader.first("deployment_info").data();
            assertThat(info.path("plan").path("id").asText()).isEqualTo(created);
            assertThat(info.path("plan").path("steps").toString())
                    .isEqualTo("[{\"actions\":[{\"action\":\"StartApplication\",\"app\":\"/seen\"}]},"
                            + "{\"actions\":[{\"action\":\"ScaleApplication\",\"app\":\"/seen\"}]}]");
            assertThat(info.path("currentStep").toString())
                    .isEqualTo("{\"actions\":[{\"action\":\"StartApplication\",\"app\":\"/seen\"}]}");
            assertThat(reader.first("deployment_success").data().path("id").asText())
                    .isEqualTo(created);
            assertThat(reader.types())
                    .contains("deployment_step_success", "group_change_success", "instance_changed_event");
            ServicesApiTest.awaitIdle(client, "/seen");
            assertThat(client.delete("/v2/apps/seen").status()).isBetween(200, 201);
            TestMaster.await("terminated", () -> reader.types().contains("app_terminated_event"));
            assertThat(reader.frames.stream()
                            .filter(f -> f.type().equals("status_update_event"))
                            .map(f -> f.data().path("taskStatus").asText()))
                    .contains("TASK_KILLED");
        }
    }

    @Test
    void filtersByTypeAndGivesWhatWasMissed() throws IOException {
        String last;
        try (Reader reader =
                new Reader("?event_type=app_terminated_event&event_type=deployment_success&plan-format=light")) {
            assertThat(client.post("/v2/apps", "{\"id\":\"/missed/a\",\"cmd\":\"x\",\"instances\":0}")
                            .status())
                    .isBetween(200, 201);
            TestMaster.await("success", () -> reader.types().contains("deployment_success"));
            assertThat(reader.types()).containsExactly("event_stream_attached", "deployment_success");
            last = reader.frames.get(1).id();
        }
        List<String> ids = new ArrayList<>();
        for (String name : List.of("b", "c")) {
            ids.add(client.post("/v2/apps", "{\"id\":\"/missed/" + name + "\",\"cmd\":\"x\",\"instances\":0}")
                    .header("Marathon-Deployment-Id"));
            ServicesApiTest.awaitIdle(client, "/missed/" + name);
        }
        try (Reader again = new Reader("?event_type=deployment_success", "Last-Event-ID", last)) {
            TestMaster.await("replayed", () -> again.frames.size() >= 3);
            assertThat(again.frames.stream()
                            .skip(1)
                            .map(f -> f.data().path("id").asText()))
                    .containsExactlyElementsOf(ids);
        }
        // An id of another master's or of long ago: by its time.
        try (Reader older = new Reader("?event_type=deployment_success", "Last-Event-ID", "0000000000000-x")) {
            TestMaster.await("all", () -> older.frames.size() >= 4);
        }
    }

    @Test
    void wantsToBeAskedForAStream() {
        assertThat(client.get("/v2/events").status()).isEqualTo(405);
        assertThat(client.send("POST", "/v2/events", "{}", "Accept", "text/event-stream")
                        .status())
                .isEqualTo(405);
    }
}
