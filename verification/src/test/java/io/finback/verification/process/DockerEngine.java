package io.finback.verification.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A Docker engine of its own: started from the machine's packages with its own data, socket and bridge, so that it meets no other
 * one; gone, with everything in it, when closed. It knows one image, {@link #IMAGE}, made of the machine's busybox: no registry is
 * asked for anything. Where the programs or the rights for it are missing the test is skipped, and says so.
 */
final class DockerEngine implements AutoCloseable {
    static final String IMAGE = "finback/busybox:1";

    /** This machine cannot run one; the message says why. */
    private static final class Unable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unable(String why) {
            super(why);
        }
    }

    /** What the image has; links to busybox. */
    private static final List<String> PROGRAMS = List.of(
            "sh",
            "sleep",
            "echo",
            "cat",
            "env",
            "id",
            "ls",
            "dd",
            "tail",
            "head",
            "httpd",
            "wget",
            "ip",
            "hostname",
            "kill",
            "true",
            "false",
            "seq",
            "touch",
            "pwd");

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final Path dir;
    private final Path socket;
    private final String bridge;
    private Process process;

    private DockerEngine(Path dir, String bridge) throws IOException {
        this.dir = Files.createDirectories(dir);
        this.socket = dir.resolve("docker.sock");
        this.bridge = bridge;
        int third = (int) (ProcessHandle.current().pid() % 250);
        // A crashed run may have left it.
        ProcessRun ignored = run("ip", "link", "del", bridge);
        able("no bridge can be made", run("ip", "link", "add", "name", bridge, "type", "bridge"));
        must("ip", "addr", "add", "10.213." + third + ".1/24", "dev", bridge);
        must("ip", "link", "set", bridge, "up");
        try {
            this.process = begin();
        } catch (IOException | RuntimeException | Error e) {
            run("sh", "-c", "kill -KILL $(cat '" + dir.resolve("docker.pid") + "')");
            run("ip", "link", "del", bridge);
            throw e;
        }
    }

    /** Starts one below {@code dir}; skips the test where that cannot be. */
    static DockerEngine start(Path dir) throws IOException {
        for (String program : List.of("dockerd", "docker", "runc", "busybox", "ip")) {
            Assumptions.assumeTrue(
                    found(program),
                    () -> loudly(program + " is not installed (Debian: docker.io runc busybox-static iproute2)"));
        }
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), () -> loudly("not root"));
        DockerEngine engine;
        try {
            engine = new DockerEngine(dir, "fb" + ProcessHandle.current().pid());
        } catch (Unable e) {
            return Assumptions.abort(loudly(e.getMessage()));
        }
        try {
            engine.importImage();
        } catch (Unable e) {
            engine.close();
            return Assumptions.abort(loudly(e.getMessage()));
        } catch (IOException | RuntimeException | Error e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    private static void able(String otherwise, ProcessRun first) {
        if (first.status() != 0) {
            throw new Unable(otherwise + " here: " + first.output().strip());
        }
    }

    static String loudly(String why) {
        String line = "SKIPPED: tests of Docker containers: " + why;
        System.err.println(line);
        return line;
    }

    static boolean found(String program) {
        for (String directory : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private Process begin() throws IOException {
        Process started = new ProcessBuilder(
                        "dockerd",
                        "--host=unix://" + socket,
                        "--data-root=" + dir.resolve("data"),
                        "--exec-root=" + dir.resolve("exec"),
                        "--pidfile=" + dir.resolve("docker.pid"),
                        "--bridge=" + bridge,
                        // The machine's own rules stay as they are: ports are forwarded by the engine's own process.
                        "--iptables=false",
                        "--ip6tables=false",
                        "--ip-masq=false",
                        "--default-address-pool=base=10.212.0.0/16,size=24",
                        "--live-restore")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        dir.resolve("dockerd.out").toFile()))
                .start();
        process = started;
        Waiting.until(
                "the engine answers",
                START_LIMIT,
                () -> !started.isAlive() || docker("version").status() == 0,
                () -> ClusterProcesses.tail(dir.resolve("dockerd.out")));
        if (!started.isAlive()) {
            throw new Unable("dockerd ended: " + ClusterProcesses.tail(dir.resolve("dockerd.out")));
        }
        return started;
    }

    private void importImage() throws IOException {
        Path bin = Files.createDirectories(dir.resolve("image/bin"));
        Files.createDirectories(dir.resolve("image/tmp"));
        Files.createDirectories(dir.resolve("image/etc"));
        Files.writeString(dir.resolve("image/etc/passwd"), "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
        Files.copy(busybox(), bin.resolve("busybox"));
        if (!bin.resolve("busybox").toFile().setExecutable(true, false)) {
            throw new IOException("busybox cannot be made executable");
        }
        for (String program : PROGRAMS) {
            Files.createSymbolicLink(bin.resolve(program), Path.of("busybox"));
        }
        must(
                "tar",
                "-C",
                dir.resolve("image").toString(),
                "-cf",
                dir.resolve("image.tar").toString(),
                ".");
        able(
                "no image can be unpacked",
                docker("import", dir.resolve("image.tar").toString(), IMAGE));
        able("no container can be run", docker("run", "--rm", "--network", "none", IMAGE, "true"));
    }

    /** The same root file system as a directory. */
    Path rootfs() {
        return dir.resolve("image");
    }

    private static Path busybox() {
        for (String directory : List.of("/bin", "/usr/bin")) {
            if (Files.isExecutable(Path.of(directory, "busybox"))) {
                return Path.of(directory, "busybox");
            }
        }
        throw new AssertionError("busybox is in neither /bin nor /usr/bin");
    }

    String host() {
        return "unix://" + socket;
    }

    /** The engine ends; its containers go on. */
    void stop() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new AssertionError("dockerd survived SIGTERM");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    void restart() throws IOException {
        Files.deleteIfExists(dir.resolve("docker.pid"));
        process = begin();
    }

    /** A command of the client, such as {@code docker("ps", "-q")}. */
    ProcessRun docker(String... arguments) {
        List<String> line = new ArrayList<>(List.of("docker", "-H", host()));
        line.addAll(List.of(arguments));
        return run(line.toArray(String[]::new));
    }

    String mustDocker(String... arguments) {
        ProcessRun run = docker(arguments);
        if (run.status() != 0) {
            throw new AssertionError("docker " + List.of(arguments) + ": " + run.output());
        }
        return run.output().strip();
    }

    @Override
    public void close() {
        remove(docker("ps", "-aq"), "rm", "-f");
        // Each has a bridge of this machine's.
        remove(docker("network", "ls", "-q", "--filter", "type=custom"), "network", "rm");
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ProcessRun ignored = run("ip", "link", "del", bridge);
        // What it leaves mounted would keep the directory from being deleted.
        run(
                "sh",
                "-c",
                "grep -o '" + dir + "[^ ]*' /proc/mounts | sort -r | while read -r m; do umount -l \"$m\"; done");
        run("rm", "-rf", dir.toString());
    }

    private void remove(ProcessRun listed, String... command) {
        String ids = listed.output().strip();
        if (listed.status() == 0 && !ids.isEmpty()) {
            List<String> removal = new ArrayList<>(List.of(command));
            removal.addAll(List.of(ids.split("\\s+", -1)));
            ProcessRun ignored = docker(removal.toArray(String[]::new));
        }
    }

    record ProcessRun(int status, String output) {}

    private static void must(String... line) throws IOException {
        ProcessRun run = run(line);
        if (run.status() != 0) {
            throw new IOException(List.of(line) + ": " + run.output());
        }
    }

    @com.google.errorprone.annotations.CanIgnoreReturnValue
    private static ProcessRun run(String... line) {
        try {
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new ProcessRun(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
