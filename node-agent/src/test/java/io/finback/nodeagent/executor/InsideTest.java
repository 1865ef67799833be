package io.finback.nodeagent.executor;

import static io.finback.nodeagent.isolation.Isolator.LINUX_CAPABILITIES;
import static io.finback.nodeagent.isolation.Isolator.LINUX_NNP;
import static io.finback.nodeagent.isolation.Isolator.NAMESPACES_PID;
import static io.finback.nodeagent.isolation.Isolator.SWITCH_USER;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.CommandInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands beside a task that runs. */
class InsideTest {
    @TempDir
    Path data;

    private TaskWorld world;
    private Optional<ContainerRef> task = Optional.empty();

    @BeforeEach
    void open() throws Exception {
        world = new TaskWorld(data);
    }

    @AfterEach
    void end() {
        Containerizers containers = world.tools().containers();
        task.ifPresent(container -> {
            containers.forceKill(container);
            Await.until("it has ended", () -> containers.exit(container).isPresent());
            containers.forget(container);
        });
    }

    @Test
    @Needs({LINUX_CAPABILITIES, LINUX_NNP})
    void besideARootTaskRootMayNoMoreThanTheTask() throws Exception {
        start(Optional.empty());

        // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7.
        assertThat(said("grep -E 'Cap(Eff|Bnd)|NoNewPrivs' /proc/self/status"))
                .contains("CapEff:\t00000000000000eb", "CapBnd:\t00000000000000eb", "NoNewPrivs:\t1");
    }

    @Test
    @Needs({SWITCH_USER, NAMESPACES_PID})
    void isWhoTheTaskIsAmongItsProcesses() throws Exception {
        start(Optional.of("nobody"));

        assertThat(said("id -un; id -G; echo $OWN; pwd; ls -d /proc/[0-9]* | wc -l; exit 3"))
                .contains("nobody", "mine", data.resolve("sandbox").toString());
        String seen = said("ls -d /proc/[0-9]* | wc -l");
        // Init, the task, this shell and its two programs.
        assertThat(Integer.parseInt(seen.lines().findFirst().orElseThrow())).isBetween(3, 5);
    }

    @Test
    void itsEndIsTheCommandsOwn() throws Exception {
        start(Optional.empty());

        assertThat(said("exit 3")).isEqualTo("exit 3");
        assertThat(said("kill -9 $$")).isEqualTo("exit 137");
    }

    private void start(Optional<String> user) throws Exception {
        Path sandbox = Files.createDirectories(data.resolve("sandbox"));
        CommandInfo command = new CommandInfo(true, "exec sleep 600", List.of(), Map.of("OWN", "mine"), user);
        ContainerRef container = world.tools()
                .containers()
                .prepare(new ContainerSpec("c", Tasks.task("t", command), sandbox, data.resolve("begun")));
        task = Optional.of(container);
        assertThat(world.tools().containers().release(container)).isTrue();
        Await.until("it sleeps", () -> ProcFs.program(leader()).equals(Optional.of("sleep")));
    }

    private long leader() {
        return task.flatMap(ContainerRef::leader).orElseThrow();
    }

    /** What it prints, and then how it ends unless that is 0. */
    private String said(String command) throws Exception {
        Process process = world.tools().inside().startAttached(leader(), CommandInfo.shell(command, Map.of()));
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(errors).isEmpty();
        return process.exitValue() == 0 ? said : said + "exit " + process.exitValue();
    }
}
