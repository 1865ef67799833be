package io.finback.nodeagent.executor;

import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts commands beside a task that stay: {@link Inside} puts them there, and each has a holder of its own, as tasks have ({@link
 * Launcher}), outside the task. So a later agent finds them and how they ended, and what they print is rotated as a task's.
 * Thread-safe; each call blocks for some milliseconds.
 */
public final class NestedLauncher {
    /** Below a sandbox: the directories of what is nested in it. Source: apache/mesos {@code src/slave/containerizer/mesos/paths.hpp}. */
    private static final String CONTAINERS = "containers";

    /** How control groups begin that are of nested containers, and of sessions: beneath those of what they are in. */
    private static final String NESTED_GROUP = "nested-";

    static final String SESSION_GROUP = "session-";

    private static final String PID = ".pid";

    private static final Logger log = LoggerFactory.getLogger(NestedLauncher.class);

    private final Inside inside;
    private final Launcher launcher;
    private final Processes processes;
    private final Isolation isolation;
    private final boolean byProgram;

    /** @param isolation what tasks have of their own, commands in them have, too */
    public NestedLauncher(Inside inside, Launcher launcher, Processes processes, Isolation isolation, Tools tools) {
        this.inside = inside;
        this.launcher = launcher;
        this.processes = processes;
        this.isolation = isolation;
        this.byProgram = tools.holder().isPresent();
    }

    /** Who made the container of a task. */
    public enum Maker {
        /** This agent, of the machine's own files. */
        AGENT,
        /** An OCI runtime, for this agent. */
        RUNTIME,
        /** An engine that manages them itself. */
        ENGINE
    }

    /**
     * What is to be started.
     *
     * @param leader the first process of the task
     * @param maker of the task's container
     * @param outer the command it is directly in, if that is none of the task's own
     * @param sharesPids whether it sees the processes of what it is in
     * @param root of the task's sandbox: a directory whose place only the agent chooses
     * @param inner the steps from there to the task's sandbox
     * @param names of the containers below the task's, its own last
     * @param command with the environment of those it is in
     * @param begun the file that is there from the moment the command may have run
     */
    public record Order(
            long leader,
            Maker maker,
            Optional<ProcessRef> outer,
            boolean sharesPids,
            Path root,
            List<String> inner,
            List<String> names,
            CommandInfo command,
            Path begun) {
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
        Optional<ContainerGroup> group = Optional.empty();
        ProcessRef made;
        try {
            long within = within(order.leader(), order.outer());
            Spot.Apart apart = order.sharesPids() || order.maker() != Maker.AGENT ? Spot.Apart.NONE : apart();
            Set<String> namespaces = namespaces(apart, order.outer());
            group = group(
                    order.leader(),
                    order.maker(),
                    order.outer(),
                    NESTED_GROUP + digest(order.names().get(order.names().size() - 1)));
            Spot spot = new Spot(order.leader(), within, group, Optional.of(pidFile(order.begun())), apart);
            ProcessBuilder line = inside.line(spot, order.command(), below(order.names()));
            // One of the machine's processes has some; who enters by the runtime has none.
            boolean translated = line.environment().isEmpty();
            // By these, orphans are known.
            line.environment().putIfAbsent("MESOS_DIRECTORY", order.root().toString());
            line.directory(order.root().toFile());
            Rights theirs = Rights.of(Long.toString(order.leader()));
            Optional<Rights> owner =
                    theirs.uid().equals(Rights.of("self").uid()) ? Optional.empty() : Optional.of(theirs);
            made = launcher.prepare(line, order.steps(), order.begun(), owner)
                    .in(new Containment(
                            group.map(ContainerGroup::directories).orElse(Map.of()), Optional.empty(), namespaces));
            OomScore.set(made, isolation.settings().oomScore());
            return new Made(made, translated);
        } catch (IOException | Inside.Unreachable e) {
            group.ifPresent(processes.contained()::remove);
            throw new LaunchFailure("cannot enter the task", e);
        } catch (LaunchFailure e) {
            group.ifPresent(processes.contained()::remove);
            throw e;
        }
    }

    /** What it has of its own in a task of this agent's making, where tasks have it. */
    private Spot.Apart apart() {
        if (!byProgram || !isolation.isOn(Isolator.NAMESPACES_PID)) {
            return Spot.Apart.NONE;
        }
        return isolation.isOn(Isolator.FILESYSTEM_LINUX) ? Spot.Apart.PIDS_AND_MOUNTS : Spot.Apart.PIDS;
    }

