package io.finback.nodeagent.executor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The programs of the machine that start tasks, by absolute path: a task's own {@code PATH} must not choose them.
 *
 * @param resetSignals arguments of {@code env} that give a task back the signals a POSIX shell ignores in background commands
 *     (SIGINT and SIGQUIT); empty where {@code env} cannot (coreutils before 8.31, busybox)
 */
public record Tools(Path shell, Path setsid, Path sleep, Path env, List<String> resetSignals, LogTools logs) {
    /** Thrown with a line for the person at the terminal. */
    public static final class Missing extends Exception {
        private static final long serialVersionUID = 1L;

        Missing(String message) {
            super(message);
        }
    }

    /** Looks in {@code path} (as {@code PATH} is written), then where POSIX systems keep them. */
    public static Tools find(String path) throws Missing {
        String everywhere = path + ":/usr/bin:/bin:/usr/sbin:/sbin";
        Path shell = Path.of("/bin/sh");
        if (!Files.isExecutable(shell)) {
            throw new Missing("/bin/sh: not executable (expected: a POSIX shell, which starts every task)");
        }
        Path env = require("env", everywhere);
        List<String> reset = List.of("--default-signal=INT,QUIT");
        return new Tools(
                shell,
                require("setsid", everywhere),
                require("sleep", everywhere),
                env,
                understands(env, reset) ? reset : List.of(),
                LogTools.find(everywhere));
    }

    static Path require(String program, String path) throws Missing {
        return search(program, path)
                .orElseThrow(
                        () -> new Missing(
                                program + ": not found in PATH=" + path
                                        + " (expected: it is there; tasks are started with it; util-linux, coreutils and busybox have it)"));
    }

    private static Optional<Path> search(String program, String path) {
        for (String directory : path.split(":", -1)) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, program);
            if (candidate.isAbsolute() && Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static boolean understands(Path env, List<String> arguments) {
        try {
            Process probe = new ProcessBuilder(env.toString(), arguments.get(0), "true")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return probe.waitFor(5, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
