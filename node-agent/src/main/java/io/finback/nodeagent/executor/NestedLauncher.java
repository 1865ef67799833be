package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Starts commands beside a task that stay: {@link Inside} puts them there, and each has a holder of its own, as tasks have ({@link
 * Launcher}), outside the task. So a later agent finds them and how they ended, and what they print is rotated as a task's.
 * Thread-safe; each call blocks for some milliseconds.
 */
public final class NestedLauncher {
    /** Below a sandbox: the directories of what is nested in it. Source: apache/mesos {@code src/slave/containerizer/mesos/paths.hpp}. */
    private static final String CONTAINERS = "containers";

    private final Inside inside;
    private final Launcher launcher;
    private final Processes processes;
    private final int oomScore;

    /** @param oomScore as that of tasks */
    public NestedLauncher(Inside inside, Launcher launcher, Processes processes, int oomScore) {
        this.inside = inside;
        this.launcher = launcher;
        this.processes = processes;
        this.oomScore = oomScore;
    }

    /**
     * What is to be started.
     *
     * @param leader a process of the task
     * @param root of the task's sandbox: a directory whose place only the agent chooses
     * @param inner the steps from there to the task's sandbox
     * @param names of the containers below the task's, its own last
     * @param command with the environment of those it is in
     * @param begun the file that is there from the moment the command may have run
     */
    public record Order(
            long leader, Path root, List<String> inner, List<String> names, CommandInfo command, Path begun) {
        public Order {
            inner = List.copyOf(inner);
            names = List.copyOf(names);
        }

        /** From the root to where it runs. */
        public List<String> steps() {
            List<String> all = new ArrayList<>(inner);
            all.addAll(below(names));
            return all;
        }
    }

    /**
     * A process that waits to become the command.
     *
     * @param translated whether it says its end as a shell does
     */
    public record Made(ProcessRef process, boolean translated) {}

    /** {@code containers/<name>} for each of them, one in the other: below the task's sandbox. */
    public static List<String> below(List<String> names) {
        List<String> steps = new ArrayList<>();
        names.forEach(name -> steps.addAll(List.of(CONTAINERS, name)));
        return steps;
    }

    /** The sandbox of the task that this is in, or is. */
    static Path outermost(Path directory) {
        Path at = directory;
        while (at.getNameCount() > 2
                && at.getName(at.getNameCount() - 2).toString().equals(CONTAINERS)) {
            at = at.resolve("../..").normalize();
        }
        return at;
    }

    /** Makes a process that waits to become the command, until {@link #release}, or the end of this agent. */
    public Made prepare(Order order) throws LaunchFailure {
        try {
            ProcessBuilder line = inside.line(order.leader(), order.command(), below(order.names()));
            // One of the machine's processes has some; who enters by the runtime has none.
            boolean translated = line.environment().isEmpty();
            // By these, orphans are known.
            line.environment().putIfAbsent("MESOS_DIRECTORY", order.root().toString());
            line.directory(order.root().toFile());
            Rights theirs = Rights.of(Long.toString(order.leader()));
            Optional<Rights> owner =
                    theirs.uid().equals(Rights.of("self").uid()) ? Optional.empty() : Optional.of(theirs);
            ProcessRef made = launcher.prepare(line, order.steps(), order.begun(), owner);
            OomScore.set(made, oomScore);
            return new Made(made, translated);
        } catch (IOException | Inside.Unreachable e) {
            throw new LaunchFailure("cannot enter the task", e);
        }
    }

    /** Lets it become the command. False when it is gone; then the command never runs. */
    public boolean release(ProcessRef made) {
        return launcher.release(made);
    }

    /** Its command shall never run. */
    public void discard(ProcessRef made) {
        launcher.discard(made);
        processes.forget(made);
    }

    /** How it ended; empty while it runs. */
    public Optional<Exit> exit(ProcessRef process) {
        return processes.exit(process);
    }

    /** SIGKILL to it, to all in its session, and to all it has started that has not left both. */
    public void kill(ProcessRef process) {
        if (isThere(process)) {
            Inside.end(process.pid());
        }
    }

    /** To its first process alone. */
    public void signal(ProcessRef process, int signal) throws IOException {
        if (isThere(process)) {
            Inside.signal(process.pid(), signal);
        }
    }

    /** It has ended: ends what it left, and waits a little for the last of what was printed. */
    public void sweep(ProcessRef process) {
        kill(process);
        processes.awaitLoggers(List.of(process));
    }

    /** Nobody needs to know its end any more. */
    public void forget(ProcessRef process) {
        processes.forget(process);
    }

    /** Whether the process of a task is still there and runs. */
    public static boolean isThere(long pid, long startTicks) {
        return ProcFs.stat(pid)
                .filter(stat -> stat.startTicks() == startTicks && !stat.isEnded())
                .isPresent();
    }

    /** When the process began; empty when it has ended. */
    public static Optional<Long> startTicks(long pid) {
        return ProcFs.stat(pid).filter(stat -> !stat.isEnded()).map(ProcFs.Stat::startTicks);
    }

    private static boolean isThere(ProcessRef process) {
        return ProcFs.stat(process.pid())
                .filter(stat -> stat.startTicks() == process.startTicks())
                .isPresent();
    }

    /** Deletes a directory below a sandbox, and all in it. Follows no link: whoever owns the sandbox may have put one anywhere. */
    public static void delete(Path root, List<String> steps) throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
            if (!(stream instanceof SecureDirectoryStream<Path> at)) {
                throw new IOException(root + ": this file system has no safe way to delete (expected: Linux has)");
            }
            delete(at, steps);
        } catch (NoSuchFileException e) {
            // The sandbox is gone, or the directory: what was wanted.
            return;
        }
    }

    private static void delete(SecureDirectoryStream<Path> at, List<String> steps) throws IOException {
        Path first = Path.of(steps.get(0));
        try (SecureDirectoryStream<Path> next = at.newDirectoryStream(first, LinkOption.NOFOLLOW_LINKS)) {
            if (steps.size() > 1) {
                delete(next, steps.subList(1, steps.size()));
                return;
            }
            for (Path entry : next) {
                deleteEntry(next, entry.getFileName());
            }
        }
        at.deleteDirectory(first);
    }

    private static void deleteEntry(SecureDirectoryStream<Path> in, Path name) throws IOException {
        boolean directory = in.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes()
                .isDirectory();
        if (directory) {
            delete(in, List.of(name.toString()));
        } else {
            in.deleteFile(name);
        }
    }
}
