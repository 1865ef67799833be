package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Containment.Init;
import io.finback.nodeagent.task.ProcessRef;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts task processes in two moves, so that a task never runs before the agent has its pid on disk, and its end can be read
 * exactly however much later (ADR 0003). Thread-safe; {@link #prepare} blocks for some milliseconds.
 *
 * <p>{@link #prepare} makes the <i>holder</i>, in a session of its own ({@link Holders} has two ways). The holder forks the process that
 * will be the task, says its pid, and never waits for it: so the ended task stays in the kernel with its exact wait status, and its
 * pid cannot be reused. The fork waits for a pipe whose other end only this JVM has. {@link #release} writes one line into it: a file
 * {@code begun} says that the command is about to run, and the fork becomes the command, leader of a second session and process
 * group. If instead the pipe closes ({@link #discard}, or this JVM dies), holder and fork end; the command never runs.
 */
public final class Launcher {
    private static final Logger log = LoggerFactory.getLogger(Launcher.class);

    /** The first argument of every holder (one of them sleeps for so long): they are found by it. */
    public static final String FOR_EVER = "2147483647";

    private final Holders holders;
    private final String bootId;
    private final String hostname;
    private final Map<String, String> agentEnvironment;
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
        this.holders = Holders.of(tools, logLimits);
        this.bootId = bootId;
        this.hostname = hostname;
        this.agentEnvironment = Map.copyOf(agentEnvironment);
    }

    /** Whether tasks may have terminals. */
    boolean hasTerminals() {
        return holders.hasTerminals();
    }

    /** Makes a process that waits to become the task; the containment it has then is that of its wrap. */
    ProcessRef prepare(ContainerSpec spec, Wrap wrap) throws LaunchFailure {
        TaskEnvironment environment = TaskEnvironment.of(spec, hostname, agentEnvironment);
        ProcessBuilder builder;
        try {
            builder = holders.builder(spec, environment, wrap);
        } catch (IllegalArgumentException e) {
            throw new LaunchFailure("command.environment", e);
        }
        return prepare(builder, spec.begun(), wrap.ownPids(), wrap.namespaces());
    }

    /**
     * Makes a process that waits to become {@code line}, which puts itself into whatever contains it. Below the builder's directory it
     * goes to {@code path} first, step by step; what is missing there is made.
     *
     * @param line what to become, with its environment, and the directory to begin in
     * @param begun as {@link ContainerSpec#begun}
     * @param owner whom directories that are made belong to
     */
    ProcessRef prepare(ProcessBuilder line, List<String> path, Path begun, Optional<Rights> owner)
            throws LaunchFailure {
        ProcessBuilder builder;
        try {
            builder = holders.around(line, path, begun, owner);
        } catch (IllegalArgumentException e) {
            throw new LaunchFailure("command.environment", e);
        }
        return prepare(builder, begun, false, Set.of());
    }

    private ProcessRef prepare(ProcessBuilder builder, Path begun, boolean ownPids, Set<String> namespaces)
            throws LaunchFailure {
        Process process;
        try {
            holders.tidy(begun);
            process = builder.start();
        } catch (IOException e) {
            throw new LaunchFailure("cannot start a process", e);
        }
        try {
            ProcessRef ref = pids(process, ownPids, namespaces);
            holders.tidy(begun);
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

    private ProcessRef pids(Process process, boolean ownPids, Set<String> namespaces) throws LaunchFailure {
        String said;
        // Not closed on failure paths only: the pipe's other ends close when the holder becomes sleep.
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            said = reader.readLine();
        } catch (IOException e) {
            throw new LaunchFailure("the holder said nothing", e);
        }
        if (said != null && said.startsWith("!")) {
            throw new LaunchFailure("the holder failed: " + said.substring(1));
        }
        String[] pids = said == null ? new String[0] : said.strip().split(" ", -1);
        if (pids.length < (ownPids ? 3 : 2)) {
            throw new LaunchFailure("the holder ended at once (expected: its pids; see stderr in the sandbox)");
        }
        long holder = Long.parseLong(pids[0]);
        long task = Long.parseLong(pids[1]);
        holders.await(holder);
        ProcFs.Stat holderStat = ProcFs.stat(holder).orElseThrow(() -> gone("holder"));
        ProcFs.Stat taskStat = ProcFs.stat(task)
                .filter(stat -> !stat.isEnded() && stat.parent() == holder)
                .orElseThrow(() -> gone("task's process"));
        Optional<Init> init = Optional.empty();
        if (ownPids) {
            ProcFs.Stat initStat = ProcFs.stat(Long.parseLong(pids[2]))
                    .filter(stat -> !stat.isEnded() && stat.parent() == holder)
                    .orElseThrow(() -> gone("first process of its PID namespace"));
            init = Optional.of(new Init(initStat.pid(), initStat.startTicks()));
        }
        return new ProcessRef(bootId, task, taskStat.startTicks(), holder, holderStat.startTicks())
                .in(new Containment(Map.of(), init, namespaces));
    }

    static LaunchFailure gone(String who) {
        return new LaunchFailure(
                "the " + who
                        + " ended before the task was released (expected: it waits; is the sandbox writable, the process limit reached?)");
    }
}
