package io.finback.nodeagent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.testing.Await;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Node;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.NodeConfig;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.tracing.SpanCollector;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole agent node in a real cluster whose master's session is played by the test. */
class AgentNodeTest {
    private static final FrameworkId FRAMEWORK = FrameworkId.of("framework-1");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = new JsonMapper();
    private static final BlockingQueue<AgentToMaster> HEARD = new LinkedBlockingQueue<>();
    private static final AtomicReference<ActorRef<MasterToAgent>> AGENT = new AtomicReference<>();

    @TempDir
    static Path masterData;

    private static ActorSystem<Void> master;
    private static int masterPort;
    private static long session;

    @TempDir
    Path data;

    @BeforeAll
    static void startMaster() throws IOException {
        masterPort = freePort();
        Config config = config(Map.of(
                "finback.data-dir", masterData.toString(),
                "finback.cluster.port", masterPort,
                "finback.management.port", freePort()));
        master = ClusterSystem.member(Behaviors.empty(), config, Role.MASTER);
        var unused = ClusterSharding.get(master)
                .init(Entity.of(
                                AgentSessionMessage.KEY,
                                context -> Behaviors.receiveMessage(message -> {
                                    if (message instanceof AgentEnvelope envelope) {
                                        AGENT.set(envelope.replyTo());
                                        if (envelope.message() instanceof AgentToMaster.Heartbeat heartbeat) {
                                            envelope.replyTo()
                                                    .tell(new MasterToAgent.HeartbeatAnswer(heartbeat.session()));
                                        } else {
                                            HEARD.add(envelope.message());
                                        }
                                    }
                                    return Behaviors.same();
                                }))
                        .withRole("master"));
    }

    @AfterAll
    static void stopMaster() {
        master.terminate();
        Await.until(
                "the master is gone",
                () -> master.getWhenTerminated().toCompletableFuture().isDone());
    }

    @Test
    void servesItsRoleAndAdoptsItsTasksAfterAStop() throws Exception {
        int api = freePort();
        Config config = agent(Map.of("finback.agent.http.port", api, "finback.agent.attributes", "rack:r1"));
        Node node = AgentNode.start(config);
        AgentToMaster.Register register = register();
        node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
        AgentId id = register.info().id();
        assertThat(register.info().attributes()).containsEntry("rack", "r1");
        assertThat(register.info().resources().ports().size()).isEqualTo(1001);
        assertThat(register.info().httpPort()).isEqualTo(api);

        TaskInfo task = task(id, "web", "echo hello; exec sleep 600");
        tell(new MasterToAgent.Launch(session, List.of(task)));
        TaskStatus running = status();
        assertThat(running.state()).isEqualTo(TaskState.RUNNING);
        acknowledge(running);

        JsonNode shown = JSON.readTree(get(api, "/slave(1)/state").body());
        assertThat(shown.path("id").asText()).isEqualTo(id.value());
        JsonNode executor = shown.at("/frameworks/0/executors/0");
        assertThat(executor.at("/tasks/0/state").asText()).isEqualTo("TASK_RUNNING");
        assertThat(shown.path("isolators")).hasSize(Isolator.values().length).allSatisfy(isolator -> {
            assertThat(isolator.path("detail").asText()).isNotEmpty();
            boolean named = List.of(shown.at("/flags/isolation").asText().split(",", -1))
                    .contains(isolator.path("name").asText());
            assertThat(named).isEqualTo(isolator.path("on").asBoolean());
            assertThat(get(api, "/metrics").body())
                    .contains("finback_agent_isolator_on{isolator=\""
                            + isolator.path("name").asText() + "\"} " + (named ? 1 : 0));
        });
        assertThat(executor.at("/tasks/0/pid").asLong()).isEqualTo(running.pid().orElseThrow());
        String directory = executor.path("directory").asText();
        Await.until(
                "stdout is there", () -> read(api, directory + "/stdout").body().contains("hello"));
        assertThat(JSON.readTree(read(api, directory + "/stdout").body())
                        .path("data")
                        .asText())
                .isEqualTo("hello\n");
        Files.createSymbolicLink(Path.of(directory, "escape"), Path.of("/etc/passwd"));
        assertThat(read(api, directory + "/escape").statusCode()).isEqualTo(404);
        assertThat(read(api, directory + "/../../../../../../../../../meta/tasks")
                        .statusCode())
                .isEqualTo(404);
        assertThat(read(api, "/etc/passwd").statusCode()).isEqualTo(404);
        assertThat(get(api, "/files/read").statusCode()).isEqualTo(400);
        assertThat(get(api, "/health").statusCode()).isEqualTo(200);
        assertThat(get(api, "/metrics").body()).contains("finback_agent_tasks_running 1\n");
        assertThat(HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api + "/api/v1"))
                                        .header("Origin", "http://evil.example")
                                        .POST(HttpRequest.BodyPublishers.noBody())
                                        .build(),
                                HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(403);
        assertThat(get(api, "/metrics").body())
                .contains("finback_http_refused_total{port=\"agent\",reason=\"forbidden\"} 1\n");
        assertThat(JSON.readTree(get(api, "/metrics/snapshot").body())
                        .path("slave/tasks_running")
                        .asInt())
                .isEqualTo(1);
        assertThat(get(api, "/version").body()).contains("\"version\"");

