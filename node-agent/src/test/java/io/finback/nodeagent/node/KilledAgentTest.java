package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.testing.AgentProcess;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code kill -9} of an agent's process in the middle of its work: nothing runs twice, and every end is told truly. */
class KilledAgentTest {
    private static final int TASKS = 12;

    @TempDir
    Path data;

    /** The agent dies after it has said so many things: at once, among the starts, among the ends. */
    @ParameterizedTest
    @ValueSource(ints = {1, 14, 28})
    void theNextAgentFinishesWhatADeadOneBegan(int saidBeforeDeath) throws Exception {
        Path out = Files.createDirectory(data.resolve("out"));
        runAndKill(out, saidBeforeDeath);

        ActorTestKit kit = ActorTestKit.create();
        try {
            TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
            TaskWorld world = new TaskWorld(data);
            ActorRef<TasksActor.Command> tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
            // What a session does with launches that were not confirmed, and a late duplicate of those that were.
            for (int i = 0; i < TASKS; i++) {
                tasks.tell(new TasksActor.Launch(List.of(Tasks.shell("t" + i, AgentProcess.command(out, i)))));
            }
            Await.until(
                    "all have ended",
                    () -> world.board().live().stream()
                                    .filter(AgentTask::isEnded)
                                    .count()
                            == TASKS);

            for (Map.Entry<TaskId, TaskStatus> end : ends(world).entrySet()) {
                int number = Integer.parseInt(end.getKey().value().substring(1));
                Path ran = out.resolve(Integer.toString(number));
                if (end.getValue().reason().equals(Optional.of("CONTAINER_LAUNCH_FAILED"))) {
                    assertThat(ran).as(end.toString()).doesNotExist();
                } else {
                    assertThat(end.getValue().message()).contains("Command exited with status " + (number % 5));
                    try (Stream<String> lines = Files.lines(ran)) {
                        assertThat(lines).as(end.toString()).hasSize(1);
                    }
                }
            }
            Await.until("no process is left, holders included", () -> processesOf(data)
                    .isEmpty());
            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(Duration.ofSeconds(30));
        } finally {
            kit.shutdownTestKit();
        }
    }

    private void runAndKill(Path out, int saidBeforeDeath) throws IOException, InterruptedException {
        Process agent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AgentProcess.class.getName(),
                        data.toString(),
                        Integer.toString(TASKS),
                        out.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(agent.getInputStream(), StandardCharsets.UTF_8))) {
            int said = 0;
            String line = lines.readLine();
            while (line != null && said < saidBeforeDeath) {
                said += line.startsWith("said ") ? 1 : 0;
                line = said < saidBeforeDeath ? lines.readLine() : line;
            }
            assertThat(said).isEqualTo(saidBeforeDeath);
        } finally {
            agent.destroyForcibly();
        }
        assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    /** Every process with a sandbox below the directory. */
    private static List<Long> processesOf(Path directory) {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> environment(pid).contains("MESOS_SANDBOX=" + directory))
                .toList();
    }

    private static String environment(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static Map<TaskId, TaskStatus> ends(TaskWorld world) {
        Map<TaskId, TaskStatus> ends = new TreeMap<>();
        for (AgentTask task : world.board().live()) {
            List<TaskStatus> updates = task.unacknowledged();
            ends.put(task.info().id(), updates.get(updates.size() - 1));
        }
        return ends;
    }
}
