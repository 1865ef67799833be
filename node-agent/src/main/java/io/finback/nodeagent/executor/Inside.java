package io.finback.nodeagent.executor;

import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts commands where a running task is: in its control groups and namespaces, as its user, with the environment it was started
 * with, in its sandbox. All of that is read from the kernel, so it does not matter who made the container, and when. Thread-safe.
 */
public final class Inside {
    private static final Path PROC = Path.of("/proc");

    /** Joins control groups (the first argument says how many follow), then becomes the rest. Nothing is spliced into it. */
    private static final String JOIN = """
            n=$1; shift
            while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done
            exec "$@"
            """;

    /** A sandbox that is not there (an image may hide it) is no reason not to run. */
    private static final String GO_THERE = "cd \"$1\" 2>/dev/null; shift; exec \"$@\"";

    /** Below the sandbox of a task: the directories of what runs apart in it. */
    public static final String APART = "containers";

    private static final String SANDBOX = "MESOS_SANDBOX";

    private static final String NAME = "finback-inside";

    private static final int LOOKS = 20;
    private static final long BETWEEN_LOOKS_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Tools tools;
    private final Door door;

    public Inside(Tools tools) {
        this(tools, Door.NONE);
    }

    /** @param door is asked first */
    public Inside(Tools tools, Door door) {
        this.tools = tools;
        this.door = door;
    }

    /** Why nothing can be started there; for people. */
    public static final class Unreachable extends Exception {
        private static final long serialVersionUID = 1L;

        Unreachable(String message) {
            super(message);
        }
    }

    /**
     * Starts {@code command} beside {@code leader}. The started process leads a session, so that {@link #end} finds all of it. Its
     * user is the task's, whatever the command says.
     *
     * @param leader a process of the task
     */
    public Process start(long leader, CommandInfo command) throws IOException, Unreachable {
        return unattached(builder(Spot.beside(leader), command, List.of(), Optional.empty()));
    }

    /**
     * A line for somebody else to start, with its environment and outputs where that puts them. It leads no session.
     *
     * @param path where below the sandbox it is to be; exists when it is started
     */
    ProcessBuilder line(Spot spot, CommandInfo command, List<String> path) throws IOException, Unreachable {
        ProcessBuilder builder = builder(spot, command, path, Optional.empty());
        if (builder.command().get(0).equals(tools.setsid().toString())) {
            builder.command(builder.command().subList(1, builder.command().size()).stream()
                    .toList());
        }
        return builder;
    }

