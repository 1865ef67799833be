package io.finback.nodeagent.executor;

import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.cgroup.ContainerGroup.OutOfMemory;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.resources.Resources;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends what is contained as a whole, notices what ran out of memory, and removes groups. Thread-safe. */
final class ContainedEnds {
    private static final Logger log = LoggerFactory.getLogger(ContainedEnds.class);
    private static final long MEBIBYTE = 1L << 20;

    /** What is killed may take a while to die; a group that is still in use then is left to the next agent. */
    private static final int REMOVALS = 50;

    private static final long REMOVE_AGAIN_MILLIS = 200;

    /** A kernel that killed one process of several says so in a file; it is read this often at most. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** By the pid, which is a task's own until it is forgotten. */
    private final Map<Long, Long> looked = new ConcurrentHashMap<>();

    private final AtomicLong outOfMemory = new AtomicLong();
    private final AtomicLong leftGroups = new AtomicLong();

    /** SIGKILL to everything in its PID namespace and groups; false when it has neither, so that nothing was done. */
    boolean kill(ProcessRef process) {
        Optional<Containment> containment = process.containment();
        boolean done = false;
        Optional<Containment.Init> init = containment.flatMap(Containment::init);
        if (init.isPresent()) {
            Processes.kill(init.get().pid(), init.get().startTicks());
            done = true;
        }
        Optional<ContainerGroup> groups = groups(process);
        if (groups.isPresent()) {
            try {
                groups.get().kill();
                done = true;
            } catch (IOException e) {
                log.warn("task.group_kill_failed pid={} reason={}", process.pid(), e.getMessage());
            }
        }
        return done;
    }

    /** Whether the kernel killed something in it for want of memory, looked at now and then. */
    boolean mustEnd(ProcessRef process) {
        // Most looks end here: what names the groups is not even read.
        long now = System.nanoTime();
        Long last = looked.putIfAbsent(process.pid(), now);
        if (last == null || now - last < LOOK_NANOS) {
            return false;
        }
        looked.put(process.pid(), now);
        return groups(process).flatMap(ContainerGroup::outOfMemory).isPresent();
    }

    /** The end as it is to be reported. */
    Exit judged(ProcessRef process, Exit exit) {
        looked.remove(process.pid());
        Optional<OutOfMemory> report = groups(process).flatMap(ContainerGroup::outOfMemory);
        if (report.isEmpty()) {
            return exit;
        }
        outOfMemory.incrementAndGet();
        OptionalLong limit = report.get().limitBytes();
        return new Exit.Limited(
                "CONTAINER_LIMITATION_MEMORY",
                "Memory limit exceeded: Requested: " + mebibytes(limit) + " Maximum Used: "
                        + mebibytes(report.get().maximumBytes()),
                limit.isPresent()
                        ? Optional.of(Resources.of(0, (double) limit.getAsLong() / MEBIBYTE, 0))
                        : Optional.empty(),
                exit);
    }

    void remove(ProcessRef process) {
        groups(process).ifPresent(groups -> remove(groups));
    }

    void remove(ContainerGroup groups) {
        if (!groups.remove()) {
            leftGroups.incrementAndGet();
            removeAgain(groups, 1);
        }
    }

    /** Containers the kernel ended for want of memory, since this process started. */
    long outOfMemory() {
        return outOfMemory.get();
    }

    /** Groups that are to be removed and are still in use. */
    long leftGroups() {
        return leftGroups.get();
    }

    static Optional<ContainerGroup> groups(ProcessRef process) {
        return process.containment()
                .map(Containment::groups)
                .filter(directories -> !directories.isEmpty())
                .map(ContainerGroup::of);
    }

    private void removeAgain(ContainerGroup groups, int times) {
        CompletableFuture.runAsync(
                        () -> {
                            if (groups.remove()) {
                                leftGroups.decrementAndGet();
                            } else if (times < REMOVALS) {
                                removeAgain(groups, times + 1);
                            } else {
                                log.warn(
                                        "task.group_left groups={} next=the_next_agent_removes_it",
                                        groups.directories());
                            }
                        },
                        CompletableFuture.delayedExecutor(REMOVE_AGAIN_MILLIS, TimeUnit.MILLISECONDS))
                .exceptionally(failure -> {
                    log.warn("task.group_left groups={} reason={}", groups.directories(), failure.toString());
                    return null;
                });
    }

    private static String mebibytes(OptionalLong bytes) {
        return bytes.isPresent() ? bytes.getAsLong() / MEBIBYTE + "MB" : "unknown";
    }
}