        assertThatThrownBy(() -> AgentNode.start(agent(Map.of(
                        "finback.agent.http.port",
                        api,
                        "finback.data-dir",
                        data.resolve("other").toString()))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.agent.http")
                .hasMessageContaining(Integer.toString(api));

        stop(node);
        assertThat(ProcessHandle.of(running.pid().orElseThrow()).orElseThrow().isAlive())
                .isTrue();

        Node next = AgentNode.start(ConfigFactory.parseMap(Map.of("finback.agent.stop-tasks-on-exit", true))
                .withFallback(config));
        AgentToMaster.Register again = register();
        assertThat(again.info().id()).isEqualTo(id);
        assertThat(again.tasks()).singleElement().satisfies(known -> {
            assertThat(known.info()).isEqualTo(task);
            assertThat(known.state()).isEqualTo(TaskState.RUNNING);
        });

        stop(next);
        Await.until("the task has ended with its agent", () -> ProcessHandle.of(
                        running.pid().orElseThrow())
                .filter(ProcessHandle::isAlive)
                .isEmpty());
        assertThat(next.terminated().toCompletableFuture()).isCompletedWithValue("stopped");
    }

    @Test
    void aLaunchsTraceGoesOnHere() throws Exception {
        String trace = "0af7651916cd43dd8448eb211c80319c";
        String parent = "b7ad6b7169203331";
        try (SpanCollector collector = SpanCollector.start()) {
            Node node = AgentNode.start(agent(Map.of(
                    "finback.tracing.exporter",
                    "zipkin",
                    "finback.tracing.endpoint",
                    collector.url(),
                    "finback.tracing.sample-rate",
                    0,
                    "finback.tracing.flush-interval",
                    "10ms",
                    "finback.agent.stop-tasks-on-exit",
                    true)));
            AgentId id = register().info().id();
            TaskInfo followed = task(id, "followed", "exec sleep 600 # s3cret");
            TaskInfo other = task(id, "other", "exec sleep 600");
            tell(new MasterToAgent.Launch(
                    session,
                    List.of(other, followed),
                    Map.of(
                            TaskKey.of(FRAMEWORK, followed.id()).toString(),
                            "00-" + trace + "-" + parent + "-01",
                            TaskKey.of(FRAMEWORK, other.id()).toString(),
                            "00-" + trace + "-" + parent + "-00")));
            SpanCollector.Got launch = collector.await("agent.launch", 1).get(0);
            assertThat(launch.trace()).isEqualTo(trace);
            assertThat(launch.parent()).isEqualTo(parent);
            assertThat(launch.service()).isEqualTo("finback-agent");
            assertThat(launch.tag("finback.task_id")).isEqualTo("followed");
            assertThat(launch.tag("finback.agent_id")).isEqualTo(id.value());
            assertThat(launch.tag("finback.state")).isEqualTo("TASK_RUNNING");
            for (String part : List.of("agent.prepare", "agent.start")) {
                assertThat(collector.await(part, 1)).singleElement().satisfies(span -> {
                    assertThat(span.trace()).isEqualTo(trace);
                    assertThat(span.parent()).isEqualTo(launch.id());
                });
            }
            assertThat(collector.spans()).hasSize(3);
            assertThat(collector.spans().toString()).doesNotContain("s3cret");
            stop(node);
        }
    }

    @Test
    void aRemovedAgentEndsItsTasksAndItselfAndComesBackAsANewOne() throws Exception {
        Config config = agent(Map.of());
        Node node = AgentNode.start(config);
        AgentId id = register().info().id();
        tell(new MasterToAgent.Launch(session, List.of(task(id, "t", "exec sleep 600"))));
        TaskStatus running = status();

        tell(new MasterToAgent.Shutdown("marked gone"));

        assertThat(node.terminated().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .contains("removed", "marked gone", "start the agent again");
        assertThat(node.isRemoved()).isTrue();
        Await.until("the task has ended with its agent", () -> ProcessHandle.of(
                        running.pid().orElseThrow())
                .filter(ProcessHandle::isAlive)
                .isEmpty());
        stop(node);

        HEARD.clear();
        Node next = AgentNode.start(config);
        AgentToMaster.Register register = register();
        assertThat(register.info().id()).isNotEqualTo(id);
        assertThat(register.tasks()).isEmpty();
        stop(next);
    }

    @Test
    void anAgentWhoseDataWasWipedIsANewOneAndEndsWhatTheOldOneLeft() throws Exception {
        Config config = agent(Map.of());
        Node node = AgentNode.start(config);
        AgentId id = register().info().id();
        tell(new MasterToAgent.Launch(session, List.of(task(id, "t", "exec sleep 600"))));
        TaskStatus running = status();
        assertThat(running.pid()).as(running.toString()).isPresent();
        ProcessHandle process = ProcessHandle.of(running.pid().orElseThrow()).orElseThrow();
        stop(node);
        assertThat(process.isAlive()).isTrue();
        try (Stream<Path> all = Files.walk(data.resolve("agent"))) {
            all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(file -> assertThat(file.delete())
                    .isTrue());
        }

        HEARD.clear();
        Node next = AgentNode.start(config);
        AgentToMaster.Register register = register();
        assertThat(register.info().id()).isNotEqualTo(id);
        assertThat(register.tasks()).isEmpty();
        Await.until("what nobody knows any more has ended", () -> !process.isAlive());
        stop(next);
    }

    @Test
    void refusesToStartWithoutMasters() {
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.cluster.seeds", List.of()))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.cluster.seeds");
    }

    @Test
    void namesTheKeyOfAWrongValue() {
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.resources", "cpus:many"))))
                .isInstanceOf(StartFailure.class)
                .hasMessage("finback.agent.resources: entry 1 at character 1: cpus: 'many' (expected: a number >= 0)");
        assertThatThrownBy(
                        () -> AgentNode.start(agent(Map.of("finback.agent.isolation", "cgroups/mem,cgroups/net_cls"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.agent.isolation: 'cgroups/net_cls' (expected: auto, or of [");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.capabilities", "CHOWN,FLY"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.agent.capabilities: 'FLY' (expected: a Linux capability");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.cgroups.root", "../x"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.agent.cgroups.root: '../x' (expected:");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.cgroups.pids-max", 1))))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.agent.cgroups.pids-max: 1 (expected: 16 to");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.attributes", "rack"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.agent.attributes: entry 1: 'rack' (expected: name:value");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.domain.zone", "z1"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.agent.domain.region")
                .hasMessageContaining("region and zone, or neither");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of(
                        "finback.agent.resources",
                        "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":10},"
                                + "\"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/no/such\"}}}}]"))))
                .isInstanceOf(StartFailure.class)
                .hasMessage(
                        "finback.agent.resources: disk.source root: '/no/such' (expected: a directory of this machine)");
        assertThatThrownBy(() -> AgentNode.start(agent(Map.of("finback.agent.kill-grace", "-1s"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.agent.kill-grace");
    }

    @Test
    void refusesAnAgentIdItCannotRead() throws IOException {
        Files.createDirectories(data.resolve("agent"));
        Files.writeString(data.resolve("agent/agent-id"), "");

        assertThatThrownBy(() -> AgentNode.start(agent(Map.of())))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("agent-id");
    }

    private static void stop(Node node) throws Exception {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private AgentToMaster.Register register() throws InterruptedException {
        AgentToMaster.Register register = heard(AgentToMaster.Register.class);
        session++;
        tell(new MasterToAgent.Registered(session, Duration.ofMillis(500)));
        return register;
    }

    private static TaskStatus status() throws InterruptedException {
        return heard(AgentToMaster.Updates.class).updates().get(0);
    }

    private static void acknowledge(TaskStatus status) {
        tell(new MasterToAgent.Acknowledge(
                session,
                List.of(new MasterToAgent.UpdateId(
                        TaskKey.of(status.framework(), status.task()),
                        status.uuid().orElseThrow()))));
    }

    private static void tell(MasterToAgent message) {
        AGENT.get().tell(message);
    }

    private static <T extends AgentToMaster> T heard(Class<T> kind) throws InterruptedException {
        while (true) {
            AgentToMaster message = HEARD.poll(60, TimeUnit.SECONDS);
            assertThat(message).as("a %s", kind.getSimpleName()).isNotNull();
            if (kind.isInstance(message)) {
                return kind.cast(message);
            }
        }
    }

    private static HttpResponse<String> read(int port, String path) throws IOException, InterruptedException {
        return get(port, "/files/read?offset=0&path=" + URLEncoder.encode(path, StandardCharsets.UTF_8));
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private Config agent(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>();
        try {
            settings.put("finback.data-dir", data.resolve("agent").toString());
            settings.put("finback.cluster.port", freePort());
            settings.put("finback.management.port", freePort());
            settings.put("finback.agent.http.port", freePort());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        settings.put("finback.cluster.seeds", List.of("127.0.0.1:" + masterPort));
        settings.putAll(more);
        return config(settings);
    }

    /** As the program gives it to a node: without what only Akka's own reference says. */
    private static Config config(Map<String, ?> settings) {
        return NodeConfig.of(List.of(), Map.of(), List.of())
                .withDefaults(ConfigFactory.parseMap(settings))
                .load();
    }

    private static TaskInfo task(AgentId agent, String id, String command) {
        return new TaskInfo(
                TaskId.of(id),
                id,
                FRAMEWORK,
                agent,
                Resources.of(0.1, 16, 0),
                CommandInfo.shell(command, Map.of()),
                Optional.empty(),
                Map.of());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
