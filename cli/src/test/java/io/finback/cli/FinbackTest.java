package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.runtime.DataDirLock;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FinbackTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Screen screen = new Screen(
            new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));

    @Test
    void tellsItsVersionAndHowToUseIt() {
        assertThat(run("--version")).isZero();
        assertThat(text(out)).matches("finback \\d+\\.\\d+\\.\\d+\\S*\\R");
        assertThat(run("--help")).isZero();
        assertThat(text(out))
                .contains("dev")
                .contains("master")
                .contains("agent")
                .contains("router");
        assertThat(run("help", "dev")).isZero();
        assertThat(text(out)).contains("--port-offset").contains("--fresh");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void refusesWhatItDoesNotKnowInOneLine() {
        refuses("--agnets", "dev", "--agnets", "3");
        refuses("many", "dev", "--agents", "many");
        refuses("no command given");
        refuses("fly", "fly");
        refuses("finback.cluster.prot: no such setting", "master", "--set", "cluster.prot=1");
        refuses(
                "finback.agnet: no such setting (did you mean finback.agent?), set by --set agnet.x",
                "dev",
                "--set",
                "agnet.x=1");
        refuses("/absent.conf: no such file", "master", "--config", "/absent.conf");
    }

    @Test
    void refusesATakenPortBeforeAnythingStarts() throws IOException {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            refuses(
                    "finback.management.port: " + taken.getLocalPort() + " is taken",
                    "master",
                    "--set",
                    "data-dir=" + directory.resolve("m"),
                    "--set",
                    "cluster.port=" + freePort(),
                    "--set",
                    "management.port=" + taken.getLocalPort());
        }
        assertThat(directory.resolve("m")).doesNotExist();
    }

    @Test
    void refusesADataDirectoryInUse() throws IOException {
        try (DataDirLock lock = DataDirLock.acquire(directory)) {
            refuses(
                    "data directory " + directory + " is in use",
                    "agent",
                    "--set",
                    "data-dir=" + lock.directory(),
                    "--set",
                    "cluster.port=" + freePort(),
                    "--set",
                    "agent.http.port=" + freePort(),
                    "--set",
                    "cluster.seeds=127.0.0.1:1",
                    "--set",
                    "management.port=" + freePort());
        }
    }

    @Test
    void runsAWholeDevClusterAndEndsItInOrder() throws IOException {
        assertThat(Training.run(EmptyNodes.roles(), directory.resolve("training")))
                .isZero();
    }

    @Test
    void runsARouterAloneForItsArchive() throws IOException {
        Path data = directory.resolve("training");
        assertThat(Training.runRouter(Roles.all(), data)).isZero();
        assertThat(data).doesNotExist();
    }

    @Test
    void stopsTheOthersWhenANodeDoesNotStart() throws IOException {
        Roles broken = new Roles(
                Map.of(
                        Role.MASTER,
                        EmptyNodes.roles().starter(Role.MASTER),
                        Role.AGENT,
                        config -> {
                            throw new StartFailure("finback.agent.resources: oops (expected: better)");
                        },
                        Role.ROUTER,
                        EmptyNodes.roles().starter(Role.ROUTER)),
                dir -> {});
        DevRun dev = new DevRun(broken, screen, Map.of(), plan -> {});
        int offset = Training.freeOffset(directory);
        assertThatThrownBy(() -> dev.run(
                        new DevRun.Wishes(List.of(), List.of(), directory.resolve("dev"), 1, offset, false),
                        System.nanoTime(),
                        new CompletableFuture<>()))
                .isInstanceOf(StartFailure.class)
                .hasMessage("finback.agent.resources: oops (expected: better)");
        // Ports and directories are free again.
        DataDirLock.acquire(directory.resolve("dev")).close();
    }

    private int run(String... args) {
        return Finback.run(args, EmptyNodes.roles(), screen);
    }

    private void refuses(String what, String... args) {
        err.reset();
        assertThat(run(args)).isEqualTo(1);
        assertThat(text(err)).startsWith("finback: ").contains(what).hasLineCount(1);
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return socket.getLocalPort();
        }
    }
}
