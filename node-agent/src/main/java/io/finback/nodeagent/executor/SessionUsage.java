package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.containerizer.Usage.Cpu;
import io.finback.nodeagent.containerizer.Usage.Memory;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.ProcessRef;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the processes in tasks' sessions use, added up from {@code /proc}: what there is without control groups. Ended processes that
 * were waited for are not in it, nor is what made a session of its own. One walk over {@code /proc} for all.
 */
final class SessionUsage {
    /** {@code USER_HZ}: the unit of {@code /proc}, 100 on every Linux since 2.6 whatever the kernel's own clock. */
    private static final long TICKS_PER_SECOND = 100;

    private static final long NANOS_PER_TICK = 1_000_000_000L / TICKS_PER_SECOND;

    private long userTicks;
    private long systemTicks;
    private long rssBytes;
    private long processes;
    private long threads;

    private SessionUsage() {}

    static Map<ContainerRef, Usage> of(List<ProcessRef> tasks) {
        Map<Long, ProcessRef> leaders = new HashMap<>();
        for (ProcessRef task : tasks) {
            ProcFs.stat(task.pid())
                    .filter(stat -> stat.startTicks() == task.startTicks())
                    .ifPresent(stat -> leaders.put(task.pid(), task));
        }
        Map<ProcessRef, SessionUsage> sums = new HashMap<>();
        for (ProcFs.Stat member : ProcFs.sessions(leaders.keySet())) {
            ProcessRef task = leaders.get(member.session());
            if (task != null) {
                sums.computeIfAbsent(task, unused -> new SessionUsage()).add(member);
            }
        }
        Map<ContainerRef, Usage> usage = new HashMap<>();
        sums.forEach((task, sum) -> usage.put(task, sum.usage()));
        return usage;
    }

    private void add(ProcFs.Stat member) {
        userTicks += member.userTicks();
        systemTicks += member.systemTicks();
        rssBytes += member.rssBytes();
        processes++;
        threads += member.threads();
    }

    private Usage usage() {
        return new Usage(
                Optional.of(new Cpu(
                        Duration.ofNanos(userTicks * NANOS_PER_TICK),
                        Duration.ofNanos(systemTicks * NANOS_PER_TICK),
                        Optional.empty())),
                Optional.of(new Memory(
                        rssBytes,
                        rssBytes,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())),
                Optional.of(processes),
                Optional.of(threads));
    }
}
