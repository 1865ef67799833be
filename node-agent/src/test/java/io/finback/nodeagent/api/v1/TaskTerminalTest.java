package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that have a terminal: {@code container.tty_info}. */
class TaskTerminalTest {
    @TempDir
    Path data;

    @Test
    void whatIsTypedItReadsAndWhatItShowsIsKept() throws Exception {
        try (ServedAgent agent = new ServedAgent(data)) {
            String task = agent.launch(
                    task("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo $TERM; stty size; touch up; read word; stty size;"
                            + " echo said $word; cat >/dev/null; echo over; exit 5"));
            Path stdout = agent.sandbox("t").resolve("stdout");
            Await.until("it waits", () -> Files.exists(agent.sandbox("t").resolve("up")));
            HttpResponse<InputStream> shown = agent.stream(
                    "{\"type\":\"ATTACH_CONTAINER_OUTPUT\",\"attach_container_output\":{\"container_id\":{\"value\":\""
                            + task + "\"}}}");
            assertThat(shown.statusCode()).isEqualTo(200);
            assertThat(agent.type(
                            task,
                            "{\"type\":\"CONTROL\",\"control\":{\"type\":\"TTY_INFO\",\"tty_info\":"
                                    + "{\"window_size\":{\"rows\":40,\"columns\":100}}}}",
                            typed("whale\n")))
                    .isEqualTo(200);
            Await.until("it has answered", () -> Files.readString(stdout).contains("said whale"));
            // The end of the input, from another connection.
            assertThat(agent.type(task, typed(""))).isEqualTo(200);
            String all = said(shown);
            assertThat(all).contains("whale\r\n40 100\r\nsaid whale\r\n").endsWith("over\r\n");
            assertThat(Files.readString(stdout)).isEqualTo("xterm\r\n30 90\r\n" + all);
            assertThat(agent.type(task, typed("more"))).as("it has ended").isEqualTo(404);
        }
    }

    @Test
    void theNextAgentCanTypeToo() throws Exception {
        TaskWorld world = new TaskWorld(data);
        ServedAgent first = new ServedAgent(world);
        String task = first.launch(task("touch up; read word; echo said $word; exec sleep 600"));
        Await.until("it waits", () -> Files.exists(first.sandbox("t").resolve("up")));
        first.vanish();
        try (ServedAgent agent = new ServedAgent(data)) {
            Await.until("it is adopted", () -> agent.get("/state").body().contains("TASK_RUNNING"));
            assertThat(agent.type(task, typed("krill\n"))).isEqualTo(200);
            Await.until(
                    "it has answered",
                    () -> Files.readString(agent.sandbox("t").resolve("stdout")).contains("said krill"));
        }
    }

    @Test
    void whereAShellStartsTasksItIsRefused() throws Exception {
        assertThat(TaskWorld.byShell(data).tools().containers().objection(task("true")))
                .hasValueSatisfying(why -> assertThat(why).startsWith("container.tty_info: present (expected: none"));
    }

    private static TaskInfo task(String command) {
        return Tasks.shell("t", command)
                .withOptions(RunOptions.NONE.withContainer(new ContainerInfo(
                        ContainerInfo.Type.MESOS,
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        List.of(),
                        Optional.of(new ContainerInfo.Tty(30, 90)))));
    }

    private static String typed(String text) {
        return "{\"type\":\"DATA\",\"data\":{\"type\":\"STDIN\",\"data\":\""
                + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)) + "\"}}";
    }

    /** All that was printed. */
    static String said(HttpResponse<InputStream> stream) throws Exception {
        StringBuilder all = new StringBuilder();
        for (byte[] record : new RecordIo.Decoder(1_000_000).feed(stream.body().readAllBytes())) {
            String data = new com.fasterxml.jackson.databind.json.JsonMapper()
                    .readTree(record)
                    .path("data")
                    .path("data")
                    .asText();
            all.append(new String(Base64.getDecoder().decode(data), StandardCharsets.UTF_8));
        }
        return all.toString();
    }
}
