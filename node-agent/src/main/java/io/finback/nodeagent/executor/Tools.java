package io.finback.nodeagent.executor;

import io.finback.nodeagent.isolation.LinuxTools;
import io.finback.nodeagent.isolation.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The programs of the machine that start tasks, by absolute path: a task's own {@code PATH} must not choose them.
 *
 * @param resetSignals arguments of {@code env} that give a task back the signals a POSIX shell ignores in background commands
 *     (SIGINT and SIGQUIT); empty where {@code env} cannot (coreutils before 8.31, busybox)
 * @param linux what contains tasks, as far as it is there
 * @param holder the program that does all of this at once; empty where there is none
 */
public record Tools(
        Path shell,
        Path setsid,
        Path sleep,
        Path env,
        List<String> resetSignals,
        LinuxTools linux,
        LogTools logs,
        Optional<HolderProgram> holder) {
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
                LinuxTools.find(shell, env, everywhere),
                LogTools.find(everywhere),
                Optional.empty());
    }

    /** The same, and tasks are started with a program made for it. */
    public Tools with(HolderProgram program) {
        return new Tools(shell, setsid, sleep, env, resetSignals, linux, logs, Optional.of(program));
    }

    static Path require(String program, String path) throws Missing {
        return Programs.find(program, path)
                .orElseThrow(
                        () -> new Missing(
                                program + ": not found in PATH=" + path
                                        + " (expected: it is there; tasks are started with it; util-linux, coreutils and busybox have it)"));
    }

    private static boolean understands(Path env, List<String> arguments) {
        return Programs.run(List.of(env.toString(), arguments.get(0), "true")).successful();
    }
}
