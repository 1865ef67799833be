package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.NestingAgent;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of an agent's process: the next agent knows what is nested in its tasks, and how it ended. */
class NestedRecoveryTest {
    @TempDir
    Path data;

    @Test
    void theNextAgentAdoptsWhatRunsAndKnowsWhatEnded() throws Exception {
        String task = runAndKill(
                false, "while [ ! -e go ]; do sleep 0.05; done; echo late; exit 7", "exec sleep 600", "exit 5");
        String sleeps = id("1", id("0", task));
        String ended = id("2", sleeps);
        try (ServedAgent agent = next(false)) {
            assertThat(agent.sandbox("web").resolve("containers/0")).exists();
            assertThat(ask(agent, "LAUNCH_CONTAINER", sleeps + ",\"command\":{\"value\":\"exec sleep 600\"}")
                            .statusCode())
                    .as("it runs already")
                    .isEqualTo(202);
            assertThat(ask(agent, "WAIT_CONTAINER", ended).body()).contains("\"exit_status\":" + (5 << 8));
            assertThat(ask(agent, "KILL_CONTAINER", sleeps + ",\"signal\":15").statusCode())
                    .isEqualTo(200);
            assertThat(ask(agent, "WAIT_CONTAINER", sleeps).body()).contains("\"exit_status\":15");

            Files.createFile(agent.sandbox("web").resolve("containers/0/go"));
            assertThat(ask(agent, "WAIT_CONTAINER", id("0", task)).body()).contains("\"exit_status\":" + (7 << 8));
            assertThat(Files.readString(agent.sandbox("web").resolve("containers/0/stdout")))
                    .isEqualTo("late\n");
            assertThat(ask(agent, "REMOVE_CONTAINER", id("0", task)).statusCode())
                    .isEqualTo(200);
            try (Stream<Path> files = Files.list(data.resolve("meta/nested"))) {
                assertThat(files).as("what the next agent would read").isEmpty();
            }
        }
        Await.until("no process is left, holders included", () -> processes().isEmpty());
    }

    @Test
    void whatRanInAnEndedTaskIsEndedAndForgotten() throws Exception {
        String task = runAndKill(false, "trap '' TERM; exec sleep 600");
        try (ServedAgent agent = next(false)) {
            assertThat(ProcessHandle.of(agent.leader("web")).orElseThrow().destroyForcibly())
                    .isTrue();
            Await.until(
                    "it is forgotten",
                    () -> ask(agent, "WAIT_CONTAINER", id("0", task)).statusCode() == 404);
        }
        Await.until("no process is left, holders included", () -> processes().isEmpty());
    }

    @Test
    @NeedsRuntime
    void inAnImageToo() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
        String task = runAndKill(
                true, "while [ ! -e go ]; do sleep 0.05; done; pwd; exit 7", "echo $MESOS_SANDBOX; kill -9 $$");
        try (ServedAgent agent = next(true)) {
            Path directory = agent.sandbox("web").resolve("containers/0");
            assertThat(ask(agent, "WAIT_CONTAINER", id("1", id("0", task))).body())
                    .contains("\"exit_status\":9");
            assertThat(Files.readString(directory.resolve("containers/1/stdout")))
                    .isEqualTo("/mnt/mesos/sandbox/containers/0/containers/1\n");
            Files.createFile(directory.resolve("go"));
            assertThat(ask(agent, "WAIT_CONTAINER", id("0", task)).body()).contains("\"exit_status\":" + (7 << 8));
            assertThat(Files.readString(directory.resolve("stdout"))).isEqualTo("/mnt/mesos/sandbox/containers/0\n");
        }
    }

    private ServedAgent next(boolean image) throws Exception {
        TaskWorld world = new TaskWorld(data, image);
        ServedAgent agent = new ServedAgent(world);
        Await.until("the task is adopted", () -> world.board().live().stream()
                .anyMatch(task -> task.isRunning() && world.tools().store().hasBegun(task)));
        world.nested().recover();
        return agent;
    }

    /** The container of its task. */
    private String runAndKill(boolean image, String... commands) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                NestingAgent.class.getName(),
                data.toString(),
                Boolean.toString(image)));
        line.addAll(List.of(commands));
        Process agent = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(agent.getInputStream(), StandardCharsets.UTF_8))) {
            String said = lines.readLine();
            while (said != null && !said.startsWith("container ")) {
                said = lines.readLine();
            }
            assertThat(said).isNotNull();
            return String.valueOf(said).substring("container ".length());
        } finally {
            agent.destroyForcibly();
            assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private List<Long> processes() {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> environment(pid).contains("=" + data))
                .toList();
    }

    private static String environment(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static HttpResponse<String> ask(ServedAgent agent, String type, String fields) throws Exception {
        return agent.call("{\"type\":\"" + type + "\",\"" + type.toLowerCase(java.util.Locale.ROOT)
                + "\":{\"container_id\":" + fields + "}}");
    }

    private static String id(String value, String parent) {
        return "{\"value\":\"" + value + "\",\"parent\":"
                + (parent.startsWith("{") ? parent : "{\"value\":\"" + parent + "\"}") + "}";
    }
}
