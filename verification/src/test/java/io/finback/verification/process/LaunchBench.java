package io.finback.verification.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How fast one agent starts small command tasks, as a scheduler on the wire sees it: a master and an agent, each its own process, with
 * the journal, the checkpoints and the acknowledgements of every day. Usage: {@code LaunchBench DIRECTORY [TASKS [LAUNCHER]]}, the launcher as
 * in {@code finback.agent.launcher}; prints one line per figure. Nothing is asserted: a machine that is busy is slow, so the processors'
 * time is measured beside the clock's.
 */
public final class LaunchBench {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int SINGLE = 60;
    private static final int TICKS_PER_SECOND = 100;
    private static final double CPUS = 0.001;
    private static final double MEM = 1;

    private final Path dir;
    private final int count;
    private final String launcher;

    private LaunchBench(Path dir, int count, String launcher) {
        this.dir = dir;
        this.count = count;
        this.launcher = launcher;
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 1 || args.length > 3) {
            System.err.println("usage: LaunchBench DIRECTORY [TASKS [LAUNCHER]]");
            System.exit(2);
        }
        new LaunchBench(
                        Files.createDirectories(Path.of(args[0])),
                        args.length >= 2 ? Integer.parseInt(args[1]) : 1000,
                        args.length == 3 ? args[2] : "auto")
                .run();
    }

    private void run() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(1, List.of("finback.agent.launcher=" + launcher));
            cluster.awaitReady(agent);
            try (LoadScheduler scheduler = new LoadScheduler(cluster.clusterPort, List.of())) {
                System.out.printf(
                        Locale.ROOT,
                        "load before: %.1f%n",
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
                one(scheduler);
                // Again: processes that have been up for a minute are what a cluster has on every day but its first.
                many("first", scheduler, master, agent);
                many("again", scheduler, master, agent);
                System.out.printf(
                        Locale.ROOT,
                        "load after: %.1f%n",
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
            }
        }
    }

    /** One at a time: from the call to TASK_RUNNING. */
    private void one(LoadScheduler scheduler) {
        List<Double> millis = new ArrayList<>();
        for (int number = 0; number < SINGLE; number++) {
            String task = "one-" + number;
            LoadScheduler.Offer offer = offer(scheduler, 1);
            long begin = System.nanoTime();
            scheduler.use(offer, List.of(LoadScheduler.task(task, "exec sleep 600", CPUS, MEM)), 0);
            Waiting.until(task + " runs", LIMIT, () -> scheduler.has(task, "TASK_RUNNING"));
            millis.add((scheduler.of(task).get(0).atNanos() - begin) / 1e6);
            scheduler.kill(task);
            Waiting.until(task + " has ended", LIMIT, () -> scheduler.hasEnded(task));
        }
        // The first ones find a JVM that has never done this.
        List<Double> warm = millis.subList(SINGLE / 3, SINGLE).stream().sorted().toList();
        System.out.printf(
                Locale.ROOT,
                "one at a time, ACCEPT to TASK_RUNNING: p50 %.1f ms, p90 %.1f ms, least %.1f ms%n",
                warm.get(warm.size() / 2),
                warm.get(warm.size() * 9 / 10),
                warm.get(0));
    }

    /** All in one ACCEPT. */
    private void many(
            String round,
            LoadScheduler scheduler,
            ClusterProcesses.NodeProcess master,
            ClusterProcesses.NodeProcess agent)
            throws IOException {
        List<ObjectNode> tasks = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            tasks.add(LoadScheduler.task(round + "-" + number, "exec sleep 600", CPUS, MEM));
        }
        LoadScheduler.Offer offer = offer(scheduler, count);
        double before = cpuSeconds(agent.pid());
        double masterBefore = cpuSeconds(master.pid());
        double ownBefore = cpuSeconds(ProcessHandle.current().pid());
        int processesBefore = processes();
        long begin = System.nanoTime();
        scheduler.use(offer, tasks, 0);
        Waiting.until(count + " tasks run", LIMIT, () -> tasks.stream()
                .allMatch(task -> scheduler.has(task.path("name").asText(), "TASK_RUNNING")));
        long last = tasks.stream()
                .mapToLong(
                        task -> scheduler.of(task.path("name").asText()).get(0).atNanos())
                .max()
                .orElseThrow();
        System.out.printf(
                Locale.ROOT,
                "%s %d at once, ACCEPT to the last TASK_RUNNING: %.2f s%n",
                round,
                count,
                (last - begin) / 1e9);
        System.out.printf(
                Locale.ROOT,
                "processors' time per task: %.1f ms of the agent, %.1f ms of what it started, %.1f ms of the master, "
                        + "%.1f ms of this scheduler%n",
                (cpuSeconds(agent.pid()) - before) * 1000 / count,
                startedMillis() / count,
                (cpuSeconds(master.pid()) - masterBefore) * 1000 / count,
                (cpuSeconds(ProcessHandle.current().pid()) - ownBefore) * 1000 / count);
        int more = processes() - processesBefore;
        System.out.printf(
                Locale.ROOT,
                "processes per task: %.2f (the task itself included); memory of a holder: %d KiB of its own%n",
                (double) more / count,
                holderKib());
        long kill = System.nanoTime();
        tasks.forEach(task -> scheduler.kill(task.path("name").asText()));
        Waiting.until(count + " tasks have ended", LIMIT, () -> tasks.stream()
                .allMatch(task -> scheduler.hasEnded(task.path("name").asText())));
        System.out.printf(Locale.ROOT, "%d killed: %.2f s%n", count, (System.nanoTime() - kill) / 1e9);
    }

    /** One that holds so many; what is smaller, because tasks were still ending, is given back to come again in one piece. */
    private static LoadScheduler.Offer offer(LoadScheduler scheduler, int room) {
        Waiting.until("an offer with room for " + room, LIMIT, () -> {
            scheduler.offers().stream()
                    .filter(offer -> offer.room(CPUS, MEM) < room)
                    .forEach(offer -> scheduler.use(offer, List.of(), 0));
            return !scheduler.offers().isEmpty();
        });
        return scheduler.offers().stream()
                .filter(offer -> offer.room(CPUS, MEM) >= room)
                .findFirst()
                .orElseThrow();
    }

    /** User and system time of a process and of its children that were waited for. Source: {@code proc(5)}. */
    private static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long ticks = 0;
        for (int field = 11; field <= 14; field++) {
            ticks += Long.parseLong(fields[field]);
        }
        return (double) ticks / TICKS_PER_SECOND;
    }

    /** Of all processes of tasks that are there, the tasks included: what each had since it was forked. Source: Linux {@code sched-stats}. */
    private double startedMillis() {
        return ProcessHandle.allProcesses()
                .filter(this::belongsHere)
                .mapToDouble(handle -> {
                    try {
                        String stat = Files.readString(Path.of("/proc", Long.toString(handle.pid()), "schedstat"));
                        return Long.parseLong(stat.split(" ", -1)[0]) / 1e6;
                    } catch (IOException e) {
                        return 0;
                    }
                })
                .sum();
    }

    private int processes() {
        return (int) ProcessHandle.allProcesses().filter(this::belongsHere).count();
    }

    private boolean belongsHere(ProcessHandle handle) {
        try {
            return Files.readString(
                            Path.of("/proc", Long.toString(handle.pid()), "environ"), StandardCharsets.ISO_8859_1)
                    .contains("MESOS_SANDBOX=" + dir.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    /** What a holder (or the init it has forked) has for itself, of the median one. */
    private long holderKib() {
        List<Long> own = ProcessHandle.allProcesses()
                .filter(this::belongsHere)
                .filter(handle -> handle.info()
                        .arguments()
                        .filter(all -> List.of(all).contains("2147483647"))
                        .isPresent())
                .map(handle -> privateKib(handle.pid()))
                .filter(kib -> kib > 0)
                .sorted()
                .toList();
        return own.isEmpty() ? -1 : own.get(own.size() / 2);
    }

    private static long privateKib(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps_rollup")).stream()
                    .filter(line -> line.startsWith("Private_"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }
}
