package io.finback.nodeagent.oci;

import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.LogScript;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Containment.Init;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.ContainerInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Has a runtime make a container that waits to be started, under a holder that keeps its end, as plain commands have one (ADR 0003,
 * 0019). Thread-safe; blocks.
 *
 * <p>A runtime leaves a container to whoever adopts orphans. So the holder's children live in a PID namespace A, whose first process
 * sleeps for ever and never waits: the runtime runs in A and ends, the container's first process becomes a child of that sleeper, and
 * its exact wait status stays in the kernel until the holder is ended. The container's own processes live in a namespace B within A,
 * whose first process the kernel reaps orphans for: so the task is not process 1, which could ignore SIGTERM, and its orphans are no
 * litter; everything in B ends with that first process.
 */
final class Maker {
    /** Nothing is ever spliced into these texts. Begins with the ends of the loggers' pipes as 5 and 6. */
    private static final String HOLDER = """
            sleep=$1 setpriv=$2 env=$3 unshare=$4; shift 4
            exec 4>&1
            "$setpriv" --pdeathsig KILL "$sleep" 2147483647 </dev/null >/dev/null 2>&1 4>&- 5>&- 6>&- &
            init=$!
            "$unshare" --mount --propagation slave --mount-proc "$@" </dev/null >&5 2>&6 4>&- 5>&- 6>&-
            status=$?
            if [ "$status" != 0 ]; then kill -KILL "$init"; echo "failed $status" >&4; exit 1; fi
            echo $$ "$init" >&4
            cd /
            exec "$sleep" 2147483647 </dev/null >/dev/null 2>&1 4>&- 5>&- 6>&-
            """;

    /** The same for a container that sees the machine's processes: it adopts the container itself, and what that leaves (words "adopt"). */
    private static final String HOLDER_OF_SHARED_PIDS = """
            sleep=$1 unshare=$2; shift 2
            exec 4>&1
            "$unshare" --mount --propagation slave "$@" </dev/null >&5 2>&6 4>&- 5>&- 6>&-
            status=$?
            if [ "$status" != 0 ]; then echo "failed $status" >&4; exit 1; fi
            echo $$ $$ >&4
            cd /
            exec "$sleep" 2147483647 </dev/null >/dev/null 2>&1 4>&- 5>&- 6>&-
            """;

    /** Runs in A, in mounts of its own that go when it ends: what the container has mounted stays with the container. */
    private static final String MAKE = """
            bundle=$1 container=$2 runtime=$3 mount=$4 unshare=$5 env=$6 sleep=$7 lower=$8 layers=$9; shift 9
            if [ -z "$4" ]; then
            inside=$("$unshare" --pid "$1" -c '"$@" </dev/null >/dev/null 2>&1 & echo $!' inside \
              "$env" --ignore-signal=CHLD "$sleep" 2147483647 2>"$bundle/create.log") || exit 1
            echo "$inside" >"$bundle/inside"
            "$mount" --bind "/proc/$inside/ns/pid" "$bundle/pidns" 2>"$bundle/create.log" || exit 1
            fi
            if [ -n "$lower" ]; then
              cd "$layers" || exit 1
              LIBMOUNT_FORCE_MOUNT2=always "$mount" -t overlay overlay \
                -o "lowerdir=$lower,upperdir=$2/upper,workdir=$2/work" "$2/rootfs" 2>"$bundle/create.log" || exit 1
            fi
            cd "$bundle" || exit 1
            exec "$runtime" --root "$bundle/state" --log "$bundle/create.log" create \
              ${3:+--console-socket "$3"} --bundle "$bundle" --pid-file "$bundle/pid" "$container"
            """;

    /** A runtime that takes longer than this hangs. */
    private static final long LIMIT_SECONDS = 60;

    private static final int MAX_LOG_BYTES = 16 * 1024;

    private final OciRuntime runtime;
    private final Tools tools;
    private final LogScript logs;
    private final String bootId;

    Maker(OciRuntime runtime, Tools tools, LogScript logs, String bootId) {
        this.runtime = runtime;
        this.tools = tools;
        this.logs = logs;
        this.bootId = bootId;
    }

