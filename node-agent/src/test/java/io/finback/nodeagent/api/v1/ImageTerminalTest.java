package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.Image;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks of images that have a terminal, or see the machine's processes; terminals of commands in them. */
@NeedsRuntime
class ImageTerminalTest {
    @TempDir
    Path data;

    @BeforeEach
    void save() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
    }

    @Test
    void aTaskHasATerminalOfItsContainerAlsoForTheNextAgent() throws Exception {
        ServedAgent first = new ServedAgent(new TaskWorld(data, true));
        String task = first.launch(task(
                "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty; echo $TERM; stty size; trap 'echo interrupted' INT; touch up;"
                        + " read word; stty size; echo said $word; read none; read word; echo more $word; cat >/dev/null; exit 5",
                Optional.of(new ContainerInfo.Tty(30, 90)),
                false));
        Path stdout = first.sandbox("t").resolve("stdout");
        Await.until("it waits", () -> Files.exists(first.sandbox("t").resolve("up")));
        assertThat(Files.readString(stdout)).isEqualTo("/dev/pts/0\r\nxterm\r\n30 90\r\n");
        assertThat(first.type(
                        task,
                        "{\"type\":\"CONTROL\",\"control\":{\"type\":\"TTY_INFO\",\"tty_info\":"
                                + "{\"window_size\":{\"rows\":40,\"columns\":100}}}}",
                        typed("whale\n")))
                .isEqualTo(200);
        Await.until("it has answered", () -> Files.readString(stdout).contains("40 100\r\nsaid whale"));
        first.vanish();

        try (ServedAgent agent = new ServedAgent(new TaskWorld(data, true))) {
            Await.until("it is adopted", () -> agent.get("/state").body().contains("TASK_RUNNING"));
            HttpResponse<InputStream> shown = agent.stream(
                    "{\"type\":\"ATTACH_CONTAINER_OUTPUT\",\"attach_container_output\":{\"container_id\":{\"value\":\""
                            + task + "\"}}}");
            // It is the terminal that makes a signal of this.
            assertThat(agent.type(task, typed("\u0003"))).isEqualTo(200);
            Await.until("it was interrupted", () -> Files.readString(stdout).contains("interrupted"));
            assertThat(agent.type(task, typed("krill\n"))).isEqualTo(200);
            Await.until("it has answered", () -> Files.readString(stdout).contains("more krill"));
            assertThat(agent.type(task, typed(""))).isEqualTo(200);
            assertThat(TaskTerminalTest.said(shown)).contains("interrupted\r\n", "more krill\r\n");
        }
    }

    @Test
    void aShellInATaskHasATerminalOfItsContainer() throws Exception {
        try (ServedAgent agent = new ServedAgent(new TaskWorld(data, true))) {
            String task = agent.launch(task("exec sleep 600", Optional.empty(), false));
            HttpResponse<InputStream> session = agent.stream(
                    "{\"type\":\"LAUNCH_NESTED_CONTAINER_SESSION\",\"launch_nested_container_session\":{"
                            + "\"container_id\":{\"value\":\"s\",\"parent\":{\"value\":\"" + task + "\"}},"
                            + "\"container\":{\"type\":\"MESOS\",\"tty_info\":{\"window_size\":{\"rows\":33,\"columns\":99}}},"
                            + "\"command\":{\"value\":\"(tty; stty size; cat /proc/self/stat | cut -d' ' -f7) >seen\"}}}");
            assertThat(session.body().readAllBytes()).isNotEmpty();
            List<String> seen = Files.readAllLines(agent.sandbox("t").resolve("seen"));
            assertThat(seen.subList(0, 2)).containsExactly("/dev/pts/0", "33 99");
            assertThat(seen.get(2)).as("its controlling terminal").isNotEqualTo("0");
        }
    }

    @Test
    @Needs(Isolator.CGROUPS_KILL)
    void whoSharesTheMachinesProcessesSeesThemAndEndsWholeWithItsExactEnd() throws Exception {
        String seconds = Long.toString(900_000_000_000L + System.nanoTime() % 1_000_000_000L);
        try (ServedAgent agent = new ServedAgent(new TaskWorld(data, true))) {
            agent.launch(task(
                    "ls -d /proc/" + ProcessHandle.current().pid() + " >seen; (setsid sh -c '(setsid sleep " + seconds
                            + " &)' &); touch up; while [ ! -e go ]; do sleep 0.05; done; exit 9",
                    Optional.empty(),
                    true));
            Path sandbox = agent.sandbox("t");
            Await.until(
                    "it runs",
                    () -> Files.exists(sandbox.resolve("up"))
                            && !daemons(seconds).isEmpty());
            assertThat(Files.readString(sandbox.resolve("seen"))).startsWith("/proc/");
            assertThat(agent.leader("t")).as("what the machine calls it").isIn(ProcFs.namespacePids(agent.leader("t")));
            assertThat(ProcFs.namespacePids(agent.leader("t"))).hasSize(1);
            Files.createFile(sandbox.resolve("go"));
            Await.until(
                    "its exact end is known", () -> agent.get("/state").body().contains("exited with status 9"));
            Await.until("what left it is ended", () -> daemons(seconds).isEmpty());
        }
        Await.until("no container is left", () -> {
            try (var bundles = Files.list(data.resolve("containers"))) {
                return bundles.findAny().isEmpty();
            }
        });
    }

    private static List<ProcFs.Stat> daemons(String seconds) {
        return ProcFs.all().stream()
                .filter(stat -> !stat.isEnded() && ProcFs.arguments(stat.pid()).contains(seconds))
                .toList();
    }

    private static TaskInfo task(String command, Optional<ContainerInfo.Tty> terminal, boolean sharesPids) {
        return Tasks.task("t", CommandInfo.shell(command, Map.of()))
                .withOptions(RunOptions.NONE.withContainer(new ContainerInfo(
                        ContainerInfo.Type.MESOS,
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new Image(ImageAgent.IMAGE, Optional.empty(), true)),
                        List.of(),
                        Optional.of(new LinuxOptions(
                                Optional.empty(),
                                Optional.empty(),
                                sharesPids,
                                Optional.empty(),
                                Optional.empty(),
                                true)),
                        List.of(),
                        terminal)));
    }

    private static String typed(String text) {
        return "{\"type\":\"DATA\",\"data\":{\"type\":\"STDIN\",\"data\":\""
                + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)) + "\"}}";
    }
}