    private static Process unattached(ProcessBuilder builder) throws IOException {
        return builder.redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** As {@link #start}, with its input and outputs in the hands of the caller. */
    public Process startAttached(long leader, CommandInfo command) throws IOException, Unreachable {
        return startAttached(Spot.beside(leader), command, List.of());
    }

    /** As {@link #startAttached(long, CommandInfo)}, at {@code path} below the sandbox. */
    public Process startAttached(Spot spot, CommandInfo command, List<String> path) throws IOException, Unreachable {
        return builder(spot, command, path, Optional.empty()).start();
    }

    /** As {@link #startAttached}, on a terminal of its own; what it prints is all on its output. */
    public Process startOnTerminal(Spot spot, CommandInfo command, List<String> path, Tty size)
            throws IOException, Unreachable {
        Map<String, String> environment = new LinkedHashMap<>(command.environment());
        environment.putIfAbsent("TERM", "xterm");
        ProcessBuilder builder = builder(spot, command.withEnvironment(environment), path, Optional.of(size));
        Terminal.around(builder, size, tools.setsid());
        return builder.start();
    }

    /** Changes the size of the terminal of what {@link #startOnTerminal} started. False when it has none any more. */
    public static boolean resize(Process started, Tty size) throws IOException {
        return Terminal.resize(started, size);
    }

    /** The kernel shows none for the instant in which a process becomes another program, as every task does when it starts. */
    private static List<String> environment(long leader) {
        List<String> entries = ProcFs.environment(leader);
        for (int look = 1; entries.isEmpty() && look < LOOKS; look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            entries = ProcFs.environment(leader);
        }
        return entries;
    }

    private static List<String> words(CommandInfo command) {
        return command.shell() ? List.of("/bin/sh", "-c", command.value()) : command.arguments();
    }

    private ProcessBuilder builder(Spot spot, CommandInfo command, List<String> path, Optional<Tty> terminal)
            throws IOException, Unreachable {
        List<String> words = words(command);
        long leader = spot.leader();
        Optional<List<String>> through =
                door.into(spot, command.environment(), Path.of("", path.toArray(String[]::new)), words, terminal);
        if (through.isPresent()) {
            List<String> line = new ArrayList<>(List.of(tools.setsid().toString()));
            line.addAll(through.get());
            ProcessBuilder builder = new ProcessBuilder(line);
            builder.environment().clear();
            return builder;
        }
        Map<String, String> environment = new LinkedHashMap<>();
        for (String entry : environment(leader)) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        if (environment.isEmpty()) {
            throw new Unreachable("process " + leader + ": gone, or its environment may not be read");
        }
        Optional<String> sandbox = Optional.ofNullable(environment.get(SANDBOX))
                .map(directory ->
                        Path.of(directory, path.toArray(String[]::new)).toString());
        environment.putAll(command.environment());
        if (!path.isEmpty()) {
            sandbox.ifPresent(directory -> environment.put(SANDBOX, directory));
        }
        // What a task names is obeyed by the command alone, not by programs of root's on its way.
        TaskEnvironment split = TaskEnvironment.split(environment);
        ProcessBuilder builder = tools.holder().isPresent()
                ? byProgram(tools.holder().get(), spot, sandbox, words)
                : byShell(spot, sandbox, assigning(split, words));
        builder.environment().clear();
        try {
            builder.environment().putAll(tools.holder().isPresent() ? environment : split.exported());
        } catch (IllegalArgumentException e) {
            throw new Unreachable("environment: " + e.getMessage());
        }
        return builder;
    }

    private List<String> assigning(TaskEnvironment environment, List<String> words) {
        if (environment.assigned().isEmpty()) {
            return words;
        }
        List<String> line = new ArrayList<>(List.of(tools.env().toString()));
        line.addAll(environment.assignments());
        line.addAll(words);
        return line;
    }

    /** With the rights of the task, too. */
    private static ProcessBuilder byProgram(
            HolderProgram program, Spot spot, Optional<String> sandbox, List<String> words) throws IOException {
        List<String> line = new ArrayList<>(List.of(program.file().toString(), "enter"));
        line.addAll(Entrance.words(spot));
        sandbox.ifPresent(directory -> line.addAll(List.of("dir", directory)));
        line.addAll(Rights.of(Long.toString(spot.leader())).wordsFor(Rights.of("self")));
        line.add("--");
        line.addAll(words);
        return new ProcessBuilder(line);
    }

    private List<String> joining(List<String> groups) {
        List<String> line =
                new ArrayList<>(List.of(tools.shell().toString(), "-c", JOIN, NAME, Integer.toString(groups.size())));
        line.addAll(groups);
        return line;
    }

    /** With the task's user, and all that root may where that is root. */
    private ProcessBuilder byShell(Spot spot, Optional<String> sandbox, List<String> words)
            throws IOException, Unreachable {
        List<String> line = new ArrayList<>(List.of(tools.setsid().toString()));
        line.addAll(joining(Entrance.groups(spot)));
        List<String> entering = Entrance.byNsenter(spot);
        line.addAll(entering);
        if (!entering.isEmpty()) {
            line.addAll(List.of("/bin/sh", "-c", GO_THERE, NAME, sandbox.orElse("/")));
        }
        line.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(line);
        if (entering.isEmpty()) {
            sandbox.map(Path::of).filter(Files::isDirectory).ifPresent(path -> builder.directory(path.toFile()));
        }
        return builder;
    }

    /**
     * Where the servers of a task are reached: its first address of its own when it has a network of its own, else ours.
     *
     * @param loopback what reaches tasks that share our network
     */
    public static String address(long leader, String loopback) {
        try {
            return Entrance.same(leader, "ns/net")
                    ? loopback
                    : addresses(leader).stream().findFirst().orElse(loopback);
        } catch (IOException e) {
            return loopback;
        }
    }

    /** The local IPv4 addresses of its network that are no loopback ones. Source: {@code proc(5)}, {@code net/fib_trie}. */
    private static List<String> addresses(long leader) throws IOException {
        List<String> found = new ArrayList<>();
        String last = "";
        for (String line : Files.readAllLines(PROC.resolve(leader + "/net/fib_trie"))) {
            String text = line.strip();
            if (text.startsWith("|--") || text.startsWith("+--")) {
                last = text.substring(3).strip();
            } else if (text.equals("/32 host LOCAL") && !last.startsWith("127.") && !found.contains(last)) {
                found.add(last);
            }
        }
        return found;
    }

    /** SIGKILL to the process, everything in its session, and all it has started that has not left it. One walk over {@code /proc}. */
    public static void end(Process started) {
        if (started.isAlive()) {
            end(started.pid());
            started.destroyForcibly();
        } else {
            // Its pid may be somebody else's by now; not its session's number while anybody is in that.
            ProcFs.sessions(Set.of(started.pid())).stream()
                    .filter(left -> left.pid() != started.pid())
                    .forEach(left -> ProcessHandle.of(left.pid()).ifPresent(ProcessHandle::destroyForcibly));
        }
    }

    /** The same by the pid, which must still be its. */
    static void end(long started) {
        List<ProcFs.Stat> all = ProcFs.all();
        Set<Long> doomed = new HashSet<>(Set.of(started));
        boolean more = true;
        while (more) {
            more = false;
            for (ProcFs.Stat stat : all) {
                boolean belongs = doomed.contains(stat.parent()) || stat.session() == started;
                more |= belongs && doomed.add(stat.pid());
            }
        }
        all.stream()
                .filter(stat -> doomed.contains(stat.pid()) && !stat.isEnded())
                .forEach(stat -> ProcessHandle.of(stat.pid()).ifPresent(ProcessHandle::destroyForcibly));
    }

    /** To its first process alone; where that entered a namespace of processes, it is below what waits for it out here. */
    public static void signal(long started, int signal) throws IOException {
        List<String> line = new ArrayList<>(
                List.of("/bin/sh", "-c", "kill \"$@\"", NAME, "-" + signal, Long.toString(Entrance.command(started))));
        Process unused = unattached(new ProcessBuilder(line));
    }
}