    /** Those that it does not share with the task. */
    private static Set<String> namespaces(Spot.Apart apart, Optional<ProcessRef> outer) {
        Set<String> names = new HashSet<>(outer.flatMap(ProcessRef::containment)
                .map(Containment::namespaces)
                .orElse(Set.of()));
        if (apart != Spot.Apart.NONE) {
            names.add("pid");
        }
        if (apart == Spot.Apart.PIDS_AND_MOUNTS) {
            names.add("mnt");
        }
        return names;
    }

    private static long within(long leader, Optional<ProcessRef> outer) throws IOException, Inside.Unreachable {
        Set<String> own = outer.flatMap(ProcessRef::containment)
                .map(Containment::namespaces)
                .orElse(Set.of());
        return own.isEmpty() ? leader : Entrance.arrived(outer.orElseThrow().pid(), leader, own);
    }

    /** Short, and of characters that every runtime takes. */
    private static String digest(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static Optional<ContainerGroup> group(long leader, Maker maker, Optional<ProcessRef> outer, String name)
            throws IOException {
        // A runtime puts what it starts into its own groups in all hierarchies; only in those of version 1 it takes one
        // by itself.
        Optional<ContainerGroup> around = outer.flatMap(ContainedEnds::groups);
        if (around.isEmpty()) {
            around = ContainerGroup.endingAllOf(
                    leader, maker == Maker.AGENT ? ContainerGroup.Version.TWO : ContainerGroup.Version.ONE);
        }
        return around.isPresent() ? Optional.of(around.get().makeBeneath(name)) : Optional.empty();
    }

    /**
     * Where a session is to be: with all that what it is in has, so that it sees it, and a control group by which it can be ended.
     *
     * @param outer the command it is directly in, if that is none of the task's own
     * @param name of the session
     */
    public static Spot session(long leader, Maker maker, Optional<ProcessRef> outer, String name)
            throws IOException, Inside.Unreachable {
        return new Spot(
                leader,
                within(leader, outer),
                group(leader, maker, outer, SESSION_GROUP + digest(name)),
                Optional.empty(),
                Spot.Apart.NONE);
    }

    /** Ends all that a session has started. To be called when its process has ended, or shall. */
    public void endSession(Process session, Spot spot) {
        spot.group().ifPresent(this::kill);
        Inside.end(session);
        spot.group().ifPresent(processes.contained()::remove);
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

    /**
     * How it ended; empty while it runs. A runtime waits for all that hold the outputs of what it started: those that a command has left
     * behind are ended here, so that the command's end is seen.
     *
     * @param begun as it was ordered
     */
    public Optional<Exit> exit(ProcessRef process, Path begun) {
        Optional<Exit> exit = processes.exit(process);
        Path file = pidFile(begun);
        if (exit.isEmpty() && Files.exists(file)) {
            ContainedEnds.groups(process)
                    .filter(group -> hasOutlived(group, file))
                    .ifPresent(this::kill);
        }
        return exit;
    }

    /** Whether there are others in it, and not the one of the file. */
    private static boolean hasOutlived(ContainerGroup group, Path file) {
        List<Long> left = group.processes();
        try {
            long main = Long.parseLong(Files.readString(file).strip());
            return !left.isEmpty()
                    && left.stream().noneMatch(pid -> ProcFs.namespacePids(pid).contains(main));
        } catch (IOException | NumberFormatException e) {
            // Being written.
            return false;
        }
    }

    private static Path pidFile(Path begun) {
        return begun.resolveSibling(begun.getFileName() + PID);
    }

    /** Deletes what only this knows of beside {@code begun}. */
    public static void tidy(Path begun) throws IOException {
        Files.deleteIfExists(pidFile(begun));
    }

    private void kill(ContainerGroup group) {
        try {
            group.kill();
        } catch (IOException e) {
            log.warn("nested.group_kill_failed groups={} reason={}", group.directories(), e.getMessage());
        }
    }

    /** SIGKILL to it and all it has started; where it has no control group, to what has not left both its session and its parent. */
    public void kill(ProcessRef process) {
        boolean whole = processes.contained().kill(process);
        log.debug("nested.kill pid={} whole={}", process.pid(), whole);
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
