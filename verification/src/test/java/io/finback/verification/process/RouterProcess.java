package io.finback.verification.process;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A router alone, of one {@code linkerd.yaml}, as its own process. */
final class RouterProcess implements AutoCloseable {
    private final Path out;
    private final Process process;

    /**
     * @param dir an empty directory of its own
     * @param settings what else is set, each {@code key=value}
     */
    RouterProcess(Path dir, String linkerdYaml, String... settings) throws IOException {
        Path yaml = dir.resolve("linkerd.yaml");
        Files.writeString(yaml, linkerdYaml);
        out = dir.resolve("router.out");
        List<String> command =
                new ArrayList<>(List.of(ClusterProcesses.launcher().toString(), "router"));
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("finback.router.linkerd-yaml=" + yaml);
        all.add("finback.data-dir=" + dir.resolve("router"));
        all.add("finback.cluster.port=" + freePort());
        all.add("finback.management.port=" + freePort());
        all.forEach(setting -> command.addAll(List.of("--set", setting)));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("FINBACK_JAVA_OPTS", "-Xmx128m");
        builder.environment().put("FINBACK_CLASS_ARCHIVE", "off");
        process = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    }

    /** One HTTP router whose every service is the server on this port. */
    static String yaml(int server, int port, int admin) {
        return """
                admin: {ip: 127.0.0.1, port: %d}
                routers:
                - protocol: http
                  dtab: /svc/* => /$/inet/127.0.0.1/%d
                  servers:
                  - {ip: 127.0.0.1, port: %d}
                """.formatted(admin, server, port);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends it a signal, by its name without {@code SIG}. */
    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start();
        if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            throw new IOException("kill -" + name + " " + pid() + " failed");
        }
    }

    /** The end of what it printed. */
    String tail() {
        try {
            String all = Files.readString(out);
            return all.substring(Math.max(0, all.length() - 2_000));
        } catch (IOException e) {
            return String.valueOf(e);
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
