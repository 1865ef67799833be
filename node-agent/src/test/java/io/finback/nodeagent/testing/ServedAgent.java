package io.finback.nodeagent.testing;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.nodeagent.api.AgentRoutes;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.ContainmentView;
import io.finback.nodeagent.api.TransfersView;
import io.finback.nodeagent.api.v1.AgentApi;
import io.finback.nodeagent.api.v1.ExecutorApi;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.node.ConversationActor;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.Registration;
import io.finback.nodeagent.node.TasksActor;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.Resources;
import io.finback.security.Guard;
import io.finback.security.SecuritySettings;
import io.finback.tasks.TaskInfo;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** The API of an agent on a port of its own, with tasks that are real processes. */
public final class ServedAgent implements AutoCloseable {
    private final ActorTestKit kit = ActorTestKit.create();
    private final HttpClient client = HttpClient.newHttpClient();
    private final TaskWorld world;
    private final ActorRef<TasksActor.Command> tasks;
    private final ServerBinding binding;
    private String authorization = "";

    public ServedAgent(Path data) throws Exception {
        this(new TaskWorld(data));
    }

    public ServedAgent(TaskWorld made) throws Exception {
        this(made, ExecutorDoor.OPEN);
    }

    /** Lets executors in by this door alone. */
    public ServedAgent(TaskWorld made, ExecutorDoor door) throws Exception {
        this(made, door, SecuritySettings.OPEN);
    }

    /** Asks who it is, and obeys the rules. */
    public ServedAgent(TaskWorld made, ExecutorDoor door, SecuritySettings security) throws Exception {
        world = made;
        TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
        AgentView view = new AgentView(
                Tasks.AGENT.value(),
                "whale-1",
                Resources.of(4, 1024, 1000),
                Map.of(),
                Optional.empty(),
                "1",
                Instant.EPOCH,
                world.board(),
                world.tools().sandboxes(),
                new Registration(),
                world.tools().containers(),
                new ContainmentView(List.of(), () -> 0, () -> 0),
                TransfersView.NONE,
                Map.of());
        FileSpace space = new FileSpace(
                world.tools().sandboxes().ofAllIds(), world.tools().sandboxes().root(), Optional.empty(), 100);
        var blocking = kit.system().dispatchers().lookup(DispatcherSelector.blocking());
        Guard guard = new Guard(
                kit.system(), "agent", security, (status, reason) -> akka.http.javadsl.model.HttpResponse.create()
                        .withStatus(status)
                        .withEntity(reason));
        AgentRoutes routes = new AgentRoutes(
                view,
                () -> 5051,
                space,
                blocking,
                1,
                new ExecutorApi(kit.system(), view, () -> 5051, () -> Optional.of(tasks), door, 1_000_000),
                new AgentApi(
                        kit.system(),
                        view,
                        () -> 5051,
                        world.tools().inside(),
                        world.nested(),
                        world.tools().store()::begunFile,
                        space,
                        blocking,
                        new AgentApi.Limits(1_000_000, 2),
                        guard),
                guard,
                () -> "");
        binding = Http.get(kit.system())
                .newServerAt("127.0.0.1", 0)
                .bind(guard.before(
                        request -> request.method().value().equals("GET") ? Guard.Door.READ : Guard.Door.WRITE,
                        request -> answer(routes.route().handler(kit.system()), request))::apply)
                .toCompletableFuture()
                .get(120, TimeUnit.SECONDS);
    }

