package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** Numbers of the cluster, under Mesos' names and under ours for Prometheus. Every name is fixed. */
final class Metrics {
    private static final List<TaskState> LIVE =
            List.of(TaskState.STAGING, TaskState.STARTING, TaskState.RUNNING, TaskState.KILLING, TaskState.UNREACHABLE);
    private static final List<TaskState> ENDED = List.of(
            TaskState.FINISHED, TaskState.FAILED, TaskState.KILLED, TaskState.LOST, TaskState.ERROR, TaskState.DROPPED);

    private static final Page.Derivation<AllocationDelta.Agent, Amounts> TOTAL = sum(AllocationDelta.Agent::total);
    private static final Page.Derivation<AllocationDelta.Agent, Integer> OFFERS = Page.Derivation.of(
            agents -> agents.stream().mapToInt(agent -> agent.offers().size()).sum());
    private static final Page.Derivation<AllocationDelta.Agent, Amounts> USED = sum(AllocationDelta.Agent::allocated);

    private Metrics() {}

    /** Source: apache/mesos {@code src/master/metrics.cpp}. */
    static Map<String, Double> mesos(ClusterApiParts parts, int subscribers) {
        ClusterSnapshot view = parts.view().get();
        Map<String, Double> values = AllocatorMetrics.mesos(view, parts.allocator());
        Instant now = parts.clock().instant();
        MasterIdentity self = parts.self().get();
        values.put("master/elected", 1.0);
        values.put("master/uptime_secs", Duration.between(self.startedAt(), now).toMillis() / 1000.0);
        double unreachable = count(view, agent -> agent.lostAt().isPresent());
        double active = count(view, AllocationDelta.Agent::active);
        values.put("master/slaves_active", active);
        values.put("master/slaves_connected", active);
        values.put("master/slaves_inactive", view.agents().size() - active - unreachable);
        values.put("master/slaves_unreachable", unreachable);
        long connected = view.frameworks().stream()
                .filter(ClusterSnapshot.Framework::connected)
                .count();
        values.put("master/frameworks_active", (double) connected);
        values.put("master/frameworks_connected", (double) connected);
        values.put("master/frameworks_disconnected", (double) view.frameworks().size() - connected);
        double offers = 0;
        for (Page<AllocationDelta.Agent> page : view.agents().pages()) {
            offers += page.derived(OFFERS);
        }
        values.put("master/outstanding_offers", offers);
        values.put("master/operator_event_stream_subscribers", (double) subscribers);
        values.put("master/slaves_disconnected", values.get("master/slaves_inactive"));
        values.put("master/frameworks_inactive", values.get("master/frameworks_disconnected"));
        tasks(view).forEach((state, number) -> values.put("master/tasks_" + lower(state), (double) number));
        Amounts total = total(view);
        Amounts used = new Amounts();
        view.agents().pages().forEach(page -> used.add(page.derived(USED)));
        for (String name : List.of(Resources.CPUS, Resources.MEM, Resources.DISK, Resources.GPUS)) {
            double all = total.scalar(name);
            values.put("master/" + name + "_total", all);
            values.put("master/" + name + "_used", used.scalar(name));
            values.put("master/" + name + "_percent", all == 0 ? 0 : used.scalar(name) / all);
        }
        return values;
    }

    /** What the agents that answer have. */
    static Amounts total(ClusterSnapshot view) {
        Amounts total = new Amounts();
        view.agents().pages().forEach(page -> total.add(page.derived(TOTAL)));
        return total;
    }

    static String prometheus(ClusterSnapshot view, Reads reads, EventStreams streams) {
        StringBuilder text = new StringBuilder();
        family(text, "finback_master_agents", "gauge", "Agents by state.");
        double unreachable = count(view, agent -> agent.lostAt().isPresent());
        double active = count(view, AllocationDelta.Agent::active);
        text.append("finback_master_agents{state=\"active\"} ").append(active).append('\n');
        text.append("finback_master_agents{state=\"unreachable\"} ")
                .append(unreachable)
                .append('\n');
        text.append("finback_master_agents{state=\"silent\"} ")
                .append(view.agents().size() - active - unreachable)
                .append('\n');
        Map<TaskState, Long> tasks = tasks(view);
        family(text, "finback_master_tasks", "gauge", "Tasks that have not ended, by state.");
        LIVE.forEach(state -> sample(text, "finback_master_tasks", state, tasks));
        family(text, "finback_master_tasks_ended_total", "counter", "Tasks that ended since this master started.");
        ENDED.forEach(state -> sample(text, "finback_master_tasks_ended_total", state, tasks));
        family(text, "finback_master_frameworks_connected", "gauge", "Frameworks whose scheduler is connected.");
        text.append("finback_master_frameworks_connected ")
                .append(view.frameworks().stream()
                        .filter(ClusterSnapshot.Framework::connected)
                        .count())
                .append('\n');
        value(text, "finback_master_reads_waiting", "gauge", "Answers waiting to be written.", reads.waiting());
        value(text, "finback_master_reads_refused_total", "counter", "Answers refused with 503.", reads.refused());
        value(text, "finback_master_event_subscribers", "gauge", "Followers of the event stream.", streams.count());
        value(
                text,
                "finback_master_event_subscribers_dropped_total",
                "counter",
                "Followers dropped: too slow, or evicted for a new one.",
                streams.dropped());
        value(text, "finback_master_events_total", "counter", "Events since this master started.", view.sequence());
        return text.toString();
    }

    private static Map<TaskState, Long> tasks(ClusterSnapshot view) {
        Map<TaskState, Long> tasks = new EnumMap<>(TaskState.class);
        LIVE.forEach(state -> tasks.put(state, 0L));
        ENDED.forEach(state -> tasks.put(state, view.ended().getOrDefault(state, 0L)));
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            TaskTally tally = TaskTally.of(framework.tasks());
            LIVE.forEach(state -> tasks.merge(state, tally.count(state), Long::sum));
        }
        return tasks;
    }

    /** Of the agents that answer: what is gone is no capacity. */
    private static Page.Derivation<AllocationDelta.Agent, Amounts> sum(
            Function<AllocationDelta.Agent, Resources> part) {
        return Page.Derivation.of(agents -> {
            Amounts sum = new Amounts();
            agents.stream().filter(AgentJson::isShown).map(part).forEach(sum::add);
            return sum;
        });
    }

    private static double count(ClusterSnapshot view, Predicate<AllocationDelta.Agent> wanted) {
        return view.agents().stream().filter(wanted).count();
    }

    private static void value(StringBuilder text, String name, String type, String help, long value) {
        family(text, name, type, help);
        text.append(name).append(' ').append(value).append('\n');
    }

    private static void family(StringBuilder text, String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void sample(StringBuilder text, String name, TaskState state, Map<TaskState, Long> values) {
        text.append(name)
                .append("{state=\"")
                .append(lower(state))
                .append("\"} ")
                .append(values.getOrDefault(state, 0L))
                .append('\n');
    }

    private static String lower(TaskState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
