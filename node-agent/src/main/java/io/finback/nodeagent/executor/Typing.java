package io.finback.nodeagent.executor;

import io.finback.tasks.ContainerInfo.Tty;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What people type on the terminal of a task. The task's holder has one end of a pipe with a name (words {@code tty} of {@code
 * src/main/native/holder.c}), so that every agent finds it. Thread-safe; blocks while the task does not read, within a limit.
 */
public final class Typing {
    /** A pipe takes this much at once, whatever is in it, once what came before has been taken. */
    private static final int PIECE = 4096;

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** What a terminal takes for the end of the input. */
    private static final byte[] END = {4};

    private Typing() {}

    /** The pipe's name, beside the file that says the task has begun. */
    public static Path file(Path begun) {
        return begun.resolveSibling(begun.getFileName() + ".input");
    }

    /** Whether the task has a terminal. */
    public static boolean isThere(Path begun) {
        return Files.exists(file(begun));
    }

    /** Types it. Throws when the task does not read. */
    public static void type(Path begun, long leader, byte[] text) throws IOException {
        // Opened to read as well: opening it to write alone would wait for a reader that may be gone.
        try (RandomAccessFile pipe = new RandomAccessFile(file(begun).toFile(), "rw");
                FileInputStream inside = new FileInputStream(pipe.getFD())) {
            for (int from = 0; from < text.length; from += PIECE) {
                awaitRoom(inside, leader);
                pipe.write(Arrays.copyOfRange(text, from, Math.min(text.length, from + PIECE)));
            }
        }
    }

    public static void end(Path begun, long leader) throws IOException {
        type(begun, leader, END);
    }

    private static void awaitRoom(FileInputStream pipe, long leader) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (pipe.available() > 0) {
            boolean runs = ProcFs.stat(leader).filter(stat -> !stat.isEnded()).isPresent();
            if (!runs || System.nanoTime() - deadline > 0) {
                throw new IOException("the task " + (runs ? "does not read what is typed" : "has ended"));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** Changes the size of its terminal; what runs in the foreground there hears SIGWINCH. False when there is none. */
    public static boolean resize(long leader, Tty size) throws IOException {
        // By what it has open: in a container the name is that of another one out here.
        Path input = Path.of("/proc", Long.toString(leader), "fd", "0");
        return Files.readSymbolicLink(input).startsWith("/dev/pts") && Terminal.resize(input, size);
    }
}
