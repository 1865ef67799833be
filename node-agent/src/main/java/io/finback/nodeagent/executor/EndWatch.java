package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.resources.TaskKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices the ends of task processes: one thread that looks at young tasks (and those being killed) every {@code fast}, at the
 * others every {@code slow}, and less often where these are more than {@code looks} each time: then at those it has not looked at for
 * longest. A look is one read of {@code /proc/<pid>/stat}. Nothing can be waited for here: an adopted task is no child of this
 * process. Thread-safe.
 */
public final class EndWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EndWatch.class);
    private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Hears, on the thread of the watch, of each end once, after the stragglers were killed. */
    public interface Listener {
        /** What started later runs now. At most once, and never after its end. */
        void began(TaskKey task, ContainerRef process, ContainerRef running);

        void ended(TaskKey task, ContainerRef process, Exit exit);
    }

    private static final class Watched {
        private final TaskKey task;
        private final ContainerRef process;
        private long lookedNanos = System.nanoTime();
        private volatile long youngUntilNanos = System.nanoTime() + YOUNG_NANOS;
        private boolean awaitsStart;

        private Watched(TaskKey task, ContainerRef process) {
            this.task = task;
            this.process = process;
            this.awaitsStart = process.startsLater();
        }

        private boolean isDue(long nowNanos, long slowNanos) {
            return awaitsStart || nowNanos - youngUntilNanos < 0 || nowNanos - lookedNanos >= slowNanos;
        }
    }

    private record Seen(TaskKey task, ContainerRef process, Exit exit) {}

    private final Containerizers containers;
    private final Listener listener;
    private final long slowNanos;
    private final int most;
    private final Map<TaskKey, Watched> watched = new ConcurrentHashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "finback-task-watch");
        made.setDaemon(true);
        return made;
    });

    private EndWatch(Containerizers containers, Listener listener, Duration slow, int most) {
        this.containers = containers;
        this.listener = listener;
        this.slowNanos = slow.toNanos();
        this.most = most;
    }

    /** Begins to look. At {@code looks} tasks at most, each time. */
    @SuppressWarnings("FutureReturnValueIgnored") // look() catches everything, so the schedule never ends by itself
    public static EndWatch start(
            Containerizers containers, Listener listener, Duration fast, Duration slow, int looks) {
        EndWatch watch = new EndWatch(containers, listener, slow, looks);
        watch.thread.scheduleWithFixedDelay(watch::look, 0, fast.toNanos(), TimeUnit.NANOSECONDS);
        return watch;
    }

    /** From now on the end is reported, also one that has already happened. Watching twice is watching once. */
    public void watch(TaskKey task, ContainerRef process) {
        watched.putIfAbsent(task, new Watched(task, process));
    }

    /** The end is near (a signal was sent): look often. */
    public void hurry(TaskKey task) {
        Watched entry = watched.get(task);
        if (entry != null) {
            entry.youngUntilNanos = System.nanoTime() + YOUNG_NANOS;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void look() {
        List<Seen> ended = new ArrayList<>();
        for (Watched entry : due()) {
            try {
                entry.lookedNanos = System.nanoTime();
                begin(entry.task, entry);
                containers.exit(entry.process).ifPresent(exit -> ended.add(new Seen(entry.task, entry.process, exit)));
            } catch (RuntimeException e) {
                log.error("task.watch_failed task={} next=look_again", entry.task, e);
            }
        }
        try {
            report(ended);
        } catch (RuntimeException e) {
            log.error("task.watch_failed ended={} next=look_again", ended.size(), e);
        }
    }

    private List<Watched> due() {
        long now = System.nanoTime();
        List<Watched> due = new ArrayList<>();
        for (Watched entry : watched.values()) {
            if (entry.isDue(now, slowNanos)) {
                due.add(entry);
            }
        }
        if (due.size() <= most) {
            return due;
        }
        due.sort(Comparator.comparingLong(entry -> entry.lookedNanos - now));
        return due.subList(0, most);
    }

    private void begin(TaskKey task, Watched entry) {
        if (entry.awaitsStart) {
            containers.begun(entry.process).ifPresent(running -> {
                entry.awaitsStart = false;
                listener.began(task, entry.process, running);
            });
        }
    }

    /** Many tasks often end together (an app is scaled down, a machine is drained): their stragglers cost one walk, not one each. */
    private void report(List<Seen> ended) {
        if (ended.isEmpty()) {
            return;
        }
        containers.sweep(ended.stream().map(Seen::process).toList());
        for (Seen end : ended) {
            watched.remove(end.task());
            listener.ended(end.task(), end.process(), end.exit());
        }
    }
}
