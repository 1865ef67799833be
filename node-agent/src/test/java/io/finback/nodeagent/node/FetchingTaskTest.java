package io.finback.nodeagent.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.testing.AgentProcess;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Origin;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that want something downloaded first, from launch to end. */
class FetchingTaskTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final byte[] CONTENT = "whale\n".repeat(20_000).getBytes(UTF_8);

    @TempDir
    Path data;

    private Origin origin;
    private ActorTestKit kit;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @BeforeEach
    void serve() throws IOException {
        origin = new Origin();
    }

    @AfterEach
    void close() {
        if (kit != null) {
            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(LIMIT);
            kit.shutdownTestKit();
        }
        origin.close();
    }

    @Test
    void hasItInItsSandboxBeforeItBegins() throws Exception {
        origin.serve("/f", CONTENT);
        start();
        launch(Tasks.fetching("t", "cmp -s f - && exit 7 || cat f | wc -l", origin.url("/f")));

        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(update().state()).isEqualTo(TaskState.FINISHED);
        assertThat(new TaskWorldFiles(data).stdout("t").strip()).isEqualTo("20000");
    }

    @Test
    void whatCannotBeFetchedFailsTheTaskAndNamesTheUri() throws Exception {
        start();
        launch(Tasks.fetching("t", "touch ran", origin.url("/missing")));

        TaskStatus failed = update();
        assertThat(failed.state()).isEqualTo(TaskState.FAILED);
        assertThat(failed.reason()).contains("CONTAINER_LAUNCH_FAILED");
        assertThat(failed.message())
                .contains("fetching " + origin.url("/missing") + ": the server answered 404 (expected: 200)");
    }

    @Test
    void whatCanNeverBeFetchedIsRefused() throws Exception {
        start();
        launch(Tasks.fetching("t", "true", origin.url("/f"), "no/scheme"));

        TaskStatus error = update();
        assertThat(error.state()).isEqualTo(TaskState.ERROR);
        assertThat(error.message().orElse("")).startsWith("command.uris[1].uri: 'no/scheme'");
    }

    @Test
    void aKillEndsTheFetchAndNobodyElseWaitsForIt() throws Exception {
        origin.serveHalting("/f", CONTENT, new CountDownLatch(1));
        start();
        launch(Tasks.fetching("t", "touch ran", origin.url("/f")));
        Await.until("it asks", () -> origin.asked("/f") == 1);
        launch(Tasks.shell("other", "exit 0"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(update().state()).isEqualTo(TaskState.FINISHED);

        tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key("t"), Optional.empty(), Optional.empty()))));

        TaskStatus killed = update();
        assertThat(killed.state()).isEqualTo(TaskState.KILLED);
        assertThat(new TaskWorldFiles(data).names("t")).isEmpty();
    }

    @Test
    void aNewAgentFetchesAgain() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        origin.serveHalting("/f", CONTENT, go);
        Process agent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AgentProcess.class.getName(),
                        data.toString(),
                        "0",
                        "wc -c <f",
                        origin.url("/f"))
                .redirectErrorStream(true)
                .redirectOutput(data.resolve("agent.log").toFile())
                .start();
        try {
            Await.until(
                    "it downloads",
                    Duration.ofMinutes(3),
                    () -> origin.asked("/f") == 1
                            && new TaskWorldFiles(data).names("t").equals(List.of("f.finback-part")));
        } finally {
            agent.destroyForcibly();
        }
        assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
        go.countDown();

        start();

        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(update().state()).isEqualTo(TaskState.FINISHED);
        assertThat(new TaskWorldFiles(data).stdout("t").strip()).isEqualTo(Integer.toString(CONTENT.length));
        assertThat(new TaskWorldFiles(data).names("t")).containsExactlyInAnyOrder("f", "stdout", "stderr");
    }

    private void start() throws IOException {
        kit = ActorTestKit.create();
        conversation = kit.createTestProbe();
        tasks = kit.spawn(TasksActor.create(new TaskWorld(data).tools(), conversation.getRef()));
    }

    private void launch(TaskInfo task) {
        tasks.tell(new TasksActor.Launch(List.of(task)));
    }

    private TaskStatus update() {
        ConversationActor.Command said = conversation.receiveMessage(LIMIT);
        while (!(said instanceof ConversationActor.NewUpdate)) {
            said = conversation.receiveMessage(LIMIT);
        }
        return ((ConversationActor.NewUpdate) said).update();
    }

    private record TaskWorldFiles(Path data) {
        private Path sandbox(String task) {
            return data.resolve("slaves/agent-1/frameworks/framework-1/executors/" + task + "/runs/latest");
        }

        String stdout(String task) throws IOException {
            return Files.readString(sandbox(task).resolve("stdout"));
        }

        List<String> names(String task) throws IOException {
            try (Stream<Path> files = Files.list(sandbox(task).toRealPath())) {
                return files.map(file -> file.getFileName().toString()).toList();
            }
        }
    }
}
