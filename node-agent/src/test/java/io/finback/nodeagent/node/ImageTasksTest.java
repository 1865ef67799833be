package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks with images, as masters and operators see them. */
@NeedsRuntime
final class ImageTasksTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path data;

    @BeforeEach
    void makeImage() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
    }

    @Test
    void aTaskSaysThatItStartsAndRunsAndHowItEnded() throws Exception {
        try (Agent agent = new Agent(data)) {
            agent.launch(ImageAgent.task("t", "exit 3"));
            assertThat(agent.update().state()).isEqualTo(TaskState.STARTING);
            TaskStatus running = agent.update();
            assertThat(running.state()).isEqualTo(TaskState.RUNNING);
            assertThat(running.pid()).isPresent();
            TaskStatus failed = agent.update();
            assertThat(failed.state()).isEqualTo(TaskState.FAILED);
            assertThat(failed.message().orElse("")).contains("exited with status 3");
        }
    }

    @Test
    void anImageThatIsNowhereFailsItsTask() throws Exception {
        try (Agent agent = new Agent(data)) {
            TaskInfo task = ImageAgent.task("t", "exit 3");
            agent.launch(task.withOptions(task.options().withContainer(ImageAgent.container("nowhere:1"))));
            TaskStatus failed = agent.update();
            assertThat(failed.state()).isEqualTo(TaskState.FAILED);
            assertThat(failed.reason()).contains("CONTAINER_LAUNCH_FAILED");
            assertThat(failed.message().orElse("")).contains("nowhere:1", "finback.agent.images.directories");
        }
    }

    /** The agent's process dies with {@code kill -9} while its task runs; the task ends before the next agent looks. */
    @Test
    void aTaskOutlivesItsAgentAndItsEndIsKnown() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ImageAgent.class.getName(),
                        data.toString(),
                        "while [ ! -e go ]; do sleep 0.02; done; echo went; exit 9")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (line != null && !line.contains("RUNNING")) {
                line = lines.readLine();
            }
            assertThat(line).isNotNull();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        Path sandbox = data.resolve("slaves/agent-1/frameworks/framework-1/executors/t/runs/latest");
        Files.createFile(sandbox.resolve("go"));
        Await.until(
                "it has ended",
                () -> Files.exists(sandbox.resolve("stdout"))
                        && Files.readString(sandbox.resolve("stdout")).equals("went\n"));

        try (Agent agent = new Agent(data)) {
            TaskStatus end = agent.end();
            assertThat(end.state()).isEqualTo(TaskState.FAILED);
            assertThat(end.message().orElse("")).contains("exited with status 9");
        }
        Await.until("no container is left", () -> {
            try (var bundles = Files.list(data.resolve("containers"))) {
                return bundles.findAny().isEmpty();
            }
        });
    }

    @Test
    void operatorsRunCommandsInTheContainer() throws Exception {
        try (ServedAgent agent = new ServedAgent(new TaskWorld(data, true))) {
            String container = agent.launch(ImageAgent.task("web", "while true; do sleep 1; done"));
            Await.until("it runs", () -> agent.get("/monitor/statistics").body().contains("mem_rss_bytes"));
            String id = "{\"value\":\"look\",\"parent\":{\"value\":\"" + container + "\"}}";
            assertThat(agent.call("{\"type\":\"LAUNCH_NESTED_CONTAINER\",\"launch_nested_container\":{\"container_id\":"
                                    + id + ",\"command\":{\"value\":\"echo $FROM_IMAGE; ls /bin/busybox; exit 3\"}}}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(agent.call("{\"type\":\"WAIT_NESTED_CONTAINER\",\"wait_nested_container\":{\"container_id\":"
                                    + id + "}}")
                            .body())
                    .contains("\"exit_status\":" + (3 << 8));
            assertThat(agent.sandbox("web").resolve("containers/look/stdout")).hasContent("yes\n/bin/busybox");
            assertThat(agent.call("{\"type\":\"GET_CONTAINERS\"}").body())
                    .contains("\"resource_statistics\":{", "\"mem_rss_bytes\":");
            assertThat(agent.get("/state").body()).contains("\"oci\"", "runc");
        }
    }

    @Test
    void operatorsPruneWhatNoContainerIsMadeOf() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .layer(new Images.Layer().file("more", "of it"))
                .save(data.resolve("local/test/more:1.tar"), "test/more:1");
        try (ServedAgent agent = new ServedAgent(new TaskWorld(data, true))) {
            TaskInfo more = ImageAgent.task("more", "exec sleep 600");
            String container =
                    agent.launch(more.withOptions(more.options().withContainer(ImageAgent.container("test/more:1"))));
            assertThat(container).isNotEmpty();
            String prune = "{\"type\":\"PRUNE_IMAGES\"}";
            assertThat(agent.call(prune).statusCode()).isEqualTo(200);
            assertThat(layers()).as("a container is made of them").hasSize(2);

            assertThat(ProcessHandle.of(agent.leader("more")).orElseThrow().destroyForcibly())
                    .isTrue();
            Await.until("its container is gone", () -> {
                try (Stream<Path> bundles = Files.list(data.resolve("containers"))) {
                    return bundles.findAny().isEmpty();
                }
            });
            assertThat(agent.call("{\"type\":\"PRUNE_IMAGES\",\"prune_images\":{\"excluded_images\":["
                                    + "{\"type\":\"DOCKER\",\"docker\":{\"name\":\"test/more:1\"}}]}}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(layers()).as("it is excluded").hasSize(2);
            assertThat(agent.call(prune).statusCode()).isEqualTo(200);
            assertThat(layers()).isEmpty();
        }
    }

    private List<Path> layers() throws Exception {
        try (Stream<Path> layers = Files.list(data.resolve("images/layers"))) {
            return layers.toList();
        }
    }

    @Test
    void isAskedToEndAsItsImageWantsIt() throws Exception {
        Images images = Images.busybox(Images.busybox().orElseThrow());
        images.settings().put("StopSignal", "SIGUSR1");
        images.save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
        try (Agent agent = new Agent(data)) {
            agent.launch(ImageAgent.task(
                    "t", "trap 'exit 7' USR1; trap '' TERM; touch ready; while true; do sleep 0.05; done"));
            Path sandbox = data.resolve("slaves/agent-1/frameworks/framework-1/executors/t/runs/latest");
            Await.until("it listens", () -> Files.exists(sandbox.resolve("ready")));
            agent.kill("t");
            assertThat(agent.end().message().orElse("")).contains("exited with status 7");
        }
    }

    /** An agent in this process. */
    private static final class Agent implements AutoCloseable {
        private final ActorTestKit kit = ActorTestKit.create();
        private final TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
        private final ActorRef<TasksActor.Command> tasks;

        Agent(Path data) throws Exception {
            tasks = kit.spawn(TasksActor.create(new TaskWorld(data, true).tools(), conversation.getRef()));
        }

        void launch(TaskInfo task) {
            tasks.tell(new TasksActor.Launch(List.of(task)));
        }

        void kill(String id) {
            tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key(id), Optional.of(Duration.ofSeconds(20))))));
        }

        TaskStatus update() {
            return Await.found(
                    "an update",
                    () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.NewUpdate said
                            ? Optional.of(said.update())
                            : Optional.empty());
        }

        TaskStatus end() {
            TaskStatus update = update();
            while (!update.state().isTerminal()) {
                update = update();
            }
            return update;
        }

        @Override
        public void close() {
            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(LIMIT);
            kit.shutdownTestKit();
        }
    }
}
