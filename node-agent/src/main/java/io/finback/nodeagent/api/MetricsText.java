package io.finback.nodeagent.api;

import io.finback.nodeagent.task.AgentTask;
import java.util.List;

/** The agent's metrics in Prometheus' text form. */
final class MetricsText {
    private MetricsText() {}

    static String prometheus(AgentView view) {
        List<AgentTask> live = tasks(view);
        StringBuilder text = new StringBuilder();
        gauge(
                text,
                "finback_agent_registered",
                "1 while a master has admitted this agent.",
                view.registration().isRegistered() ? 1 : 0);
        gauge(text, "finback_agent_tasks_staging", "Tasks without a process yet.", staged(live));
        gauge(text, "finback_agent_tasks_running", "Tasks with a process.", running(live));
        gauge(text, "finback_agent_updates_pending", "Status updates no scheduler has acknowledged.", pending(live));
        counter(
                text,
                "finback_agent_launches_total",
                "Launches taken.",
                view.board().launches());
        counter(
                text,
                "finback_agent_task_ends_total",
                "Ends of task processes seen.",
                view.board().ends());
        counter(
                text,
                "finback_agent_checkpoint_failures_total",
                "Writes the disk refused.",
                view.board().checkpointFailures());
        counter(
                text,
                "finback_agent_unhealthy_reports_total",
                "Reports that a task is not healthy.",
                view.board().counts().unhealthy());
        counter(
                text,
                "finback_agent_launch_failures_total",
                "Tasks that could not be started.",
                view.board().counts().launchErrors());
        counter(
                text,
                "finback_agent_preemptions_total",
                "Tasks on revocable resources that were ended for others.",
                view.board().counts().preemptions());
        text.append("# HELP finback_agent_containerizer_up Whether what runs tasks can do so now.\n")
                .append("# TYPE finback_agent_containerizer_up gauge\n");
        view.containers().standings().forEach((name, standing) -> text.append(
                        "finback_agent_containerizer_up{containerizer=\"")
                .append(name)
                .append("\"} ")
                .append(standing.available() ? 1 : 0)
                .append('\n'));
        counter(
                text,
                "finback_agent_out_of_memory_total",
                "Containers that were ended because they needed more memory than they may have.",
                view.containment().outOfMemory().getAsLong());
        gauge(
                text,
                "finback_agent_control_groups_left",
                "Control groups of ended containers that could not be removed yet.",
                view.containment().leftGroups().getAsLong());
        TransfersView transfers = view.transfers();
        counter(
                text,
                "finback_agent_fetched_uris_total",
                "URIs brought into sandboxes.",
                transfers.fetched().getAsLong());
        counter(
                text,
                "finback_agent_fetch_failures_total",
                "Tasks whose URIs could not be had.",
                transfers.fetchFailures().getAsLong());
        counter(
                text,
                "finback_agent_fetch_cache_hits_total",
                "URIs that the fetcher's cache had.",
                transfers.cacheHits().getAsLong());
        gauge(
                text,
                "finback_agent_fetch_cache_bytes",
                "What the fetcher's cache holds.",
                transfers.cacheBytes().getAsLong());
        counter(
                text,
                "finback_agent_images_pulled_total",
                "Images found or pulled, and unpacked, for tasks without an engine.",
                transfers.imagesPulled().getAsLong());
        counter(
                text,
                "finback_agent_image_failures_total",
                "Images that could not be had.",
                transfers.imageFailures().getAsLong());
        isolators(text, view.containment());
        return text.toString();
    }

    /** Without the runs of executors, which are no tasks to anybody outside. */
    private static List<AgentTask> tasks(AgentView view) {
        return view.board().live().stream()
                .filter(task -> !task.isExecutorRun())
                .toList();
    }

    private static void isolators(StringBuilder text, ContainmentView containment) {
        text.append("# HELP finback_agent_isolator_on 1 for what contains tasks here, 0 for what does not work.\n")
                .append("# TYPE finback_agent_isolator_on gauge\n");
        containment.isolators().forEach(status -> text.append("finback_agent_isolator_on{isolator=\"")
                .append(status.isolator())
                .append("\"} ")
                .append(status.on() ? 1 : 0)
                .append('\n'));
    }

    private static long staged(List<AgentTask> live) {
        return live.stream().filter(AgentTask::isStaged).count();
    }

    private static long running(List<AgentTask> live) {
        return live.stream().filter(AgentTask::isRunning).count();
    }

    private static long pending(List<AgentTask> live) {
        return live.stream().mapToLong(task -> task.unacknowledged().size()).sum();
    }

    private static void gauge(StringBuilder text, String name, String help, long value) {
        metric(text, name, help, "gauge", value);
    }

    private static void counter(StringBuilder text, String name, String help, long value) {
        metric(text, name, help, "counter", value);
    }

    private static void metric(StringBuilder text, String name, String help, String type, long value) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        text.append(name).append(' ').append(value).append('\n');
    }
}
