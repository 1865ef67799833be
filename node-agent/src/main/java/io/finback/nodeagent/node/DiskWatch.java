package io.finback.nodeagent.node;

import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.executor.DiskUse;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.resources.Disk;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import io.finback.resources.TaskKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures what running tasks have in their sandboxes, over the files of their images and in their persistent volumes, and says which
 * hold more than they asked for. One thread, one task after the other; what takes long to walk is walked the less often. Only one that seems too large costs a process, to be sure.
 */
public final class DiskWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiskWatch.class);
    private static final long MEBIBYTE = 1L << 20;

    /** Of its time this spends at most one part in so many on one sandbox … */
    private static final long REST = 20;

    /** … and one in so many on all. */
    private static final long REST_OF_ALL = 5;

    private final TaskTools tools;
    private final Consumer<TasksActor.OverDisk> over;
    private final Map<TaskKey, Long> due = new HashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread made = new Thread(work, "finback-disk-watch");
        made.setDaemon(true);
        return made;
    });

    private DiskWatch(TaskTools tools, Consumer<TasksActor.OverDisk> over) {
        this.tools = tools;
        this.over = over;
    }

    /**
     * Begins to look.
     *
     * @param over hears of a task again at every look, until it has ended
     */
    public static DiskWatch start(TaskTools tools, Duration every, Consumer<TasksActor.OverDisk> over) {
        DiskWatch watch = new DiskWatch(tools, over);
        watch.lookIn(every, every);
        return watch;
    }

    private void lookIn(Duration pause, Duration every) {
        try {
            var unused = thread.schedule(
                    () -> {
                        long begun = System.nanoTime();
                        look();
                        Duration rest = Duration.ofNanos((System.nanoTime() - begun) * (REST_OF_ALL - 1));
                        lookIn(rest.compareTo(every) > 0 ? rest : every, every);
                    },
                    pause.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("task.disk_watch_closed reason={}", e.toString());
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void look() {
        List<AgentTask> running =
                tools.board().live().stream().filter(AgentTask::isRunning).toList();
        due.keySet().retainAll(running.stream().map(AgentTask::key).toList());
        for (AgentTask task : running) {
            try {
                Long next = due.get(task.key());
                if (next == null || System.nanoTime() - next >= 0) {
                    measure(task);
                }
            } catch (IOException | RuntimeException e) {
                log.warn("task.disk_unmeasured task={} reason={} next=look_again", task.key(), e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void measure(AgentTask task) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Optional<String> excess = Optional.empty();
        for (Map.Entry<List<Path>, Long> quota : quotas(task).entrySet()) {
            excess = excess.isPresent() ? excess : excess(task, quota.getKey(), quota.getValue());
        }
        excess.ifPresent(why -> over.accept(new TasksActor.OverDisk(task.key(), task.container(), why)));
        long took = System.nanoTime() - begun;
        due.put(task.key(), System.nanoTime() + took * REST);
    }

    /** What counts together, and how many bytes it may come to: sandbox and files written over the image's; each volume by itself. */
    private Map<List<Path>, Long> quotas(AgentTask task) {
        Map<List<Path>, Long> quotas = new LinkedHashMap<>();
        long ofVolumes = 0;
        for (Special entry : task.info().resources().special()) {
            Optional<Path> directory = PersistentVolume.of(entry.kind()).flatMap(tools.volumes()::directory);
            if (directory.isPresent()) {
                long most = entry.amount().milli().getOrDefault(Resources.DISK, 0L);
                ofVolumes += most;
                boolean isWhole = entry.kind()
                        .disk()
                        .flatMap(Disk::source)
                        .filter(source -> source.type() == Disk.SourceType.MOUNT)
                        .isPresent();
                if (isWhole) {
                    // Such a disk is its own limit.
                    continue;
                }
                quotas.put(List.of(directory.get()), bytes(most));
            }
        }
        long limit = task.info().resources().quantities().getOrDefault(Resources.DISK, 0L) - ofVolumes;
        if (limit > 0) {
            List<Path> own = new ArrayList<>(List.of(tools.sandboxes().of(task)));
            task.process().ifPresent(container -> own.addAll(tools.containers().written(container)));
            quotas.put(own, bytes(limit));
        }
        return quotas;
    }

    private static long bytes(long milliMebibytes) {
        return milliMebibytes * MEBIBYTE / 1000;
    }

    private Optional<String> excess(AgentTask task, List<Path> directories, long limit)
            throws IOException, InterruptedException {
        // What has no name any more takes its room until it is closed. Of the sandbox's disk: volumes have their own
        // quotas.
        Path sandbox = tools.sandboxes().of(task);
        Optional<Long> leader = task.process().flatMap(ContainerRef::leader);
        Map<Path, Long> nameless = leader.isPresent() && directories.contains(sandbox)
                ? DiskUse.deleted(ContainerGroup.processesWith(leader.get()), sandbox)
                : Map.of();
        long roughly = nameless.values().stream().mapToLong(Long::longValue).sum();
        for (Path directory : directories) {
            roughly += DiskUse.atMost(directory);
        }
        if (roughly <= limit) {
            return Optional.empty();
        }
        OptionalLong held = nameless.isEmpty() ? OptionalLong.of(0) : DiskUse.exactly(nameless.keySet());
        long used = held.orElse(0);
        for (Path directory : directories) {
            OptionalLong exactly = DiskUse.exactly(directory);
            if (exactly.isEmpty()) {
                return Optional.empty();
            }
            used += exactly.getAsLong();
        }
        return used <= limit
                ? Optional.empty()
                : Optional.of("Disk usage (" + used / MEBIBYTE + "MB) exceeds quota (" + limit / MEBIBYTE + "MB)");
    }
}
