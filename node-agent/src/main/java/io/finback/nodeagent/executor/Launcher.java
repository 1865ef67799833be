package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.LinuxTools;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Containment.Init;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.CommandInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts task processes in two moves, so that a task never runs before the agent has its pid on disk, and its end can be read
 * exactly however much later (ADR 0003). Thread-safe; {@link #prepare} blocks for some milliseconds.
 *
 * <p>{@link #prepare} makes a shell, the <i>holder</i>, in a session of its own. The holder forks the process that will be the task,
 * says its pid, and becomes {@code sleep} for ever: a parent that never waits, so the ended task stays in the kernel with its exact
 * wait status, and its pid cannot be reused. The fork waits on a pipe whose other end only this JVM has. {@link #release} writes one
 * line into it: the fork notes in {@code begun} that the command is about to run and becomes the command, in a second session and
 * process group of which it is the leader. If instead the pipe closes ({@link #discard}, or this JVM dies), the fork kills the
 * holder and ends; the command never runs.
 *
 * <p>The fork must wait until the holder has become {@code sleep}: as long as it is a shell, it may reap its children (dash does
 * while it waits for another one, bash at any time), and the status would be lost.
 */
public final class Launcher {
    private static final Logger log = LoggerFactory.getLogger(Launcher.class);

    /**
     * Nothing is ever spliced into this text; commands, names and paths are arguments and environment. Begins with the ends of two
     * pipes as 5 and 6, from {@link LogScript}, which become the task's stdout and stderr.
     */
    private static final String HOLDER = """
            begun=$1 sleep=$2; shift 2
            exec 3<&0 4>&1
            { IFS= read -r go <&3 && : >"$begun" && exec "$@" 3<&- 4>&- 5>&- 6>&-; kill -KILL $$; exit 1; } </dev/null >&5 2>&6 &
            echo $$ $! >&4
            cd /
            exec "$sleep" 2147483647 </dev/null >/dev/null 2>&1 3<&- 4>&- 5>&- 6>&-
            """;

    /**
     * The same in a shell whose children live in a PID namespace of their own, while it does not itself. The first child is the
     * namespace's init: it is ended with the holder, everything in the namespace with it, and the kernel takes in orphans for it.
     * The second will be the task: a child of the holder, but not the first process, which could ignore signals. In there it cannot
     * name the holder: should its gate close, it ends, and the next agent ends the holder.
     */
    private static final String HOLDER_OF_OWN_PIDS = """
            begun=$1 sleep=$2 env=$3 setpriv=$4; shift 4
            exec 3<&0 4>&1
            exec "$setpriv" --pdeathsig KILL "$env" --ignore-signal=CHLD "$sleep" 2147483647 \
              </dev/null >/dev/null 2>&1 3<&- 4>&- 5>&- 6>&- &
            init=$!
            { IFS= read -r go <&3 && : >"$begun" && exec "$@" 3<&- 4>&- 5>&- 6>&-; exit 1; } </dev/null >&5 2>&6 &
            echo $$ $! $init >&4
            cd /
            exec "$sleep" 2147483647 </dev/null >/dev/null 2>&1 3<&- 4>&- 5>&- 6>&-
            """;

    /** What {@link #HOLDER} sleeps for: a holder is found by it. */
    public static final String FOR_EVER = "2147483647";

    private static final long BECOMES_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Tools tools;
    private final String bootId;
    private final String hostname;
    private final Map<String, String> agentEnvironment;
    private final LogScript logs;
    private final Map<Long, Gate> gates = new ConcurrentHashMap<>();

    /** What a prepared process waits for. */
    private record Gate(OutputStream pipe, ProcessRef waiting) {
        void close() {
            try {
                pipe.close();
            } catch (IOException e) {
                log.debug("task.gate_close reason={}", e.getMessage());
            }
        }
    }

    public Launcher(
            Tools tools, LogLimits logLimits, String bootId, String hostname, Map<String, String> agentEnvironment) {
        this.tools = tools;
        this.logs = new LogScript(tools, logLimits);
        this.bootId = bootId;
        this.hostname = hostname;
        this.agentEnvironment = Map.copyOf(agentEnvironment);
    }

    /** Makes a process that waits to become the task; the containment it has then is that of its wrap. */
    ProcessRef prepare(ContainerSpec spec, Wrap wrap) throws LaunchFailure {
        TaskEnvironment environment = TaskEnvironment.of(spec, hostname, agentEnvironment);
        ProcessBuilder builder = new ProcessBuilder(commandLine(spec, environment, wrap))
                .directory(spec.sandbox().toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        spec.sandbox().resolve("stderr").toFile()));
        builder.environment().clear();
        Process process;
        try {
            LogScript.removeNames(spec);
            builder.environment().putAll(environment.exported());
            process = builder.start();
        } catch (IOException | IllegalArgumentException e) {
            throw new LaunchFailure("cannot start a process", e);
        }
        try {
            ProcessRef ref = pids(process, wrap);
            LogScript.removeNames(spec);
            gates.put(ref.holderPid(), new Gate(process.getOutputStream(), ref));
            return ref;
        } catch (IOException e) {
            process.destroyForcibly();
            throw new LaunchFailure("cannot remove the names of its pipes", e);
        } catch (LaunchFailure | RuntimeException e) {
            // The pipe closes with it; what waits at its other end ends.
            process.destroyForcibly();
            throw e;
        }
    }

    /** Lets a prepared process become its task. False when its waiting end is gone; then the command never runs. */
    boolean release(ProcessRef prepared) {
        Gate gate = gates.remove(prepared.holderPid());
        if (gate == null) {
            return false;
        }
        try (OutputStream pipe = gate.pipe()) {
            pipe.write("go\n".getBytes(StandardCharsets.US_ASCII));
            pipe.flush();
            return true;
        } catch (IOException e) {
            log.warn("task.release_failed pid={} reason={}", prepared.pid(), e.getMessage());
            return false;
        }
    }

    /** Ends a prepared process whose task must not run; its holder ends by itself unless it cannot be named from inside. */
    void discard(ProcessRef prepared) {
        Gate gate = gates.remove(prepared.holderPid());
        if (gate != null) {
            gate.close();
        }
    }

    /** Ends every prepared process that was not released: for an owner that starts anew. Returns them. */
    List<ProcessRef> discardAll() {
        List<ProcessRef> discarded = new ArrayList<>();
        for (Long holder : List.copyOf(gates.keySet())) {
            Gate gate = gates.remove(holder);
            if (gate != null) {
                gate.close();
                discarded.add(gate.waiting());
            }
        }
        return discarded;
    }

    private List<String> commandLine(ContainerSpec spec, TaskEnvironment environment, Wrap wrap) throws LaunchFailure {
        List<String> line = new ArrayList<>();
        line.add(tools.setsid().toString());
        try {
            line.addAll(logs.before(spec));
        } catch (IllegalArgumentException e) {
            throw new LaunchFailure("command.environment", e);
        }
        line.addAll(holder(spec, wrap));
        line.add(tools.setsid().toString());
        line.addAll(wrap.arguments());
        // Last, so that what the task sets (LD_PRELOAD) means nothing to the programs before it, which may be root.
        List<String> assignments = environment.assignments();
        if (!tools.resetSignals().isEmpty() || !assignments.isEmpty()) {
            line.add(tools.env().toString());
            line.addAll(tools.resetSignals());
            line.addAll(assignments);
        }
        CommandInfo command = spec.task().command();
        line.addAll(command.shell() ? List.of(tools.shell().toString(), "-c", command.value()) : command.arguments());
        return line;
    }

    private List<String> holder(ContainerSpec spec, Wrap wrap) {
        String shell = tools.shell().toString();
        String begun = spec.begun().toString();
        String sleep = tools.sleep().toString();
        LinuxTools linux = tools.linux();
        return wrap.ownPids()
                ? List.of(
                        linux.unshare().orElseThrow().toString(),
                        "--pid",
                        shell,
                        "-c",
                        HOLDER_OF_OWN_PIDS,
                        "finback-holder",
                        begun,
                        sleep,
                        tools.env().toString(),
                        linux.setpriv().orElseThrow().toString())
                : List.of(shell, "-c", HOLDER, "finback-holder", begun, sleep);
    }

    private ProcessRef pids(Process process, Wrap wrap) throws LaunchFailure {
        String said;
        // Not closed on failure paths only: the pipe's other ends close when the holder becomes sleep.
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            said = reader.readLine();
        } catch (IOException e) {
            throw new LaunchFailure("the holder said nothing", e);
        }
        String[] pids = said == null ? new String[0] : said.strip().split(" ", -1);
        if (pids.length != (wrap.ownPids() ? 3 : 2)) {
            throw new LaunchFailure("the holder ended at once (expected: its pids; see stderr in the sandbox)");
        }
        long holder = Long.parseLong(pids[0]);
        long task = Long.parseLong(pids[1]);
        awaitSleep(holder);
        ProcFs.Stat holderStat = ProcFs.stat(holder).orElseThrow(() -> gone("holder"));
        ProcFs.Stat taskStat = ProcFs.stat(task)
                .filter(stat -> !stat.isEnded() && stat.parent() == holder)
                .orElseThrow(() -> gone("task's process"));
        Optional<Init> init = Optional.empty();
        if (wrap.ownPids()) {
            ProcFs.Stat initStat = ProcFs.stat(Long.parseLong(pids[2]))
                    .filter(stat -> !stat.isEnded() && stat.parent() == holder)
                    .orElseThrow(() -> gone("first process of its PID namespace"));
            init = Optional.of(new Init(initStat.pid(), initStat.startTicks()));
        }
        return new ProcessRef(bootId, task, taskStat.startTicks(), holder, holderStat.startTicks())
                .in(new Containment(Map.of(), init, wrap.namespaces()));
    }

    private void awaitSleep(long holder) throws LaunchFailure {
        String name = tools.sleep().getFileName().toString();
        String expected = name.substring(0, Math.min(15, name.length()));
        long deadline = System.nanoTime() + BECOMES_SLEEP_NANOS;
        while (true) {
            String program = ProcFs.program(holder).orElseThrow(() -> gone("holder"));
            if (program.equals(expected)) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new LaunchFailure("the holder still runs " + program + " (expected: " + expected + ")");
            }
            LockSupport.parkNanos(200_000);
        }
    }

    private static LaunchFailure gone(String who) {
        return new LaunchFailure(
                "the " + who
                        + " ended before the task was released (expected: it waits; is the sandbox writable, the process limit reached?)");
    }
}
