package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Sink;
import akka.util.ByteString;
import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.node.ConversationActor;
import io.finback.nodeagent.node.TasksActor;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator API of an agent with a real task: what it shows, and a shell beside the task. */
class AgentApiTest {
    @TempDir
    Path data;

    @Test
    void aShellBesideATaskHearsAndAnswers() throws Exception {
        ActorTestKit kit = ActorTestKit.create();
        try {
            TaskWorld world = new TaskWorld(data);
            TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
            ActorRef<TasksActor.Command> tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
            tasks.tell(new TasksActor.Launch(
                    List.of(Tasks.shell("web", "exec sleep 600", java.util.Map.of("WHO", "whale")))));
            Await.until("it runs", () -> world.board().live().stream()
                    .anyMatch(task -> task.isRunning() && world.tools().store().hasBegun(task)));
            AgentApi api = api(kit, world);
            String container = world.board().live().get(0).container();

            assertThat(text(api, "{\"type\":\"GET_TASKS\"}")).contains("\"launched_tasks\"", "\"value\":\"web\"");
            assertThat(text(api, "{\"type\":\"GET_FLAGS\"}")).contains("{\"name\":\"port\",\"value\":\"5051\"}");
            assertThat(text(api, "{\"type\":\"GET_CONTAINERS\"}")).contains(container);
            assertThat(status(api, "{\"type\":\"PRUNE_IMAGES\"}"))
                    .as("there are none")
                    .isEqualTo(200);
            assertThat(status(
                            api,
                            "{\"type\":\"REMOVE_RESOURCE_PROVIDER_CONFIG\","
                                    + "\"remove_resource_provider_config\":{\"type\":\"t\",\"name\":\"n\"}}"))
                    .isEqualTo(501);
            assertThat(status(api, "{\"type\":\"GET_TASKS\"")).isEqualTo(400);
            assertThat(status(api, session("s", "no-such-container"))).isEqualTo(404);

            HttpResponse shell = call(api, session("s", container));
            assertThat(shell.status().intValue()).isEqualTo(200);
            String input = frame("{\"type\":\"ATTACH_CONTAINER_INPUT\",\"attach_container_input\":{"
                            + "\"type\":\"CONTAINER_ID\",\"container_id\":{\"value\":\"s\",\"parent\":{\"value\":\""
                            + container + "\"}}}}")
                    + stdin("echo $WHO; echo oops >&2\n")
                    + stdin("");
            HttpResponse fed = api.answer(HttpRequest.POST("/api/v1")
                            .addHeader(RawHeader.create("Message-Content-Type", "application/json"))
                            .withEntity(HttpEntities.create(
                                    MediaTypes.customBinary("application", "recordio", false)
                                            .toContentType(),
                                    input.getBytes(StandardCharsets.UTF_8))))
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            assertThat(fed.status().intValue()).isEqualTo(200);
            List<String> said = new ArrayList<>();
            RecordIo.Decoder decoder = new RecordIo.Decoder(1_000_000);
            ByteString all = shell.entity()
                    .getDataBytes()
                    .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), kit.system())
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            decoder.feed(all.toArray()).forEach(record -> said.add(new String(record, StandardCharsets.UTF_8)));
            assertThat(said)
                    .anyMatch(record -> record.contains("STDOUT") && record.contains(base64("whale\n")))
                    .anyMatch(record -> record.contains("STDERR") && record.contains(base64("oops\n")));

            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(Duration.ofSeconds(30));
        } finally {
            kit.shutdownTestKit();
        }
    }

    @Test
    void aShellOnATerminalKnowsItsSizeAndHearsOfAnother() throws Exception {
        ActorTestKit kit = ActorTestKit.create();
        try {
            TaskWorld world = new TaskWorld(data);
            TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
            ActorRef<TasksActor.Command> tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
            tasks.tell(new TasksActor.Launch(List.of(Tasks.shell("web", "exec sleep 600"))));
            Await.until("it runs", () -> world.board().live().stream()
                    .anyMatch(task -> task.isRunning() && world.tools().store().hasBegun(task)));
            AgentApi api = api(kit, world);
            String container = world.board().live().get(0).container();
            String launch = "{\"type\":\"LAUNCH_NESTED_CONTAINER_SESSION\",\"launch_nested_container_session\":{"
                    + "\"container_id\":{\"value\":\"s\",\"parent\":{\"value\":\"" + container + "\"}},"
                    + "\"command\":{\"value\":\"stty size; read x; stty size; echo \\\"it's $x\\\"; exit 3\"},"
                    + "\"container\":{\"type\":\"MESOS\",%s}}}";
            assertThat(status(api, String.format(launch, "\"hostname\":\"h\""))).isEqualTo(400);
            HttpResponse shell =
                    call(api, String.format(launch, "\"tty_info\":{\"window_size\":{\"rows\":30,\"columns\":90}}"));
            assertThat(shell.status().intValue()).isEqualTo(200);
            String input = frame("{\"type\":\"ATTACH_CONTAINER_INPUT\",\"attach_container_input\":{"
                            + "\"type\":\"CONTAINER_ID\",\"container_id\":{\"value\":\"s\",\"parent\":{\"value\":\""
                            + container + "\"}}}}")
                    + frame("{\"type\":\"ATTACH_CONTAINER_INPUT\",\"attach_container_input\":{\"type\":\"PROCESS_IO\","
                            + "\"process_io\":{\"type\":\"CONTROL\",\"control\":{\"type\":\"TTY_INFO\",\"tty_info\":"
                            + "{\"window_size\":{\"rows\":40,\"columns\":100}}}}}}")
                    + stdin("whale\n");
            var unused = api.answer(HttpRequest.POST("/api/v1")
                    .addHeader(RawHeader.create("Message-Content-Type", "application/json"))
                    .withEntity(HttpEntities.create(
                            MediaTypes.customBinary("application", "recordio", false)
                                    .toContentType(),
                            input.getBytes(StandardCharsets.UTF_8))));
            RecordIo.Decoder decoder = new RecordIo.Decoder(1_000_000);
            ByteString all = shell.entity()
                    .getDataBytes()
                    .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), kit.system())
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            StringBuilder said = new StringBuilder();
            for (byte[] record : decoder.feed(all.toArray())) {
                com.fasterxml.jackson.databind.JsonNode data = new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree(record)
                        .path("data")
                        .path("data");
                said.append(new String(java.util.Base64.getDecoder().decode(data.asText("")), StandardCharsets.UTF_8));
            }
            assertThat(said.toString()).contains("40 100\r\n", "it's whale\r\n");

            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(Duration.ofSeconds(30));
        } finally {
            kit.shutdownTestKit();
        }
    }

    private static AgentApi api(ActorTestKit kit, TaskWorld world) throws Exception {
        AgentView view = new AgentView(
                Tasks.AGENT.value(),
                "whale-1",
                io.finback.resources.Resources.of(4, 1024, 1000),
                java.util.Map.of(),
                java.util.Optional.empty(),
                "1",
                java.time.Instant.EPOCH,
                world.board(),
                world.tools().sandboxes(),
                new io.finback.nodeagent.node.Registration(),
                world.tools().containers(),
                new io.finback.nodeagent.api.ContainmentView(List.of(), () -> 0, () -> 0),
                io.finback.nodeagent.api.TransfersView.NONE,
                java.util.Map.of("port", "5051"));
        return new AgentApi(
                kit.system(),
                view,
                () -> 5051,
                new io.finback.nodeagent.executor.Inside(
                        io.finback.nodeagent.executor.Tools.find(System.getenv("PATH"))),
                world.nested(),
                world.tools().store()::begunFile,
                new io.finback.nodeagent.files.FileSpace(
                        world.tools().sandboxes().ofAllIds(),
                        world.tools().sandboxes().root(),
                        java.util.Optional.empty(),
                        100),
                work -> new Thread(work, "test-blocking").start(),
                new AgentApi.Limits(1_000_000, 5),
                io.finback.security.Rules.NONE);
    }

    private static HttpResponse call(AgentApi api, String body) throws Exception {
        return api.answer(HttpRequest.POST("/api/v1")
                        .withEntity(ContentTypes.APPLICATION_JSON, body.getBytes(StandardCharsets.UTF_8)))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    private static int status(AgentApi api, String body) throws Exception {
        return call(api, body).status().intValue();
    }

    private static String text(AgentApi api, String body) throws Exception {
        HttpResponse response = call(api, body);
        assertThat(response.status().intValue()).isEqualTo(200);
        return ((akka.http.javadsl.model.HttpEntity.Strict) response.entity())
                .getData()
                .utf8String();
    }

    private static String session(String id, String parent) {
        return "{\"type\":\"LAUNCH_NESTED_CONTAINER_SESSION\",\"launch_nested_container_session\":{"
                + "\"container_id\":{\"value\":\"" + id + "\",\"parent\":{\"value\":\"" + parent + "\"}},"
                + "\"command\":{\"value\":\"sh\"}}}";
    }

    private static String stdin(String text) {
        return frame("{\"type\":\"ATTACH_CONTAINER_INPUT\",\"attach_container_input\":{\"type\":\"PROCESS_IO\","
                + "\"process_io\":{\"type\":\"DATA\",\"data\":{\"type\":\"STDIN\",\"data\":\"" + base64(text)
                + "\"}}}}");
    }

    private static String frame(String json) {
        return new String(RecordIo.frame(json.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
