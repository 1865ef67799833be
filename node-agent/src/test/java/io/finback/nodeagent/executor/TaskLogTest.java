package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Mounts;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tasks print, as it arrives in their files. */
class TaskLogTest {
    private static final long KIB_64 = 64 * 1024;

    @TempDir
    Path directory;

    @TempDir
    Path programs;

    private ProcessRef last = new ProcessRef("", 0, 0, 0, 0);
    private Processes processes;
    private Path sandbox;

    /** How tasks are started in this test. */
    Tools tools(Path at) throws Exception {
        return TaskWorld.programs(at);
    }

    @AfterEach
    void end() {
        if (processes != null) {
            processes.forceKill(last);
            // What was printed before the end still goes to the files, which are about to be deleted.
            processes.awaitLoggers(List.of(last));
            processes.forget(last);
            Await.until("nobody writes to " + directory + " any more", () -> ProcessHandle.allProcesses()
                    .noneMatch(process -> isAt(process.pid(), directory)));
        }
    }

    @Test
    void nothingIsLostOrTornBelowTheLimit() throws Exception {
        // Lines of every length, written one by one and in heaps.
        finish(
                "i=0; while [ $i -lt 3000 ]; do echo \"$i aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; i=$((i+1)); done;"
                        + " seq 3000 30000",
                Map.of("CONTAINER_LOGGER_MAX_STDOUT_SIZE", "64KB"));

        List<String> lines = all("stdout");
        assertThat(lines).hasSize(30001);
        for (int i = 0; i <= 30000; i++) {
            assertThat(lines.get(i)).startsWith(Integer.toString(i));
        }
        assertThat(files("stdout")).hasSizeGreaterThan(3);
        for (Path file : files("stdout")) {
            assertThat(Files.size(file)).isLessThanOrEqualTo(KIB_64);
        }
        assertThat(sandbox.resolve("stderr")).isEmptyFile();
    }

    @Test
    void aTaskThatPrintsForEverDoesNotFillTheDisk() throws Exception {
        start(
                "yes & yes >&2",
                Map.of(
                        "CONTAINER_LOGGER_MAX_STDOUT_SIZE", "1MB",
                        "CONTAINER_LOGGER_LOGROTATE_STDOUT_OPTIONS", "rotate 2\ncompress",
                        "CONTAINER_LOGGER_MAX_STDERR_SIZE", "64KB",
                        "CONTAINER_LOGGER_LOGROTATE_STDERR_OPTIONS", "rotate 0"));

        Await.until("it went round", () -> Files.exists(sandbox.resolve("stdout.2")));
        for (int i = 0; i < 200; i++) {
            long total = 0;
            for (Path file : files("std")) {
                total += size(file);
            }
            assertThat(total).isLessThanOrEqualTo(3 * (1 << 20) + KIB_64);
        }
        assertThat(files("stdout")).hasSizeLessThanOrEqualTo(3);
        assertThat(files("stderr")).hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void whatATaskPutsInTheWayIsNeverWrittenThrough() throws Exception {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Path secret = Files.writeString(outside.resolve("secret"), "s");
        finish(
                "ln -s '" + outside + "' stdout.1; ln -s '" + outside + "' stdout.2; mkdir stdout.3;"
                        + " head -c 70000 /dev/zero; rm stdout; ln -s '" + secret
                        + "' stdout; head -c 300000 /dev/zero",
                Map.of("CONTAINER_LOGGER_MAX_STDOUT_SIZE", "64KB"));

        assertThat(secret).hasContent("s");
        try (Stream<Path> there = Files.list(outside)) {
            assertThat(there).containsExactly(secret);
        }
    }

    @Test
    void aFullDiskStopsNoTask() throws Exception {
        sandbox = Files.createDirectory(directory.resolve("sandbox"));
        Mounts.smallDisk(sandbox, "1m");
        try {
            finish(
                    "seq 1 1000000; echo end >'" + directory + "/witness'",
                    Map.of("CONTAINER_LOGGER_MAX_STDOUT_SIZE", "10MB"));
            assertThat(directory.resolve("witness")).hasContent("end\n");
            assertThat(Files.readString(sandbox.resolve("stdout"))).startsWith("1\n2\n3\n");
        } finally {
            processes.forget(last);
            Mounts.unmount(sandbox);
        }
    }

    @Test
    void aLimitThatMakesNoSenseNamesItsVariable() {
        assertThatThrownBy(() -> start("true", Map.of("CONTAINER_LOGGER_MAX_STDOUT_SIZE", "ten")))
                .isInstanceOf(LaunchFailure.class)
                .hasMessageContaining("CONTAINER_LOGGER_MAX_STDOUT_SIZE: 'ten' (expected: such as 10MB");
        assertThatThrownBy(() -> start("true", Map.of("CONTAINER_LOGGER_MAX_STDERR_SIZE", "1KB")))
                .hasMessageContaining("CONTAINER_LOGGER_MAX_STDERR_SIZE")
                .hasMessageContaining("at least 65536");
    }

    @Test
    void noNameOfThePipesStays() throws Exception {
        finish("echo hi", Map.of());
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("begun", "sandbox");
        }
    }

    private void finish(String command, Map<String, String> environment) throws Exception {
        start(command, environment);
        Await.until("its end", () -> processes.exit(last).isPresent());
        processes.killStragglers(List.of(last));
        processes.awaitLoggers(List.of(last));
    }

    private void start(String command, Map<String, String> environment) throws Exception {
        Tools tools = tools(programs);
        processes = new Processes(tools);
        sandbox = Files.createDirectories(directory.resolve("sandbox"));
        Launcher launcher = new Launcher(
                tools, new LogLimits(10 << 20, 30), ProcFs.bootId(), "whale-1", Map.of("PATH", System.getenv("PATH")));
        last = launcher.prepare(
                new ContainerSpec("c", Tasks.shell("t", command, environment), sandbox, directory.resolve("begun")),
                Wrap.NONE);
        assertThat(launcher.release(last)).isTrue();
    }

    private List<String> all(String name) throws IOException {
        List<Path> files = files(name);
        List<String> text = new ArrayList<>();
        StringBuilder whole = new StringBuilder();
        for (int i = files.size() - 1; i > 0; i--) {
            whole.append(Files.readString(sandbox.resolve(name + "." + i)));
        }
        whole.append(Files.readString(sandbox.resolve(name)));
        whole.toString().lines().forEach(text::add);
        return text;
    }

    private List<Path> files(String start) throws IOException {
        try (Stream<Path> files = Files.list(sandbox)) {
            return files.filter(file -> file.getFileName().toString().startsWith(start))
                    .toList();
        }
    }

    /** Whether this process works there or has a file of there open. One that ends meanwhile is at no place. */
    private static boolean isAt(long pid, Path place) {
        Path process = Path.of("/proc", Long.toString(pid));
        try (Stream<Path> open = Files.list(process.resolve("fd"))) {
            return Stream.concat(open, Stream.of(process.resolve("cwd"))).anyMatch(link -> {
                try {
                    return Files.readSymbolicLink(link).startsWith(place);
                } catch (IOException e) {
                    return false;
                }
            });
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (java.nio.file.NoSuchFileException e) {
            return 0;
        }
    }
}
