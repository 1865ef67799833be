package io.finback.verification.mesh;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process of its own that listens at a port: a backend or a proxy. */
final class Target implements AutoCloseable {
    private static final long TICK_MILLIS = 10;

    private final String name;
    private final int port;
    private final Process process;

    private Target(String name, int port, Process process) {
        this.name = name;
        this.port = port;
        this.process = process;
    }

    /** Starts a main class of this class path with a heap of 512 MB. */
    static Target java(Path folder, String name, int port, List<String> flags, String main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(arguments));
        return start(folder, name, port, command);
    }

    static Target start(Path folder, String name, int port, List<String> command) throws IOException {
        File output = folder.resolve(name.replace(' ', '-') + ".log").toFile();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
        Target target = new Target(name, port, process);
        target.awaitListening();
        return target;
    }

    private void awaitListening() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
                return;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new IOException(name + " does not listen at " + port, e);
                }
                java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
            }
        }
    }

    String name() {
        return name;
    }

    int port() {
        return port;
    }

    /** Processor time of the process and its children so far, milliseconds, in steps of 10. */
    long cpuMillis() throws IOException {
        long ticks = 0;
        for (ProcessHandle handle : all()) {
            String stat = Files.readString(Path.of("/proc", Long.toString(handle.pid()), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
        return ticks * TICK_MILLIS;
    }

    /** Resident memory, megabytes. */
    long residentMegabytes() throws IOException {
        long kilobytes = 0;
        for (ProcessHandle handle : all()) {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(handle.pid()), "status"))) {
                if (line.startsWith("VmRSS:")) {
                    kilobytes += Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        }
        return kilobytes / 1024;
    }

    private List<ProcessHandle> all() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    }

    @Override
    public void close() {
        all().forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