    private static CompletionStage<akka.http.javadsl.model.HttpResponse> answer(
            akka.japi.function.Function<
                            akka.http.javadsl.model.HttpRequest, CompletionStage<akka.http.javadsl.model.HttpResponse>>
                    handler,
            akka.http.javadsl.model.HttpRequest request) {
        try {
            return handler.apply(request);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts a task, and answers its container once it runs. */
    public String launch(String id, String command) throws Exception {
        return launch(Tasks.shell(id, command, Map.of("WHO", "whale")));
    }

    /** Starts a task, and answers its container once it runs. */
    public String launch(TaskInfo info) throws Exception {
        String id = info.id().value();
        tasks.tell(new TasksActor.Launch(List.of(info)));
        Await.until("it runs", () -> task(id).filter(
                        task -> task.isRunning() && world.tools().store().hasBegun(task))
                .isPresent());
        return task(id).orElseThrow().container();
    }

    /** Its first process. */
    public long leader(String id) {
        return task(id).orElseThrow().process().orElseThrow().leader().orElseThrow();
    }

    public Path sandbox(String id) {
        return world.tools().sandboxes().of(task(id).orElseThrow());
    }

    private Optional<AgentTask> task(String id) {
        return world.board().live().stream()
                .filter(task -> task.info().id().value().equals(id))
                .findFirst();
    }

    /** What is asked from now on is asked in this name. */
    @CanIgnoreReturnValue
    public ServedAgent as(String principal, String secret) {
        authorization = "Basic "
                + Base64.getEncoder().encodeToString((principal + ":" + secret).getBytes(StandardCharsets.UTF_8));
        return this;
    }

    private HttpRequest.Builder request(URI to) {
        HttpRequest.Builder request = HttpRequest.newBuilder(to).timeout(Duration.ofSeconds(60));
        return authorization.isEmpty() ? request : request.header("Authorization", authorization);
    }

    public HttpResponse<String> get(String path) throws Exception {
        return client.send(request(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** A call in JSON. */
    public HttpResponse<String> call(String json) throws Exception {
        return client.send(
                post(json.getBytes(java.nio.charset.StandardCharsets.UTF_8), "application/json"),
                HttpResponse.BodyHandlers.ofString());
    }

    /** An executor's call in JSON; an empty {@code authorization} is none. */
    public HttpResponse<String> callAsExecutor(String json, String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri("/api/v1/executor"))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** A call in protobuf. */
    public HttpResponse<byte[]> call(byte[] message) throws Exception {
        return client.send(post(message, "application/x-protobuf"), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** A call in JSON that is answered by a stream; begun when this returns. */
    public HttpResponse<InputStream> stream(String json) throws Exception {
        return client.send(
                post(json.getBytes(java.nio.charset.StandardCharsets.UTF_8), "application/json"),
                HttpResponse.BodyHandlers.ofInputStream());
    }

    /** Feeds a container, and answers the status once all of it is taken. */
    public int type(String container, String... inputs) throws Exception {
        StringBuilder all = new StringBuilder();
        all.append(frame("\"type\":\"CONTAINER_ID\",\"container_id\":{\"value\":\"" + container + "\"}"));
        for (String input : inputs) {
            all.append(frame("\"type\":\"PROCESS_IO\",\"process_io\":" + input));
        }
        HttpRequest request = request(uri("/api/v1"))
                .header("Content-Type", "application/recordio")
                .header("Message-Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(all.toString()))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    private static String frame(String input) {
        String record = "{\"type\":\"ATTACH_CONTAINER_INPUT\",\"attach_container_input\":{" + input + "}}";
        return record.length() + "\n" + record;
    }

    private HttpRequest post(byte[] body, String type) {
        return request(uri("/api/v1"))
                .header("Content-Type", type)
                .header("Accept", type)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + binding.localAddress().getPort() + path);
    }

    /** Ends without a word; the tasks go on. */
    public void vanish() {
        kit.stop(tasks, Duration.ofSeconds(30));
        kit.shutdownTestKit();
    }

    @Override
    public void close() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(Duration.ofSeconds(30));
        kit.shutdownTestKit();
        // What ends with them is written down, or else it would be while its directory is being deleted.
        Await.until("nested containers have ended, too", () -> {
            world.nested().look();
            return world.nested().running().isEmpty();
        });
        world.nested().look();
    }
}
