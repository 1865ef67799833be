package io.finback.nodeagent.executor;

import io.finback.nodeagent.cgroup.ContainerGroup;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** How a process comes to be where another one is, as the kernel shows that. Thread-safe; a few small reads each. */
final class Entrance {
    private static final Path PROC = Path.of("/proc");

    /** A namespace, and the option of {@code nsenter} for it; the mounts last, since it is the one that moves paths. */
    private static final Map<String, String> NAMESPACES = namespaces();

    /** Programs that wait out here for what they have started in a namespace of processes. */
    private static final Set<String> ENTERING = Set.of("nsenter", "finback-beside");

    /** Beside the command, in the namespace it has of its own. */
    private static final String INIT = "finback-init";

    private static final int LOOKS = 400;
    private static final long BETWEEN_LOOKS_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private Entrance() {}

    /** What the holder program is told ({@code src/main/native/holder.c}, "enter"). */
    static List<String> words(Spot spot) throws IOException {
        List<String> words = new ArrayList<>();
        groups(spot).forEach(file -> words.addAll(List.of("group", file)));
        for (String namespace : NAMESPACES.keySet()) {
            if (!same(spot.within(), "ns/" + namespace)) {
                if (namespace.equals("pid")) {
                    words.add("pid");
                }
                words.addAll(List.of(
                        "ns", PROC.resolve(spot.within() + "/ns/" + namespace).toString()));
            }
        }
        switch (spot.apart()) {
            case PIDS -> words.add("apart");
            case PIDS_AND_MOUNTS -> words.addAll(List.of("apart", "mnt", "proc"));
            case NONE -> {}
        }
        return words;
    }

    /** The {@code cgroup.procs} of every control group that is the task's and not ours, then that of its own. */
    static List<String> groups(Spot spot) throws IOException {
        Set<String> ours = Set.copyOf(Files.readAllLines(PROC.resolve("self/cgroup")));
        List<String> files = new ArrayList<>();
        for (String line : Files.readAllLines(PROC.resolve(spot.leader() + "/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3 || ours.contains(line)) {
                continue;
            }
            mount(parts[1])
                    .map(mount -> mount + parts[2] + "/cgroup.procs")
                    .filter(file -> Files.isWritable(Path.of(file)))
                    .ifPresent(files::add);
        }
        spot.group().map(ContainerGroup::procs).orElse(List.of()).forEach(file -> files.add(file.toString()));
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
    static List<String> byNsenter(Spot spot) throws IOException, Inside.Unreachable {
        List<String> options = new ArrayList<>();
        for (Map.Entry<String, String> namespace : NAMESPACES.entrySet()) {
            if (!same(spot.within(), "ns/" + namespace.getKey())) {
                options.add(namespace.getValue());
            }
        }
        Rights theirs = Rights.of(Long.toString(spot.leader()));
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
                .orElseThrow(() -> new Inside.Unreachable("nsenter: not found (expected: util-linux has it)"));
        List<String> line = new ArrayList<>(List.of(program.toString(), "-t", Long.toString(spot.within())));
        line.addAll(options);
        line.add("--");
        return line;
    }

    /** The command that was started, out of those that wait out here for it; the last that is there while it is being made. */
    static long command(long started) throws IOException {
        long at = started;
        while (ProcFs.program(at).filter(ENTERING::contains).isPresent()) {
            Optional<Long> next = ProcFs.children(at).stream()
                    .filter(child -> ProcFs.program(child).filter(INIT::equals).isEmpty())
                    .findFirst();
            if (next.isEmpty()) {
                break;
            }
            at = next.get();
        }
        return at;
    }

    /**
     * The command that a nested container has become, once it has namespaces of processes (and mounts) of its own. Waits for a little
     * while: until then it is still where the agent is, and who went where it is would be as well.
     */
    static long arrived(long started, long leader, Set<String> namespaces) throws IOException, Inside.Unreachable {
        for (int look = 0; look < LOOKS; look++) {
            long command = command(started);
            boolean apart = true;
            for (String namespace : namespaces) {
                Path own = PROC.resolve(command + "/ns/" + namespace);
                Path around = PROC.resolve(leader + "/ns/" + namespace);
                apart &= !same(command, "ns/" + namespace)
                        && !Files.readSymbolicLink(own).equals(Files.readSymbolicLink(around));
            }
            if (apart) {
                return command;
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
        }
        throw new Inside.Unreachable(
                "the container it is to be in has not become its command yet (expected: it has; try again)");
    }

    /** Whether we and the process have the same. */
    static boolean same(long pid, String link) throws IOException {
        Path ours = PROC.resolve("self").resolve(link);
        Path theirs = PROC.resolve(Long.toString(pid)).resolve(link);
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
