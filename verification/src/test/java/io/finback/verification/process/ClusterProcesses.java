package io.finback.verification.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Nodes as a person would start them: the {@code finback} launcher, one OS process each, on free loopback ports, data and output
 * under one directory. Closing kills the nodes and every task process they left behind.
 */
final class ClusterProcesses implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    /** The launcher builds a program of its own before its first start. */
    private static final long BUILD_LIMIT_MINUTES = 15;

    private static final int TOLD_LINES = 300;

    private final Path dir;
    private final Map<String, NodeProcess> nodes = new LinkedHashMap<>();
    private final List<Integer> arteries = new ArrayList<>();
    private Path program = launcher();
    /** Of the first master. */
    final int servicesPort = freePort();

    final int clusterPort = freePort();

    ClusterProcesses(Path dir) {
        this(dir, 1);
    }

    /** Several masters need a journal they share: {@link #master(int, List)}. */
    ClusterProcesses(Path dir, int masters) {
        this.dir = dir;
        for (int i = 0; i < masters; i++) {
            arteries.add(freePort());
        }
        build();
    }

    /** What nodes are started with from now on that are not there yet; this build's launcher unless said. */
    void startWith(Path other) {
        program = other;
    }

    /** Stops the node (SIGTERM) and starts this build in its place, without waiting for it. */
    void upgrade(NodeProcess node) {
        stop(node);
        NodeProcess newer = new NodeProcess(
                node.name,
                node.command.stream()
                        .map(word ->
                                word.equals(program.toString()) ? launcher().toString() : word)
                        .toList(),
                node.output,
                node.ports);
        nodes.put(node.name, newer);
        restart(newer);
    }

    private void build() {
        Path output = dir.resolve("build.out");
        try {
            Process process = new ProcessBuilder(launcher().toString(), "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(BUILD_LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new AssertionError("the launcher does not build: " + tail(output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** One started node; the same name starts again on the same ports and data. */
    static final class NodeProcess {
        final String name;
        final List<String> command;
        final Path output;
        final Map<String, Integer> ports;
        private @Nullable Process process;

        NodeProcess(String name, List<String> command, Path output, Map<String, Integer> ports) {
            this.name = name;
            this.command = command;
            this.output = output;
            this.ports = ports;
        }

        int port(String key) {
            return Optional.ofNullable(ports.get(key)).orElseThrow();
        }

        long pid() {
            Process running = process;
            return running == null ? -1 : running.pid();
        }

        boolean alive() {
            Process running = process;
            return running != null && running.isAlive();
        }
    }

    NodeProcess master() {
        return master(List.of());
    }

    /** @param more settings, {@code key=value} each */
    NodeProcess master(List<String> more) {
        return start(
                "master",
                "master",
                Map.of(
                        "finback.master.http.port",
                        clusterPort,
                        "finback.services.http.port",
                        servicesPort,
                        "finback.cluster.port",
                        arteries.get(0),
                        "finback.management.port",
                        freePort()),
                more.stream().flatMap(setting -> Stream.of("--set", setting)).toList());
    }

    /** One of several masters; {@code number} counts from 0. Its API is at {@link NodeProcess#port}. */
    NodeProcess master(int number, List<String> more) {
        return start(
                "master-" + number,
                "master",
                Map.of(
                        "finback.master.http.port",
                        number == 0 ? clusterPort : freePort(),
                        "finback.services.http.port",
                        number == 0 ? servicesPort : freePort(),
                        "finback.cluster.port",
                        arteries.get(number),
                        "finback.management.port",
                        freePort()),
                Stream.concat(Stream.of(seeds()), more.stream())
                        .flatMap(setting -> Stream.of("--set", setting))
                        .toList());
    }

    private String seeds() {
        return "finback.cluster.seeds="
                + arteries.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
    }

    NodeProcess agent(int number) {
        return agent(number, List.of());
    }

    /** @param more settings, {@code key=value} each */
    NodeProcess agent(int number, List<String> more) {
        int firstPort = 20_000 + number * 500;
        return start(
                "agent-" + number,
                "agent",
                Map.of(
                        "finback.agent.http.port", freePort(),
                        "finback.cluster.port", freePort(),
                        "finback.management.port", freePort()),
                Stream.concat(
                                Stream.of(
                                        "finback.agent.resources=cpus:4;mem:2048;disk:2000;ports:[" + firstPort + "-"
                                                + (firstPort + 99) + "]",
                                        seeds()),
                                more.stream())
                        .flatMap(setting -> Stream.of("--set", setting))
                        .toList());
    }

    /** The newest of this name. */
    NodeProcess node(String name) {
        return Optional.ofNullable(nodes.get(name)).orElseThrow();
    }

    NodeProcess router(int number) {
        return router(number, List.of());
    }

    /** @param more settings, {@code key=value} each */
    NodeProcess router(int number, List<String> more) {
        return start(
                "router-" + number,
                "router",
                Map.of(
                        "finback.router.http.port", freePort(),
                        "finback.router.admin.port", freePort(),
                        "finback.cluster.port", freePort(),
                        "finback.management.port", freePort()),
                Stream.concat(Stream.of(seeds()), more.stream())
                        .flatMap(setting -> Stream.of("--set", setting))
                        .toList());
    }

    /**
     * A node on a machine of its own, with the ports everybody knows. Nodes of this kind have their seeds from {@code more}.
     *
     * @param more settings, {@code key=value} each
     */
    NodeProcess on(Machines.Machine machine, String role, List<String> more) {
        Map<String, Integer> ports = new LinkedHashMap<>(Map.of(
                "finback.cluster.port", 25520,
                "finback.management.port", 8558));
        Map<String, Integer> apis =
                switch (role) {
                    case "master" -> Map.of("finback.master.http.port", 5050, "finback.services.http.port", 8080);
                    case "agent" -> Map.of("finback.agent.http.port", 5051);
                    default -> Map.of("finback.router.http.port", 4140, "finback.router.admin.port", 9990);
                };
        ports.putAll(apis);
        List<String> command = new ArrayList<>(machine.prefix());
        command.addAll(List.of(program.toString(), role, "--set", "finback.data-dir=" + dir.resolve(machine.name())));
        ports.keySet()
                .forEach(key -> command.addAll(List.of(
                        "--set", key.substring(0, key.length() - "port".length()) + "host=" + machine.address())));
        more.forEach(setting -> command.addAll(List.of("--set", setting)));
        NodeProcess node = new NodeProcess(machine.name(), command, dir.resolve(machine.name() + ".out"), ports);
        nodes.put(machine.name(), node);
        restart(node);
        return node;
    }

    private NodeProcess start(String name, String role, Map<String, Integer> ports, List<String> more) {
        List<String> command = new ArrayList<>(List.of(program.toString(), role));
        command.addAll(List.of("--set", "finback.data-dir=" + dir.resolve(name)));
        ports.forEach((key, port) -> command.addAll(List.of("--set", key + "=" + port)));
        command.addAll(more);
        NodeProcess node = new NodeProcess(name, command, dir.resolve(name + ".out"), ports);
        nodes.put(name, node);
        restart(node);
        return node;
    }

    /** Starts the node's process (again) without waiting for it. */
    void restart(NodeProcess node) {
        try {
            ProcessBuilder builder = new ProcessBuilder(node.command);
            builder.environment().put("FINBACK_JAVA_OPTS", "-Xmx256m");
            // Its training would be part of the first start.
            builder.environment().put("FINBACK_CLASS_ARCHIVE", "off");
            builder.redirectErrorStream(true);
            builder.redirectOutput(ProcessBuilder.Redirect.to(node.output.toFile()));
            node.process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the line {@code Ready…} of the node's newest start. */
    void awaitReady(NodeProcess node) {
        Waiting.until(
                node.name + " is ready",
                START_LIMIT,
                () -> {
                    return !node.alive()
                            || Files.readString(node.output).lines().anyMatch(line -> line.startsWith("Ready"));
                },
                () -> tail(node.output));
        if (!node.alive()) {
            throw new AssertionError(node.name + " ended: " + tail(node.output));
        }
    }

    /** SIGTERM, and gone when this returns. */
    void stop(NodeProcess node) {
        Process process = node.process;
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError(node.name + " survived SIGTERM");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** SIGKILL, and gone when this returns. */
    void kill9(NodeProcess node) {
        Process process = node.process;
        if (process == null) {
            return;
        }
        process.destroyForcibly();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError(node.name + " survived SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        nodes.values().forEach(this::kill9);
        killLeftOvers();
    }

    /** Every process whose sandbox is below our directory: the tasks and what holds them. */
    private void killLeftOvers() {
        ProcessHandle.allProcesses()
                .filter(handle -> handle.pid() != ProcessHandle.current().pid())
                .filter(handle -> belongsHere(handle.pid()))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private boolean belongsHere(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1)
                    .contains("MESOS_SANDBOX=" + dir.toRealPath());
        } catch (IOException | SecurityException e) {
            return false;
        }
    }

    static Path launcher() {
        Path here = Path.of("").toAbsolutePath();
        for (Path at = here; at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve("finback")) && Files.exists(at.resolve("pom.xml"))) {
                return at.resolve("finback");
            }
        }
        throw new AssertionError("no launcher above " + here);
    }

    static String tail(Path file) {
        try {
            String text = Files.readString(file);
            return file.getFileName() + ": " + text.substring(Math.max(0, text.length() - 2000));
        } catch (IOException e) {
            return file + ": " + e;
        }
    }

    /** The last lines of every node's newest start that have one of these words, each with its node's name: what a failure is explained from. */
    String toldOf(String... words) {
        StringBuilder told = new StringBuilder();
        for (NodeProcess node : nodes.values()) {
            try {
                List<String> lines = Files.readAllLines(node.output).stream()
                        .filter(line -> Stream.of(words).anyMatch(line::contains))
                        .toList();
                lines.subList(Math.max(0, lines.size() - TOLD_LINES), lines.size())
                        .forEach(line ->
                                told.append('\n').append(node.name).append(": ").append(line));
            } catch (IOException e) {
                told.append('\n').append(node.output).append(": ").append(e);
            }
        }
        return told.toString();
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
