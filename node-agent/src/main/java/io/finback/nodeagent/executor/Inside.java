package io.finback.nodeagent.executor;

import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /** A namespace, and the option of {@code nsenter} for it; the mounts last, since it is the one that moves paths. */
    private static final Map<String, String> NAMESPACES = namespaces();

    private final Tools tools;

    public Inside(Tools tools) {
        this.tools = tools;
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
        return builder(leader, command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** As {@link #start}, with its input and outputs in the hands of the caller. */
    public Process startAttached(long leader, CommandInfo command) throws IOException, Unreachable {
        return builder(leader, command).start();
    }

    private ProcessBuilder builder(long leader, CommandInfo command) throws IOException, Unreachable {
        Map<String, String> environment = new LinkedHashMap<>();
        for (String entry : ProcFs.environment(leader)) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        if (environment.isEmpty()) {
            throw new Unreachable("process " + leader + ": gone, or its environment may not be read");
        }
        environment.putAll(command.environment());
        List<String> line = new ArrayList<>(
                List.of(tools.setsid().toString(), tools.shell().toString(), "-c", JOIN, "finback-inside"));
        List<String> groups = groups(leader);
        line.add(Integer.toString(groups.size()));
        line.addAll(groups);
        Optional<String> sandbox = Optional.ofNullable(environment.get("MESOS_SANDBOX"));
        List<String> entering = entering(leader);
        line.addAll(entering);
        if (!entering.isEmpty()) {
            line.addAll(List.of("/bin/sh", "-c", GO_THERE, "finback-inside", sandbox.orElse("/")));
        }
        if (command.shell()) {
            line.addAll(List.of("/bin/sh", "-c", command.value()));
        } else {
            line.addAll(command.arguments());
        }
        ProcessBuilder builder = new ProcessBuilder(line);
        if (entering.isEmpty()) {
            sandbox.map(Path::of).filter(Files::isDirectory).ifPresent(path -> builder.directory(path.toFile()));
        }
        builder.environment().clear();
        try {
            builder.environment().putAll(environment);
        } catch (IllegalArgumentException e) {
            throw new Unreachable("environment: " + e.getMessage());
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

    /** SIGKILL to the process and everything in its session. One walk over {@code /proc}. */
    public static void end(Process started) {
        ProcFs.sessions(Set.of(started.pid()))
                .forEach(member -> ProcessHandle.of(member.pid()).ifPresent(ProcessHandle::destroyForcibly));
        started.destroyForcibly();
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
        Owner owner = owner(leader);
        if (owner.uid() != owner(ProcessHandle.current().pid()).uid()) {
            options.addAll(List.of("-S", Long.toString(owner.uid()), "-G", Long.toString(owner.gid())));
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

    private record Owner(long uid, long gid) {}

    private static Owner owner(long pid) throws IOException {
        long uid = 0;
        long gid = 0;
        for (String line : Files.readAllLines(PROC.resolve(pid + "/status"))) {
            if (line.startsWith("Uid:")) {
                uid = Long.parseLong(line.split("\\s+", -1)[2]);
            } else if (line.startsWith("Gid:")) {
                gid = Long.parseLong(line.split("\\s+", -1)[2]);
            }
        }
        return new Owner(uid, gid);
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
