package io.finback.nodeagent.executor;

import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Containment.Init;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signals and observes task processes, whichever agent started them. Thread-safe. Checks who is who before every signal. */
public final class Processes {
    private static final Logger log = LoggerFactory.getLogger(Processes.class);

    private final ContainedEnds contained = new ContainedEnds();

    /** A straggler may fork while it is being killed; after so many walks the rest is reported, not waited for. */
    private static final int KILL_ROUNDS = 5;

    private static final int SIGTERM = 15;
    private static final String KILL = "KILL";

    /** The second form is for a process released this instant: it leads no group yet. */
    private static final String SIGNAL = "kill -s \"$1\" -- \"-$2\" 2>/dev/null || kill -s \"$1\" \"$2\"";

    /** What has been printed is in the pipe; copying it takes a millisecond, or a few on a busy machine. */
    private static final long LOGGERS_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Tools tools;

    public Processes(Tools tools) {
        this.tools = tools;
    }

    /** How the process ended; empty while it runs. */
    public Optional<Exit> exit(ProcessRef process) {
        Optional<ProcFs.Stat> found =
                ProcFs.stat(process.pid()).filter(stat -> stat.startTicks() == process.startTicks());
        if (found.isEmpty()) {
            return Optional.of(new Exit.Unknown(
                    "ended, and its exit status is lost: the holder of its process was killed by somebody else"));
        }
        ProcFs.Stat stat = found.get();
        if (!stat.isEnded()) {
            if (contained.mustEnd(process)) {
                log.info("task.out_of_memory pid={} next=end_it_whole", process.pid());
                forceKill(process);
            }
            return Optional.empty();
        }
        return Optional.of(contained.judged(
                process,
                ProcFs.mayReadWaitStatus(process.pid())
                        ? Exit.ofWaitStatus(stat.waitStatus())
                        : new Exit.Unknown("ended, and its exit status may not be read: it changed its credentials")));
    }

    /** SIGTERM to the process group, or the signal of this number. */
    public void terminate(ProcessRef process, OptionalInt signal) {
        if (signal.isPresent() && signal.getAsInt() != SIGTERM && isOurs(process)) {
            signalGroup(Integer.toString(signal.getAsInt()), process.pid());
        } else {
            terminate(process);
        }
    }

    /** SIGTERM to the process group. */
    public void terminate(ProcessRef process) {
        if (!isOurs(process)) {
            return;
        }
        Optional<ProcFs.Stat> holder =
                ProcFs.stat(process.holderPid()).filter(stat -> stat.startTicks() == process.holderStartTicks());
        boolean passesOn = holder.flatMap(stat -> ProcFs.program(stat.pid()))
                .filter(HolderProgram::isOne)
                .isPresent();
        if (!passesOn
                || !ProcessHandle.of(process.holderPid())
                        .map(ProcessHandle::destroy)
                        .orElse(false)) {
            signalGroup("TERM", process.pid());
        }
    }

    /** SIGKILL to everything it is contained with; without that, to its process group and every other process of its session. */
    public void forceKill(ProcessRef process) {
        if (!contained.kill(process) && isOurs(process)) {
            signalGroup(KILL, process.pid());
            killSessions(Set.of(process.pid()));
        }
    }

    /** SIGKILL to whatever ended tasks have left. For those without containment: one walk over {@code /proc} for all. */
    public void killStragglers(List<ProcessRef> ended) {
        // Only while an ended leader is still there does its pid name its session and nobody else's.
        Set<Long> leaders = ended.stream()
                .filter(process -> !contained.kill(process))
                .filter(this::isOurs)
                .map(ProcessRef::pid)
                .collect(Collectors.toSet());
        if (!leaders.isEmpty()) {
            killSessions(leaders);
        }
    }

