package io.finback.nodeagent.api;

import io.finback.nodeagent.task.AgentTask;
import java.util.List;

/** The agent's metrics in Prometheus' text form. */
final class MetricsText {
    private MetricsText() {}

    static String prometheus(AgentView view) {
        List<AgentTask> live = view.board().live();
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
        return text.toString();
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
