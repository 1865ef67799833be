package io.finback.nodeagent.node;

import io.finback.resources.AgentId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import io.finback.tracing.SpanSink;
import io.finback.tracing.TraceHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Spans of what this agent does for a launch that is followed: from its arrival to its first news that it runs or has ended, and of that the
 * time until its sandbox and its process were prepared, and from there on. Part of the master's {@code task.start}. Not durable: what is under way
 * when the agent ends has no span. Not thread-safe: the tasks' actor's.
 */
public final class LaunchTraces {
    /** So many launches are followed at once; the oldest give way and have no spans. */
    private static final int MOST = 10_000;

    private record Underway(
            SpanIds ids, Instant received, @Nullable Instant prepared) {}

    private final boolean on;
    private final AgentId agent;
    private final SpanSink sink;
    private final Map<TaskKey, Underway> underway = new LinkedHashMap<>();

    /** {@code on}: anything is told at all. */
    public LaunchTraces(boolean on, AgentId agent, SpanSink sink) {
        this.on = on;
        this.agent = agent;
        this.sink = sink;
    }

    /** This task came, and was not known. {@code parent}: what its master said; null, or not to be kept: it is not followed. */
    void received(TaskKey task, @Nullable String parent, Instant now) {
        SpanIds of = on ? TraceHeaders.traceparent(parent) : null;
        if (of == null || !of.isSampled()) {
            return;
        }
        if (underway.size() >= MOST) {
            var oldest = underway.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        underway.put(task, new Underway(of.child(ThreadLocalRandom.current()), now, null));
    }

    /** Its sandbox is filled and its process waits to be let go. */
    void prepared(TaskKey task, Instant now) {
        underway.computeIfPresent(task, (key, launch) -> new Underway(launch.ids(), launch.received(), now));
    }

    /** The first that says that it runs or has ended is the end of its launch. */
    void said(TaskStatus status, Instant now) {
        if (underway.isEmpty()
                || !(status.state() == TaskState.RUNNING || status.state().isTerminal())) {
            return;
        }
        TaskKey key = TaskKey.of(status.framework(), status.task());
        Underway launch = underway.remove(key);
        if (launch == null) {
            return;
        }
        String state = status.state().wireName();
        String error = status.state().isTerminal() && status.state() != TaskState.FINISHED ? state : "";
        Map<String, String> tags = new HashMap<>();
        tags.put("finback.framework_id", key.framework().value());
        tags.put("finback.task_id", key.task().value());
        tags.put("finback.agent_id", agent.value());
        tags.put("finback.state", state);
        tell(launch.ids(), "agent.launch", launch.received(), now, error, tags);
        Instant prepared = launch.prepared();
        SpanIds first = launch.ids().child(ThreadLocalRandom.current());
        tell(
                first,
                "agent.prepare",
                launch.received(),
                prepared == null ? now : prepared,
                prepared == null ? error : "",
                Map.of());
        if (prepared != null) {
            tell(launch.ids().child(ThreadLocalRandom.current()), "agent.start", prepared, now, error, Map.of());
        }
    }

    private void tell(SpanIds ids, String name, Instant from, Instant to, String error, Map<String, String> tags) {
        sink.take(new Span(
                ids,
                Span.Kind.INTERNAL,
                name,
                from.getEpochSecond() * 1_000_000_000L + from.getNano(),
                Math.max(0, Duration.between(from, to).toNanos()),
                "",
                error,
                tags));
    }
}
