package io.finback.controlplane.chronosapi;

import io.finback.controlplane.job.JobSnapshot;
import java.util.List;

/** The jobs and their dependencies as text. Source: Chronos' Exporter. */
final class GraphWriter {
    private GraphWriter() {}

    /** For Graphviz. */
    static String dot(List<JobSnapshot> jobs) {
        StringBuilder text = new StringBuilder("digraph G {\n");
        for (JobSnapshot job : jobs) {
            text.append("  ").append(quoted(job.name())).append(";\n");
        }
        for (JobSnapshot job : jobs) {
            for (String parent : job.definition().orElseThrow().times().parents()) {
                text.append("  ")
                        .append(quoted(parent))
                        .append(" -> ")
                        .append(quoted(job.name()))
                        .append(";\n");
            }
        }
        return text.append("}\n").toString();
    }

    /** Rows {@code node,name,status,state} and {@code link,parent,child}. */
    static String csv(List<JobSnapshot> jobs) {
        StringBuilder text = new StringBuilder();
        for (JobSnapshot job : jobs) {
            text.append("node,")
                    .append(job.name())
                    .append(',')
                    .append(JobWriter.status(job))
                    .append(',')
                    .append(JobWriter.state(job))
                    .append('\n');
        }
        for (JobSnapshot job : jobs) {
            for (String parent : job.definition().orElseThrow().times().parents()) {
                text.append("link,")
                        .append(parent)
                        .append(',')
                        .append(job.name())
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** Names hold no quotes. */
    private static String quoted(String name) {
        return '"' + name + '"';
    }
}