    /**
     * Makes it. Nothing of one that fails is left but its bundle.
     *
     * @param lower the layers of an overlay, relative to {@code layers}; empty: {@code rootfs} is filled already
     */
    ProcessRef make(ContainerSpec spec, Path bundle, String lower, Path layers) throws LaunchFailure {
        ProcessBuilder builder = new ProcessBuilder(line(spec, bundle, lower, layers))
                .directory(spec.sandbox().toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        spec.sandbox().resolve("stderr").toFile()));
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        // By the end of this a holder without a task is found.
        builder.environment()
                .put(
                        "MESOS_DIRECTORY",
                        spec.sandbox().resolveSibling(spec.container()).toString());
        Process process;
        try {
            LogScript.removeNames(spec.begun());
            Files.createFile(bundle.resolve("pidns"));
            process = builder.start();
        } catch (IOException e) {
            throw new LaunchFailure("cannot start a process", e);
        }
        CompletableFuture<Process> late = process.onExit();
        var unused = late.completeOnTimeout(process, LIMIT_SECONDS, TimeUnit.SECONDS)
                .thenAccept(hung -> {
                    // Of one that has ended by itself this would close what it said before anybody has read it.
                    if (hung.isAlive() && !saidIt(hung)) {
                        hung.destroyForcibly();
                    }
                });
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            String said = reader.readLine();
            LogScript.removeNames(spec.begun());
            if (said == null || said.startsWith("failed")) {
                throw new LaunchFailure(runtime.program().getFileName() + " cannot make the container: " + why(bundle));
            }
            String[] pids = said.strip().split(" ", -1);
            return ref(bundle, Long.parseLong(pids[0]), Long.parseLong(pids[1]));
        } catch (IOException | NumberFormatException e) {
            abandon(process, bundle);
            throw new LaunchFailure("the holder said nothing", e);
        } catch (LaunchFailure e) {
            abandon(process, bundle);
            throw e;
        }
    }

    /** Where there is no namespace that would end with the holder, what waits in the container has to be ended by itself. */
    private static void abandon(Process holder, Path bundle) {
        try {
            for (ProcFs.Stat stat : ProcFs.all()) {
                if (stat.parent() == holder.pid() && Files.exists(bundle.resolve("pid"))) {
                    ProcessHandle.of(stat.pid())
                            .filter(child -> namespaceNumber(child.pid(), bundle))
                            .ifPresent(ProcessHandle::destroyForcibly);
                }
            }
        } finally {
            holder.destroyForcibly();
        }
    }

    private static boolean namespaceNumber(long pid, Path bundle) {
        try {
            return ProcFs.namespacePids(pid).contains(number(bundle.resolve("pid")));
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }

    /** Whether a container may have a terminal, or the machine's processes. */
    boolean hasProgram() {
        return logs.hasProgram();
    }

    /** The holder says its pids and becomes another program; before that it is a shell. */
    private static boolean saidIt(Process holder) {
        return ProcFs.arguments(holder.pid()).contains(Launcher.FOR_EVER)
                && !ProcFs.arguments(holder.pid()).contains("-c");
    }

    private List<String> line(ContainerSpec spec, Path bundle, String lower, Path layers) throws LaunchFailure {
        List<String> line = new ArrayList<>();
        line.add(tools.setsid().toString());
        ContainerInfo container = spec.task().options().container().orElseThrow();
        boolean shared = Bundles.sharesPids(container);
        try {
            line.addAll(
                    container.tty().isPresent()
                            ? logs.onTerminal(spec, container.tty().get(), bundle)
                            : logs.before(spec));
        } catch (IllegalArgumentException e) {
            throw new LaunchFailure("command.environment", e);
        }
        String shell = tools.shell().toString();
        if (shared) {
            line.addAll(logs.adopting());
            line.addAll(List.of(
                    shell,
                    "-c",
                    HOLDER_OF_SHARED_PIDS,
                    "finback-holder",
                    tools.sleep().toString(),
                    runtime.unshare().toString()));
        } else {
            line.addAll(List.of(
                    runtime.unshare().toString(),
                    "--pid",
                    shell,
                    "-c",
                    HOLDER,
                    "finback-holder",
                    tools.sleep().toString(),
                    runtime.setpriv().toString(),
                    runtime.env().toString(),
                    runtime.unshare().toString()));
        }
        line.addAll(List.of(
                shell,
                "-c",
                MAKE,
                "finback-make",
                bundle.toString(),
                spec.container(),
                runtime.program().toString(),
                runtime.mount().toString(),
                runtime.unshare().toString(),
                runtime.env().toString(),
                tools.sleep().toString(),
                lower,
                layers.toString(),
                shell,
                // An overlay's options know no way to say a comma or a colon in a path that all kernels understand.
                layers.relativize(bundle).toString(),
                container.tty().isPresent() ? LogScript.CONSOLE : "",
                shared ? "shared" : ""));
        return line;
    }

    private ProcessRef ref(Path bundle, long holder, long init) throws LaunchFailure {
        ProcFs.Stat holderStat = ProcFs.stat(holder).orElseThrow(() -> gone("holder"));
        try {
            ProcFs.Stat task = child(init, number(bundle.resolve("pid"))).orElseThrow(() -> gone("container"));
            // Who is its own first process has made no namespace.
            Optional<Init> inside = init == holder
                    ? Optional.empty()
                    : Optional.of(child(init, number(bundle.resolve("inside")))
                            .map(stat -> new Init(stat.pid(), stat.startTicks()))
                            .orElseThrow(() -> gone("container's PID namespace")));
            return new ProcessRef(bootId, task.pid(), task.startTicks(), holder, holderStat.startTicks())
                    .in(new Containment(
                            Map.of(),
                            inside,
                            inside.isPresent() ? Set.of("mnt", "pid") : Set.of("mnt"),
                            Optional.of(bundle.toString())));
        } catch (IOException | NumberFormatException e) {
            throw new LaunchFailure("the runtime did not say its pid", e);
        }
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    /** The child of {@code init} that is called {@code number} in its own namespace. */
    private static Optional<ProcFs.Stat> child(long init, long number) throws IOException {
        for (long pid : ProcFs.children(init)) {
            if (ProcFs.namespacePids(pid).contains(number)) {
                return ProcFs.stat(pid).filter(stat -> !stat.isEnded());
            }
        }
        return Optional.empty();
    }

    /** What the runtime wrote last. */
    static String why(Path bundle) {
        for (String name : List.of("start.log", "create.log")) {
            try (var in = Files.newInputStream(bundle.resolve(name))) {
                String text = new String(in.readNBytes(MAX_LOG_BYTES), StandardCharsets.UTF_8).strip();
                if (!text.isEmpty()) {
                    String last = text.substring(text.lastIndexOf('\n') + 1);
                    // logrus: time="…" level=error msg="…"
                    int message = last.indexOf("msg=\"");
                    return message < 0 ? last : last.substring(message + 5).replaceFirst("\"$", "");
                }
            } catch (IOException e) {
                // The next one may be there.
            }
        }
        return "it does not say why (see stderr in the sandbox)";
    }

    private static LaunchFailure gone(String who) {
        return new LaunchFailure("the " + who + " ended before the task was released (expected: it waits)");
    }

    /** Starts what was made. Returns why not; empty when it runs. Blocks. */
    Optional<String> start(ProcessRef made, String container) {
        Path bundle = Path.of(made.bundle().orElseThrow());
        try {
            Process starting = new ProcessBuilder(command(made, bundle, "start.log", List.of("start", container)))
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(bundle.resolve("start.out").toFile())
                    .start();
            if (!starting.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                starting.destroyForcibly();
                return Optional.of(
                        runtime.program().getFileName() + " did not start it within " + LIMIT_SECONDS + " s");
            }
            return starting.exitValue() == 0
                    ? Optional.empty()
                    : Optional.of(runtime.program().getFileName() + " cannot start it: " + why(bundle));
        } catch (IOException e) {
            return Optional.of("the runtime cannot be run: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted while it was started");
        }
    }

    /**
     * What makes an {@code exec} start in a group beneath the container's. Nothing for crun with version 1, which would want it in every
     * hierarchy.
     *
     * @param container the container's groups, by hierarchy
     */
    List<String> intoGroup(ContainerGroup group, Map<String, String> container) {
        Map.Entry<String, String> one =
                group.directories().entrySet().iterator().next();
        String around = container.get(one.getKey());
        if (around == null) {
            return List.of();
        }
        String below = Path.of(around).relativize(Path.of(one.getValue())).toString();
        if (group.isUnified()) {
            return List.of("--cgroup", below);
        }
        return runtime.version().startsWith("crun") ? List.of() : List.of("--cgroup", one.getKey() + ":" + below);
    }

    /** A call of the runtime where it sees the container as it made it: in A, with A's own {@code /proc}. */
    List<String> command(ProcessRef made, Path bundle, String log, List<String> call) {
        long init = ProcFs.stat(made.pid()).map(ProcFs.Stat::parent).orElse(0L);
        List<String> line = new ArrayList<>(List.of(
                runtime.nsenter().toString(),
                "-t",
                Long.toString(init),
                "--pid",
                "--",
                runtime.unshare().toString(),
                "--mount",
                "--propagation",
                "slave",
                "--mount-proc",
                runtime.program().toString(),
                "--root",
                bundle.resolve("state").toString(),
                "--log",
                bundle.resolve(log).toString()));
        line.addAll(call);
        return line;
    }
}
