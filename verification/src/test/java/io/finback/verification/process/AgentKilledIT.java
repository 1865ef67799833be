package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One agent under load is killed with SIGKILL again and again, at random moments (also while it starts). Short tasks end by
 * themselves with an exit status that is known beforehand; long ones run all the time. Whatever the moment: no task is lost, none
 * runs twice, every end is reported once and with the right status. {@code -DagentKills=…} is how often (15 if not said; the
 * profile {@code agent-kills} says 100),
 * {@code -Dseed=…} repeats the moments.
 */
@Tag("process")
final class AgentKilledIT {
    private static final int SHORT_AT_ONCE = 8;
    private static final int LONG = 5;
    private static final double CPUS = 0.1;
    private static final double MEM = 16;
    private static final int KILLS = Integer.getInteger("agentKills", 15);
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    private Path dir;

    private final Random random = new Random(SEED);
    private final Random moments = new Random(SEED + 1);
    /** Exit status by task; of short ones. */
    private final Map<String, Integer> launched = new ConcurrentHashMap<>();

    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private volatile boolean launching = true;
    private Path ledger = Path.of("");

    @Test
    void noTaskIsLostNoneRunsTwiceAndEveryEndIsReportedOnce() throws Exception {
        System.err.println("agent killed " + KILLS + " times, seed=" + SEED);
        ledger = Files.createFile(dir.resolve("ledger"));
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            // A machine that is busy starts agents slowly; to be given up as lost is another test's business.
            cluster.awaitReady(cluster.master(List.of("finback.master.agent-unreachable-after=10m")));
            ClusterProcesses.NodeProcess agent = cluster.agent(1);
            cluster.awaitReady(agent);
            try (LoadScheduler scheduler = new LoadScheduler(cluster.clusterPort, List.of())) {
                scheduler.onOffer(offer -> load(scheduler, offer));
                Waiting.until(
                        "the long tasks run",
                        LIMIT,
                        () -> longTasks().stream().allMatch(task -> scheduler.has(task, "TASK_RUNNING")),
                        () -> scheduler.problems() + " "
                                + longTasks().stream().map(scheduler::of).toList());
                long begin = System.nanoTime();
                for (int kill = 0; kill < KILLS; kill++) {
                    killOnce(cluster, agent);
                }
                cluster.awaitReady(agent);
                launching = false;
                Waiting.until(
                        "all short tasks have ended",
                        LIMIT,
                        () -> launched.keySet().stream().allMatch(scheduler::hasEnded),
                        () -> "waiting for "
                                + launched.keySet().stream()
                                        .filter(task -> !scheduler.hasEnded(task))
                                        .map(task -> task + " " + scheduler.of(task))
                                        .toList()
                                + ClusterProcesses.tail(agent.output));
                Duration lasted = Duration.ofNanos(System.nanoTime() - begin);
                checkLong(scheduler);
                checkShort(scheduler);
                assertThat(scheduler.problems()).isEmpty();
                System.err.println("agent killed " + KILLS + " times in " + lasted.toSeconds() + " s under "
                        + launched.size() + " short tasks and " + LONG + " long ones: " + outcomes(scheduler));
            }
        }
    }

    /** Some kills come while it starts, the others while it works. */
    private void killOnce(ClusterProcesses cluster, ClusterProcesses.NodeProcess agent) {
        if (moments.nextInt(4) == 0) {
            pause(moments.nextInt(4000));
        } else {
            cluster.awaitReady(agent);
            pause(moments.nextInt(2000));
        }
        cluster.kill9(agent);
        cluster.restart(agent);
    }

    private void load(LoadScheduler scheduler, LoadScheduler.Offer offer) {
        List<ObjectNode> tasks = new ArrayList<>();
        if (launching) {
            // What one task gave back is offered by itself while the rest is being declined: an offer may be small.
            int room = offer.room(CPUS, MEM);
            longTasks().stream()
                    .filter(task -> !begun.contains(task))
                    .limit(room)
                    .forEach(task -> {
                        begun.add(task);
                        tasks.add(LoadScheduler.task(
                                task, "echo " + task + " >> " + ledger + "; exec sleep 100000", CPUS, MEM));
                    });
            long open = launched.keySet().stream()
                    .filter(task -> !scheduler.hasEnded(task))
                    .count();
            for (long number = open; number < SHORT_AT_ONCE && tasks.size() < room; number++) {
                String task = "short-" + launched.size();
                int status = random.nextInt(4);
                launched.put(task, status);
                tasks.add(LoadScheduler.task(
                        task,
                        "echo " + task + " >> " + ledger + "; sleep " + random.nextInt(20) / 10.0 + "; exit " + status,
                        CPUS,
                        MEM));
            }
        }
        scheduler.use(offer, tasks, 0.2);
    }

    private void checkLong(LoadScheduler scheduler) throws Exception {
        List<String> lines = Files.readAllLines(ledger);
        for (String task : longTasks()) {
            assertThat(scheduler.of(task)).as(task).noneMatch(LoadScheduler.Said::isTerminal);
            assertThat(lines.stream().filter(task::equals))
                    .as(task + " was started")
                    .hasSize(1);
            scheduler.kill(task);
        }
        Waiting.until(
                "the long tasks have ended", LIMIT, () -> longTasks().stream().allMatch(scheduler::hasEnded));
        longTasks().forEach(task -> assertThat(ends(scheduler, task)).as(task).containsExactly("TASK_KILLED"));
    }

    private void checkShort(LoadScheduler scheduler) throws Exception {
        Map<String, Long> runs =
                Files.readAllLines(ledger).stream().collect(Collectors.groupingBy(line -> line, Collectors.counting()));
        for (Map.Entry<String, Integer> entry : launched.entrySet()) {
            String task = entry.getKey();
            List<LoadScheduler.Said> ends = scheduler.of(task).stream()
                    .filter(LoadScheduler.Said::isTerminal)
                    .toList();
            assertThat(ends).as(task + ": ends that were reported").hasSize(1);
            LoadScheduler.Said end = ends.get(0);
            if (neverRan(end)) {
                assertThat(runs.getOrDefault(task, 0L))
                        .as(task + " did not run: " + end)
                        .isZero();
                continue;
            }
            assertThat(runs.getOrDefault(task, 0L)).as(task + " ran: " + end).isEqualTo(1);
            assertThat(end.state())
                    .as(task + ": " + end)
                    .isEqualTo(entry.getValue() == 0 ? "TASK_FINISHED" : "TASK_FAILED");
            assertThat(end.message()).as(task).contains("exited with status " + entry.getValue());
        }
    }

    /** It came too late for its offer (which the agent's death took back), or its agent died in the moment between its record and its first instruction. */
    private static boolean neverRan(LoadScheduler.Said end) {
        return Set.of("TASK_LOST", "TASK_DROPPED").contains(end.state())
                || end.reason().equals("REASON_CONTAINER_LAUNCH_FAILED");
    }

    private static List<String> ends(LoadScheduler scheduler, String task) {
        return scheduler.of(task).stream()
                .filter(LoadScheduler.Said::isTerminal)
                .map(LoadScheduler.Said::state)
                .toList();
    }

    private Map<String, Long> outcomes(LoadScheduler scheduler) {
        return new TreeMap<>(launched.keySet().stream()
                .flatMap(task -> scheduler.of(task).stream())
                .filter(LoadScheduler.Said::isTerminal)
                .collect(Collectors.groupingBy(
                        end -> end.state() + (neverRan(end) ? " (never ran: " + end.reason() + ")" : ""),
                        Collectors.counting())));
    }

    private static List<String> longTasks() {
        List<String> tasks = new ArrayList<>();
        for (int number = 0; number < LONG; number++) {
            tasks.add("long-" + number);
        }
        return tasks;
    }

    /** The moment is what is random here; nothing is waited for. */
    private static void pause(int millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
