package io.finback.controlplane.schedule;

import java.time.Instant;
import java.util.List;

/** What happened to the dependency graph of jobs. */
public sealed interface GraphEvent {
    JobGraph applyTo(JobGraph graph);

    static JobGraph fold(JobGraph graph, List<GraphEvent> events) {
        JobGraph folded = graph;
        for (GraphEvent event : events) {
            folded = event.applyTo(folded);
        }
        return folded;
    }

    /** {@code parents} empty: it waits for nobody any more. */
    record Linked(String child, List<String> parents, Instant at) implements GraphEvent {
        public Linked {
            parents = List.copyOf(parents);
        }

        @Override
        public JobGraph applyTo(JobGraph graph) {
            return graph.linked(child, parents, at);
        }
    }

    /** {@code called}: the children that shall run now. */
    record Succeeded(String parent, long number, Instant at, List<String> called) implements GraphEvent {
        public Succeeded {
            called = List.copyOf(called);
        }

        @Override
        public JobGraph applyTo(JobGraph graph) {
            return graph.counted(parent, number, at, called);
        }
    }

    /** The child has journaled its run. */
    record CallTaken(String child, long number) implements GraphEvent {
        @Override
        public JobGraph applyTo(JobGraph graph) {
            return graph.withoutCalls(child, number);
        }
    }
}
