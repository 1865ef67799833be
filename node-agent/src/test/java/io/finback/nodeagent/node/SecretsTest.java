package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.tasks.Volume;
import io.finback.wire.MasterToAgent.UpdateId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks get their secrets, and nobody else does. */
final class SecretsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String VALUE = "moby-dick-1851";
    /** SHA-256 of it, and of it with a line break. */
    private static final String VARIABLE_HASH = "dfcff1fd2db23b2471dd7709ead9eabd4f60355fd4598f5b1245a59e4cfe4723";

    private static final String FILE_HASH = "94eee34f4598ba4f03e6e84b2aa69fa1d3f33c51a0f6ed4b7ca469b715e3febf";

    @TempDir
    private Path data;

    private ActorTestKit kit;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @BeforeEach
    void open() throws Exception {
        Path store = data.resolve("store/shop");
        Files.createDirectories(store);
        Files.writeString(store.resolve("db"), VALUE + "\n");
        Files.writeString(data.resolve("outside"), "no secret");
        Files.createSymbolicLink(store.resolve("out"), data.resolve("outside"));
        kit = ActorTestKit.create();
        conversation = kit.createTestProbe();
        tasks = kit.spawn(TasksActor.create(new TaskWorld(data, false).tools(), conversation.getRef()));
    }

    @AfterEach
    void close() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(LIMIT);
        kit.shutdownTestKit();
    }

    @Test
    void aTaskFindsThemInVariablesAndFiles() throws IOException {
        TaskStatus end = end(task(
                "secret-1",
                "test \"$(printf %s \"$PASS\" | sha256sum)\" = \"" + VARIABLE_HASH + "  -\" && "
                        + "test \"$(sha256sum < keys/pw)\" = \"" + FILE_HASH + "  -\"",
                Map.of("PASS", "shop/db"),
                List.of(file("keys/pw", "shop/db"))));
        assertThat(end.state()).as(end.toString()).isEqualTo(TaskState.FINISHED);
        Await.until("its file is gone", () -> files(data.resolve("secrets")).isEmpty());
        // Neither its checkpoint nor anything else the agent has written holds the value.
        assertThat(files(data).stream()
                        .filter(file -> !file.startsWith(data.resolve("store")))
                        .filter(file -> text(file).contains(VALUE)))
                .isEmpty();
    }

    @Test
    void whatIsNotThereEndsTheTaskAndIsNamed() {
        for (String reference : List.of("shop/none", "../outside", "shop/out", "shop", "/")) {
            TaskStatus end = end(task(
                    "none-" + Integer.toHexString(reference.hashCode()), "true", Map.of("PASS", reference), List.of()));
            assertThat(end.state()).as(reference).isEqualTo(TaskState.FAILED);
            assertThat(end.message().orElseThrow())
                    .contains("command.environment.PASS: secret " + reference)
                    .contains("expected: one that this agent's store has");
        }
    }

    private static Volume file(String path, String reference) {
        return new Volume(path, true, Volume.Source.SECRET, reference, Optional.empty(), Map.of());
    }

    private static TaskInfo task(String id, String line, Map<String, String> secrets, List<Volume> files) {
        TaskInfo plain = Tasks.shell(id, line);
        RunOptions options = files.isEmpty()
                ? RunOptions.NONE
                : RunOptions.NONE.withContainer(new ContainerInfo(
                        ContainerInfo.Type.MESOS,
                        files,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty()));
        CommandInfo command = plain.command().withSecrets(secrets);
        return new TaskInfo(
                plain.id(),
                plain.name(),
                plain.framework(),
                plain.agent(),
                plain.resources(),
                command,
                plain.killGrace(),
                plain.labels(),
                plain.role(),
                plain.discovery(),
                options);
    }

    private static List<Path> files(Path directory) {
        if (Files.notExists(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private TaskStatus end(TaskInfo task) {
        tasks.tell(new TasksActor.Launch(List.of(task)));
        while (true) {
            TaskStatus update = Await.found(
                    "an update",
                    () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.NewUpdate said
                            ? Optional.of(said.update())
                            : Optional.empty());
            tasks.tell(new TasksActor.Acknowledge(List.of(
                    new UpdateId(Tasks.key(task.id().value()), update.uuid().orElseThrow()))));
            if (update.state().isTerminal()) {
                return update;
            }
        }
    }
}
