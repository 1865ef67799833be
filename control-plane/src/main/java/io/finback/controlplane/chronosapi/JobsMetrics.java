package io.finback.controlplane.chronosapi;

import io.finback.controlplane.job.JobSnapshot;
import io.finback.controlplane.schedule.Run;
import java.util.List;
import java.util.Locale;

/** The jobs of a view as Prometheus text. */
final class JobsMetrics {
    private JobsMetrics() {}

    static String text(List<JobSnapshot> jobs) {
        StringBuilder text = new StringBuilder();
        long disabled = jobs.stream()
                .filter(j -> j.definition().orElseThrow().policy().disabled())
                .count();
        head(text, "finback_job_jobs");
        line(text, "finback_job_jobs", "state=\"enabled\"", jobs.size() - disabled);
        line(text, "finback_job_jobs", "state=\"disabled\"", disabled);
        head(text, "finback_job_runs");
        for (Run.Phase phase : Run.Phase.values()) {
            long runs = jobs.stream()
                    .flatMap(j -> j.runs().stream())
                    .filter(r -> r.phase() == phase)
                    .count();
            line(text, "finback_job_runs", "phase=\"" + phase.name().toLowerCase(Locale.ROOT) + "\"", runs);
        }
        head(text, "finback_job_failing_jobs");
        line(
                text,
                "finback_job_failing_jobs",
                "",
                jobs.stream().filter(j -> j.counters().errorsSinceSuccess() > 0).count());
        head(text, "finback_job_occurrences_not_run");
        line(
                text,
                "finback_job_occurrences_not_run",
                "",
                jobs.stream().mapToLong(j -> j.counters().missed()).sum());
        return text.toString();
    }

    private static void head(StringBuilder text, String name) {
        text.append("# TYPE ").append(name).append(" gauge\n");
    }

    private static void line(StringBuilder text, String name, String labels, long value) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        text.append(' ').append(value).append('\n');
    }
}
