package io.finback.nodeagent.executor;

import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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

    /** A namespace, and the option of {@code nsenter} for it; the mounts last, since it is the one that moves paths. */
    private static final Map<String, String> NAMESPACES = namespaces();

    /** Programs that wait out here for what they have started in a namespace of processes. */
    private static final Set<String> ENTERING = Set.of("nsenter", "finback-beside");

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
        return unattached(builder(leader, command, List.of()));
    }

    /**
     * A line for somebody else to start, with its environment and outputs where that puts them. It leads no session.
     *
     * @param path where below the sandbox it is to be; exists when it is started
     */
    ProcessBuilder line(long leader, CommandInfo command, List<String> path) throws IOException, Unreachable {
        ProcessBuilder builder = builder(leader, command, path);
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
        return startAttached(leader, command, List.of());
    }

    /** As {@link #startAttached(long, CommandInfo)}, at {@code path} below the sandbox. */
    public Process startAttached(long leader, CommandInfo command, List<String> path) throws IOException, Unreachable {
        return builder(leader, command, path).start();
    }

    /** As {@link #startAttached}, on a terminal of its own; what it prints is all on its output. */
    public Process startOnTerminal(long leader, CommandInfo command, List<String> path, Tty size)
            throws IOException, Unreachable {
        Map<String, String> environment = new LinkedHashMap<>(command.environment());
        environment.putIfAbsent("TERM", "xterm");
        ProcessBuilder builder = builder(leader, command.withEnvironment(environment), path);
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

    private ProcessBuilder builder(long leader, CommandInfo command, List<String> path)
            throws IOException, Unreachable {
        List<String> words = words(command);
        Optional<List<String>> through =
                door.into(leader, command.environment(), Path.of("", path.toArray(String[]::new)), words);
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
                ? byProgram(tools.holder().get(), leader, sandbox, words)
                : byShell(leader, sandbox, assigning(split, words));
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
            HolderProgram program, long leader, Optional<String> sandbox, List<String> words) throws IOException {
        List<String> line = new ArrayList<>(List.of(program.file().toString(), "enter"));
        groups(leader).forEach(file -> line.addAll(List.of("group", file)));
        for (String namespace : NAMESPACES.keySet()) {
            if (!same(leader, "ns/" + namespace)) {
                if (namespace.equals("pid")) {
                    line.add("pid");
                }
                line.addAll(
                        List.of("ns", PROC.resolve(leader + "/ns/" + namespace).toString()));
            }
        }
        sandbox.ifPresent(directory -> line.addAll(List.of("dir", directory)));
        line.addAll(Rights.of(Long.toString(leader)).wordsFor(Rights.of("self")));
        line.add("--");
        line.addAll(words);
        return new ProcessBuilder(line);
    }

    /** With the task's user, and all that root may where that is root. */
    private ProcessBuilder byShell(long leader, Optional<String> sandbox, List<String> words)
            throws IOException, Unreachable {
        List<String> line =
                new ArrayList<>(List.of(tools.setsid().toString(), tools.shell().toString(), "-c", JOIN, NAME));
        List<String> groups = groups(leader);
        line.add(Integer.toString(groups.size()));
        line.addAll(groups);
        List<String> entering = entering(leader);
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
            return same(leader, "ns/net")
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
        end(started.pid());
        started.destroyForcibly();
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

    /** To its first process alone; where that entered a namespace of processes, it is the child of what waits for it out here. */
    public static void signal(long started, int signal) throws IOException {
        List<Long> children =
                ProcFs.program(started).filter(ENTERING::contains).isPresent() ? ProcFs.children(started) : List.of();
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", "kill \"$@\"", NAME, "-" + signal));
        for (long pid : children.isEmpty() ? List.of(started) : children) {
            line.add(Long.toString(pid));
        }
        Process unused = unattached(new ProcessBuilder(line));
    }

    /** The {@code cgroup.procs} of every control group that is the task's and not ours. */
    private static List<String> groups(long leader) throws IOException {
        Set<String> ours = Set.copyOf(Files.readAllLines(PROC.resolve("self/cgroup")));
        List<String> files = new ArrayList<>();
        for (String line : Files.readAllLines(PROC.resolve(leader + "/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3 || ours.contains(line)) {
                continue;
            }
            mount(parts[1])
                    .map(mount -> mount + parts[2] + "/cgroup.procs")
                    .filter(file -> Files.isWritable(Path.of(file)))
                    .ifPresent(files::add);
        }
        return files;
    }

    /** Where a hierarchy is mounted, by the controllers it is named by; empty: the unified one. */
    private static Optional<String> mount(String controllers) {
        if (controllers.isEmpty()) {
            return List.of("/sys/fs/cgroup/unified", "/sys/fs/cgroup").stream()
                    .filter(path -> Files.exists(Path.of(path, "cgroup.controllers")))
                    .findFirst();
        }
        String name = controllers.startsWith("name=") ? controllers.substring("name=".length()) : controllers;
        return List.of(name, name.replace(',', '_')).stream()
                .map(directory -> "/sys/fs/cgroup/" + directory)
                .filter(path -> Files.isDirectory(Path.of(path)))
                .findFirst();
    }

    /** {@code nsenter} with what is different there; empty when nothing is. */
    private static List<String> entering(long leader) throws IOException, Unreachable {
        List<String> options = new ArrayList<>();
        for (Map.Entry<String, String> namespace : NAMESPACES.entrySet()) {
            if (!same(leader, "ns/" + namespace.getKey())) {
                options.add(namespace.getValue());
            }
        }
        Rights theirs = Rights.of(Long.toString(leader));
        if (!theirs.uid().equals(Rights.of("self").uid())) {
            options.addAll(List.of("-S", theirs.uid(), "-G", theirs.gid()));
        }
        if (options.isEmpty()) {
            return options;
        }
        Path program = List.of("/usr/bin/nsenter", "/bin/nsenter", "/usr/sbin/nsenter").stream()
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new Unreachable("nsenter: not found (expected: util-linux has it)"));
        List<String> line = new ArrayList<>(List.of(program.toString(), "-t", Long.toString(leader)));
        line.addAll(options);
        line.add("--");
        return line;
    }

    private static boolean same(long leader, String link) throws IOException {
        Path ours = PROC.resolve("self").resolve(link);
        Path theirs = PROC.resolve(Long.toString(leader)).resolve(link);
        return !Files.exists(ours, LinkOption.NOFOLLOW_LINKS)
                || Files.readSymbolicLink(ours).equals(Files.readSymbolicLink(theirs));
    }

    private static Map<String, String> namespaces() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("ipc", "-i");
        all.put("uts", "-u");
        all.put("net", "-n");
        all.put("pid", "-p");
        all.put("mnt", "-m");
        return all;
    }
}
