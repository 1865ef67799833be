package io.finback.nodeagent.node;

import io.finback.nodeagent.executor.DiskUse;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures what running tasks have in their sandboxes, and says which hold more than they asked for. One thread, one task after the
 * other; a sandbox that takes long to walk is walked the less often. Only one that seems too large costs a process, to be sure.
 */
public final class DiskWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiskWatch.class);
    private static final long MEBIBYTE = 1L << 20;

    /** Of its time this spends at most one part in so many on one sandbox. */
    private static final long REST = 20;

    private final TaskBoard board;
    private final Sandboxes sandboxes;
    private final Consumer<TasksActor.OverDisk> over;
    private final Map<TaskKey, Long> due = new HashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread made = new Thread(work, "finback-disk-watch");
        made.setDaemon(true);
        return made;
    });

    private DiskWatch(TaskBoard board, Sandboxes sandboxes, Consumer<TasksActor.OverDisk> over) {
        this.board = board;
        this.sandboxes = sandboxes;
        this.over = over;
    }

    /**
     * Begins to look.
     *
     * @param over hears of a task again at every look, until it has ended
     */
    @SuppressWarnings("FutureReturnValueIgnored") // look() catches everything, so the schedule never ends by itself
    public static DiskWatch start(
            TaskBoard board, Sandboxes sandboxes, Duration every, Consumer<TasksActor.OverDisk> over) {
        DiskWatch watch = new DiskWatch(board, sandboxes, over);
        watch.thread.scheduleWithFixedDelay(watch::look, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void look() {
        List<AgentTask> running =
                board.live().stream().filter(AgentTask::isRunning).toList();
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
        long limit = task.info().resources().quantities().getOrDefault(Resources.DISK, 0L) * MEBIBYTE / 1000;
        Path sandbox = sandboxes.of(task);
        if (limit == 0) {
            return;
        }
        long begun = System.nanoTime();
        if (DiskUse.atMost(sandbox) > limit) {
            OptionalLong used = DiskUse.exactly(sandbox);
            if (used.isPresent() && used.getAsLong() > limit) {
                over.accept(new TasksActor.OverDisk(
                        task.key(),
                        task.container(),
                        "Disk usage (" + used.getAsLong() / MEBIBYTE + "MB) exceeds quota (" + limit / MEBIBYTE
                                + "MB)"));
            }
        }
        long took = System.nanoTime() - begun;
        due.put(task.key(), System.nanoTime() + took * REST);
    }
}