    /**
     * Waits until everything that ended tasks have printed is in their files, so that who hears of the end finds the last line. Not
     * for long: a process that left its task's session keeps the pipe open, and its output goes on.
     */
    public void awaitLoggers(List<ProcessRef> ended) {
        long deadline = System.nanoTime() + LOGGERS_NANOS;
        List<ProcessRef> byShell = new ArrayList<>();
        int busy = 0;
        for (ProcessRef task : ended) {
            if (!isOurs(task)) {
                continue;
            }
            if (ProcFs.program(task.holderPid()).filter(HolderProgram::isOne).isEmpty()) {
                byShell.add(task);
            } else if (!awaited(() -> HolderProgram.isDrained(task.holderPid()), deadline)) {
                busy++;
            }
        }
        List<ProcFs.Stat> loggers = byShell.isEmpty() ? List.of() : loggers(byShell);
        if (busy > 0 || !awaited(() -> loggers.stream().noneMatch(Processes::goesOn), deadline)) {
            log.debug("task.loggers_busy ended={}", ended.size());
        }
    }

    private static boolean awaited(BooleanSupplier condition, long deadline) {
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }

    /** Loggers beside holders that are none themselves. One walk over {@code /proc}. */
    private static List<ProcFs.Stat> loggers(List<ProcessRef> ended) {
        Set<Long> holders = ended.stream().map(ProcessRef::holderPid).collect(Collectors.toSet());
        // The init of a PID namespace waits for its holder's end, however dead it is.
        Set<Long> tasks = ended.stream()
                .flatMap(task -> Stream.concat(
                        Stream.of(task.pid()), task.containment().flatMap(Containment::init).map(Init::pid).stream()))
                .collect(Collectors.toSet());
        return ProcFs.all().stream()
                .filter(stat -> holders.contains(stat.parent()) && !tasks.contains(stat.pid()))
                // In a container of an image the task is no child of its holder, but of who sleeps beside it.
                .filter(stat -> !sleepsForEver(stat.pid()))
                .toList();
    }

    private static boolean sleepsForEver(long pid) {
        List<String> arguments = ProcFs.arguments(pid);
        return arguments.size() > 1 && arguments.get(1).equals(Launcher.FOR_EVER);
    }

    private static boolean goesOn(ProcFs.Stat seen) {
        return ProcFs.stat(seen.pid())
                .filter(stat -> stat.startTicks() == seen.startTicks() && !stat.isEnded())
                .isPresent();
    }

    /** Ends the holder, and with it the kernel's record of the task's end; removes what the task was contained in. */
    public void forget(ProcessRef process) {
        kill(process.holderPid(), process.holderStartTicks());
        contained.remove(process);
    }

    ContainedEnds contained() {
        return contained;
    }

    /** SIGKILL to one process, if it is still the one that is meant. */
    static void kill(long pid, long startTicks) {
        ProcFs.stat(pid)
                .filter(stat -> stat.startTicks() == startTicks)
                .flatMap(stat -> ProcessHandle.of(pid))
                .ifPresent(ProcessHandle::destroyForcibly);
    }

    private void killSessions(Set<Long> leaders) {
        for (int round = 0; round < KILL_ROUNDS; round++) {
            List<ProcFs.Stat> members = ProcFs.sessions(leaders);
            if (members.isEmpty()) {
                return;
            }
            for (ProcFs.Stat member : members) {
                ProcessHandle.of(member.pid()).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
        log.debug("task.session_dying leaders={}", leaders);
    }

    private boolean isOurs(ProcessRef process) {
        return ProcFs.stat(process.pid())
                .filter(stat -> stat.startTicks() == process.startTicks())
                .isPresent();
    }

    private void signalGroup(String signal, long group) {
        try {
            Process kill = new ProcessBuilder(
                            tools.shell().toString(), "-c", SIGNAL, "kill", signal, Long.toString(group))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                log.debug("task.signal_unheard signal={} group={}", signal, group);
            }
        } catch (IOException e) {
            // Without a process to spare (the very case of a fork bomb): the leader at least hears it from this one.
            log.warn("task.signal_without_shell signal={} group={} reason={}", signal, group, e.getMessage());
            ProcessHandle.of(group).ifPresent(handle -> {
                boolean sent = signal.equals(KILL) ? handle.destroyForcibly() : handle.destroy();
                log.debug("task.signal leader={} sent={}", group, sent);
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
