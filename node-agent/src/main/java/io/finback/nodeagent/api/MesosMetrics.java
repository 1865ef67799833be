package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.node.TaskBoard;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The numbers of {@code /metrics/snapshot} by the names of Mesos' agent. Source: apache/mesos {@code docs/monitoring.md}. */
public final class MesosMetrics {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final List<String> NAMES = List.of(Resources.CPUS, Resources.GPUS, Resources.MEM, Resources.DISK);

    private MesosMetrics() {}

    static String snapshot(AgentView view, Instant now) {
        ObjectNode json = MAPPER.createObjectNode();
        values(view, now).forEach(json::put);
        return json.toString();
    }

    /** By name. */
    public static SortedMap<String, Double> values(AgentView view, Instant now) {
        SortedMap<String, Double> values = new TreeMap<>();
        List<AgentTask> live = view.board().live();
        values.put("slave/registered", view.registration().isRegistered() ? 1.0 : 0.0);
        values.put("slave/uptime_secs", Duration.between(view.started(), now).toMillis() / 1000.0);
        resources(values, view.resources(), live);
        tasks(values, view.board(), live);
        values.put(
                "containerizer/fetcher/task_fetches_failed",
                count(view.transfers().fetchFailures().getAsLong()));
        values.put(
                "containerizer/fetcher/cache_size_used_bytes",
                count(view.transfers().cacheBytes().getAsLong()));
        system(values);
        return values;
    }

    private static void resources(Map<String, Double> values, Resources all, List<AgentTask> live) {
        Resources held = live.stream()
                .filter(task -> !task.isEnded())
                .map(task -> task.info().resources())
                .reduce(Resources.EMPTY, Resources::plus);
        for (String name : NAMES) {
            share(
                    values,
                    "slave/" + name,
                    name,
                    all.filter(kind -> !kind.revocable()),
                    held.filter(kind -> !kind.revocable()));
            share(
                    values,
                    "slave/" + name + "_revocable",
                    name,
                    all.filter(Kind::revocable),
                    held.filter(Kind::revocable));
        }
    }

    private static void share(Map<String, Double> values, String prefix, String name, Resources all, Resources held) {
        double total = all.quantities().getOrDefault(name, 0L) / 1000.0;
        double used = held.quantities().getOrDefault(name, 0L) / 1000.0;
        values.put(prefix + "_total", total);
        values.put(prefix + "_used", used);
        values.put(prefix + "_percent", total == 0 ? 0 : used / total);
    }

    private static void tasks(Map<String, Double> values, TaskBoard board, List<AgentTask> live) {
        values.put(
                "slave/tasks_staging",
                count(live.stream().filter(AgentTask::isStaged).count()));
        values.put("slave/tasks_starting", 0.0);
        values.put(
                "slave/tasks_running",
                count(live.stream()
                        .filter(task -> task.isRunning() && task.kill().isEmpty())
                        .count()));
        values.put(
                "slave/tasks_killing",
                count(live.stream()
                        .filter(task -> task.isRunning() && task.kill().isPresent())
                        .count()));
        for (TaskState state : TaskState.values()) {
            if (state.isTerminal()) {
                values.put(
                        "slave/tasks_" + state.name().toLowerCase(Locale.ROOT),
                        count(board.counts().ends(state)));
            }
        }
        values.put(
                "slave/frameworks_active",
                count(live.stream()
                        .filter(task -> !task.isEnded())
                        .map(task -> task.info().framework())
                        .distinct()
                        .count()));
        values.put(
                "slave/executors_running",
                count(live.stream().filter(AgentTask::isRunning).count()));
        values.put(
                "slave/executors_registering",
                count(live.stream().filter(AgentTask::isStaged).count()));
        values.put("slave/executors_terminating", values.get("slave/tasks_killing"));
        values.put("slave/executors_terminated", count(board.ends()));
        values.put("slave/executors_preempted", count(board.counts().preemptions()));
        values.put("slave/container_launch_errors", count(board.counts().launchErrors()));
        values.put("slave/valid_status_updates", count(board.counts().updates()));
        values.put("slave/invalid_status_updates", 0.0);
        values.put("slave/recovery_errors", count(board.counts().recoveryErrors()));
        values.put("slave/recovery_time_secs", board.counts().recoverySeconds());
    }

    private static void system(Map<String, Double> values) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            values.put("system/cpus_total", (double) system.getAvailableProcessors());
            values.put("system/load_1min", Math.max(0, system.getSystemLoadAverage()));
            values.put("system/mem_total_bytes", (double) system.getTotalMemorySize());
            values.put("system/mem_free_bytes", (double) system.getFreeMemorySize());
        }
    }

    private static double count(long number) {
        return number;
    }
}
