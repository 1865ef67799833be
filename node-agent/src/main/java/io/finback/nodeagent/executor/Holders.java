package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The two ways in which the process that holds a task is made. Both say the same on their output once the task's process waits: the
 * pids of the holder, of the task, and of the first process of its PID namespace if it has one. Thread-safe.
 */
interface Holders {
    /** Not started yet; its output is a pipe. Throws {@link IllegalArgumentException} for what cannot be an environment or a limit. */
    ProcessBuilder builder(ContainerSpec spec, TaskEnvironment environment, Wrap wrap);

    /**
     * The same for a line that contains itself: with its environment, and in a directory {@code path} below its own, whose steps are
     * made where they are missing and never lead through a link. Throws as {@link #builder}.
     *
     * @param owner whom what is made belongs to; empty: the agent
     */
    ProcessBuilder around(ProcessBuilder line, List<String> path, Path begun, Optional<Rights> owner);

    /** Whether a task may have a terminal. */
    boolean hasTerminals();

    /** Until it is what keeps the ends of its children. */
    void await(long holder) throws LaunchFailure;

    /** Leaves nothing behind that only its start needed, whether it started or not. */
    void tidy(Path begun) throws IOException;

    static Holders of(Tools tools, LogLimits limits) {
        return tools.holder()
                .<Holders>map(program -> new HoldersByProgram(program, tools.shell(), limits))
                .orElseGet(() -> new HoldersByShell(tools, limits));
    }

    /** What a command is as a program and its arguments. */
    static List<String> words(CommandInfo command, Path shell) {
        return command.shell() ? List.of(shell.toString(), "-c", command.value()) : command.arguments();
    }
}
