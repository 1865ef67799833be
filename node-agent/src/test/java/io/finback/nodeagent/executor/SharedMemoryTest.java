package io.finback.nodeagent.executor;

import static io.finback.nodeagent.isolation.Isolator.FILESYSTEM_LINUX;
import static io.finback.nodeagent.isolation.Isolator.NAMESPACES_IPC;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ipc_mode} and {@code shm_size} of commands that see the machine's files. */
class SharedMemoryTest {
    private static final String LOOK = "df -k /dev/shm | tail -1 | awk '{print $2}'; readlink /proc/self/ns/ipc";

    @TempDir
    Path data;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Needs({NAMESPACES_IPC, FILESYSTEM_LINUX})
    void aPrivateOneHasASizeOfItsOwn(boolean byProgram) throws Exception {
        TaskWorld world = byProgram ? new TaskWorld(data) : TaskWorld.byShell(data);
        assertThat(printed(world, linux(Optional.of(true), Optional.of(3)), "touch /dev/shm/f; " + LOOK))
                .startsWith("3072\n");
        assertThat(Path.of("/dev/shm/f")).doesNotExist();
        assertThat(printed(world, linux(Optional.of(true), Optional.empty()), LOOK))
                .as("as a container of an image has")
                .startsWith("65536\n");
        assertThat(printed(world, linux(Optional.of(false), Optional.empty()), LOOK))
                .as("shared with what is around it")
                .endsWith(Files.readSymbolicLink(Path.of("/proc/self/ns/ipc")) + "\n");
    }

    @Test
    void whatCannotBeIsRefusedByName() throws Exception {
        Containerizers containers = new TaskWorld(data).tools().containers();
        assertThat(containers.objection(task(linux(Optional.of(false), Optional.of(3)), "true")))
                .hasValueSatisfying(
                        why -> assertThat(why).startsWith("container.linux_info.shm_size: 3 (expected: none with"));
        assertThat(containers.objection(task(linux(Optional.empty(), Optional.of(0)), "true")))
                .hasValueSatisfying(
                        why -> assertThat(why).startsWith("container.linux_info.shm_size: 0 (expected: 1 to"));
    }

    private String printed(TaskWorld world, LinuxOptions linux, String command) throws Exception {
        Containerizers containers = world.tools().containers();
        Path sandbox = Files.createTempDirectory(data, "sandbox");
        TaskInfo task = task(linux, command);
        assertThat(containers.objection(task)).isEmpty();
        ContainerRef container = containers.prepare(
                new ContainerSpec(sandbox.getFileName().toString(), task, sandbox, data.resolve("begun")));
        assertThat(containers.release(container)).isTrue();
        Exit exit = Await.found("its end", () -> containers.exit(container));
        containers.sweep(List.of(container));
        containers.forget(container);
        assertThat(exit).isEqualTo(new Exit.Exited(0));
        return Files.readString(sandbox.resolve("stdout"));
    }

    private static TaskInfo task(LinuxOptions linux, String command) {
        ContainerInfo plain = ContainerInfo.PLAIN;
        return Tasks.shell("t", command)
                .withOptions(RunOptions.NONE.withContainer(new ContainerInfo(
                        plain.type(),
                        plain.volumes(),
                        plain.hostname(),
                        plain.docker(),
                        plain.image(),
                        plain.networks(),
                        Optional.of(linux),
                        plain.rlimits(),
                        plain.tty())));
    }

    private static LinuxOptions linux(Optional<Boolean> privateIpc, Optional<Integer> megabytes) {
        return new LinuxOptions(Optional.empty(), Optional.empty(), false, privateIpc, megabytes, true);
    }
}
