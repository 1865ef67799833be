package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.LinuxTools;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.isolation.WrapLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Holders that are made of a shell and of programs every Linux has, for machines that {@link HolderProgram} does not know: some
 * eighteen short programs per task, and two loggers beside it.
 *
 * <p>The fork must wait until the holder has become {@code sleep}: as long as it is a shell, it may reap its children (dash does
 * while it waits for another one, bash at any time), and the status would be lost.
 */
final class HoldersByShell implements Holders {
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

    /**
     * Goes down step by step. Each is made in the directory this is in, and is where the kernel says that is: whoever owns the
     * directory may have put a link there.
     */
    private static final String GO_BELOW = """
            owner=$1; shift
            at=$(pwd -P)
            while [ "$1" != -- ]; do
              made=0; mkdir -m 755 -- "$1" 2>/dev/null && made=1
              { cd -P -- "$1" && [ "$(pwd -P)" = "$at/$1" ]; } 2>/dev/null || { echo "!cannot go below, to $1"; exit 1; }
              if [ "$made" = 1 ] && [ "$owner" != - ]; then chown -- "$owner" . || exit 1; fi
              at=$at/$1; shift
            done
            shift
            exec "$@"
            """;

    private static final long BECOMES_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Tools tools;
    private final LogScript logs;

    HoldersByShell(Tools tools, LogLimits limits) {
        this.tools = tools;
        this.logs = new LogScript(tools, limits);
    }

    @Override
    public ProcessBuilder builder(ContainerSpec spec, TaskEnvironment environment, Wrap wrap) {
        ProcessBuilder builder = new ProcessBuilder(commandLine(spec, environment, wrap))
                .directory(spec.sandbox().toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        spec.sandbox().resolve("stderr").toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment.exported());
        return builder;
    }

    @Override
    public boolean hasTerminals() {
        return false;
    }

    @Override
    public ProcessBuilder around(ProcessBuilder inner, List<String> path, Path begun, Optional<Rights> owner) {
        List<String> line = new ArrayList<>(List.of(
                tools.setsid().toString(),
                tools.shell().toString(),
                "-c",
                GO_BELOW,
                "finback-below",
                owner.map(who -> who.uid() + ":" + who.gid()).orElse("-")));
        line.addAll(path);
        line.add("--");
        line.addAll(logs.before(begun, inner.environment()));
        line.addAll(List.of(
                tools.shell().toString(),
                "-c",
                HOLDER,
                "finback-holder",
                begun.toString(),
                tools.sleep().toString(),
                tools.setsid().toString()));
        line.addAll(inner.command());
        ProcessBuilder builder =
                new ProcessBuilder(line).directory(inner.directory()).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(inner.environment());
        return builder;
    }

    @Override
    public void tidy(Path begun) throws IOException {
        LogScript.removeNames(begun);
    }

    private List<String> commandLine(ContainerSpec spec, TaskEnvironment environment, Wrap wrap) {
        List<String> line = new ArrayList<>();
        line.add(tools.setsid().toString());
        line.addAll(logs.before(spec));
        line.addAll(holder(spec, wrap));
        line.add(tools.setsid().toString());
        line.addAll(WrapLine.of(wrap, tools.linux()));
        // Last, so that what the task sets (LD_PRELOAD) means nothing to the programs before it, which may be root.
        List<String> assignments = environment.assignments();
        if (!tools.resetSignals().isEmpty() || !assignments.isEmpty()) {
            line.add(tools.env().toString());
            line.addAll(tools.resetSignals());
            line.addAll(assignments);
        }
        line.addAll(Holders.words(spec.task().command(), tools.shell()));
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

    @Override
    public void await(long holder) throws LaunchFailure {
        String name = tools.sleep().getFileName().toString();
        String expected = name.substring(0, Math.min(15, name.length()));
        long deadline = System.nanoTime() + BECOMES_SLEEP_NANOS;
        while (true) {
            String program = ProcFs.program(holder).orElseThrow(() -> Launcher.gone("holder"));
            if (program.equals(expected)) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new LaunchFailure("the holder still runs " + program + " (expected: " + expected + ")");
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
