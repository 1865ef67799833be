package io.finback.nodeagent.executor;

import io.finback.nodeagent.isolation.Programs;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Terminals for commands: {@code script} of util-linux makes one and copies between it and its own input and output; what runs on it
 * is entered into a task from there, with the terminal in its hands. Thread-safe.
 */
final class Terminal {
    private static final int STTY_SECONDS = 5;
    private static final int MAX_SIZE = 65_535;
    private static final int LOOKS = 200;
    private static final long BETWEEN_LOOKS_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** How the text begins that gives a terminal its first size, before it becomes the command. */
    private static final String SIZING = "stty rows ";

    private Terminal() {}

    /** Puts what is about to be started on a terminal of its own. Throws when there is no program for it. */
    static void around(ProcessBuilder builder, Tty size, Path setsid) throws Inside.Unreachable {
        Path script = Programs.find("script", "")
                .orElseThrow(() -> new Inside.Unreachable("script: not found (expected: util-linux has it)"));
        List<String> words = new ArrayList<>(builder.command());
        if (words.get(0).equals(setsid.toString())) {
            // A new session would have no terminal.
            words.remove(0);
        }
        String text = words.stream().map(Terminal::quoted).collect(Collectors.joining(" ", "exec ", ""));
        if (isSize(size)) {
            text = SIZING + size.rows() + " columns " + size.columns() + " 2>/dev/null; " + text;
        }
        builder.command(setsid.toString(), script.toString(), "-q", "-f", "-e", "-c", text, "/dev/null");
        builder.redirectErrorStream(true);
        builder.environment().put("SHELL", "/bin/sh");
        builder.environment().putIfAbsent("TERM", "xterm");
    }

    private static boolean isSize(Tty size) {
        return size.rows() > 0 && size.columns() > 0 && size.rows() <= MAX_SIZE && size.columns() <= MAX_SIZE;
    }

    /** One word of a shell, whatever is in it. */
    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** Changes the size; what runs in the foreground there hears SIGWINCH. False when there is no terminal (any more). */
    static boolean resize(Process started, Tty size) throws IOException {
        Optional<Path> terminal = of(started);
        // It may be just about to be made.
        for (int look = 0; terminal.isEmpty() && started.isAlive() && look < LOOKS; look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            terminal = of(started);
        }
        return terminal.isPresent() && resize(terminal.get(), size);
    }

    static boolean resize(Path terminal, Tty size) throws IOException {
        if (!isSize(size)) {
            return false;
        }
        Process stty = new ProcessBuilder(
                        "stty",
                        "-F",
                        terminal.toString(),
                        "rows",
                        Integer.toString(size.rows()),
                        "columns",
                        Integer.toString(size.columns()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return stty.waitFor(STTY_SECONDS, TimeUnit.SECONDS) && stty.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What a child of {@code script} has as its input. */
    private static Optional<Path> of(Process script) throws IOException {
        for (long child : ProcFs.children(script.pid())) {
            if (ProcFs.arguments(child).stream().anyMatch(argument -> argument.startsWith(SIZING))) {
                // A size given now would be overwritten by the first one.
                continue;
            }
            Path input = Path.of("/proc", Long.toString(child), "fd", "0");
            if (Files.isSymbolicLink(input)) {
                Path target = Files.readSymbolicLink(input);
                if (target.startsWith("/dev/pts")) {
                    return Optional.of(target);
                }
            }
        }
        return Optional.empty();
    }
}
