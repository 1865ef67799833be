package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tracing.Sampler;
import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import io.finback.tracing.SpanSink;
import io.finback.tracing.TraceHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Spans of offers: from when one is made to what becomes of it, and of each task that is launched on it: until it is granted, and until it
 * is heard of. Not durable: what is under way at a failover has no span. Not thread-safe: one framework's.
 */
final class OfferTraces {
    /**
     * So many offers, and so many tasks, are followed at once; the oldest give way and have no spans: of a task that was refused before it was
     * one nothing is ever heard.
     */
    private static final int MOST = 10_000;

    private record Made(SpanIds ids, AgentId agent, String role, Instant at) {}

    /** {@code start}: the part at the agent, whose own spans are parts of that one. */
    private record Launch(
            SpanIds whole,
            SpanIds start,
            AgentId agent,
            Instant accepted,
            @Nullable Instant granted) {}

    private final boolean on;
    private final Sampler sampler;
    private final SpanSink sink;
    private final String framework;
    private final Map<OfferId, Made> offers = new LinkedHashMap<>();
    private final Map<TaskId, Launch> launches = new LinkedHashMap<>();

    /** {@code on}: anything is told at all. */
    OfferTraces(boolean on, Sampler sampler, SpanSink sink, String framework) {
        this.on = on;
        this.sampler = sampler;
        this.sink = sink;
        this.framework = framework;
    }

    void made(OfferId offer, AgentId agent, String role, Instant now) {
        if (!on) {
            return;
        }
        SpanIds ids = sampler.decide(SpanIds.root(ThreadLocalRandom.current()));
        if (ids.isSampled()) {
            add(offers, offer, new Made(ids, agent, role, now));
        }
    }

    /** {@code what}: accepted, declined, rescinded. Those that are not followed are passed over. */
    void over(Iterable<OfferId> gone, String what, Instant now) {
        if (offers.isEmpty()) {
            return;
        }
        for (OfferId offer : gone) {
            Made known = offers.remove(offer);
            if (known != null) {
                tell(offer, known, what, now);
            }
        }
    }

    void allOver(String what, Instant now) {
        over(List.copyOf(offers.keySet()), what, now);
    }

    /** These tasks are to be launched on these offers. */
    void accepted(List<OfferId> used, List<TaskId> tasks, Instant now) {
        if (offers.isEmpty()) {
            return;
        }
        for (OfferId offer : used) {
            Made known = offers.get(offer);
            if (known != null) {
                for (TaskId task : tasks) {
                    if (!launches.containsKey(task)) {
                        SpanIds whole = known.ids().child(ThreadLocalRandom.current());
                        SpanIds start = whole.child(ThreadLocalRandom.current());
                        add(launches, task, new Launch(whole, start, known.agent(), now, null));
                    }
                }
                break;
            }
        }
        over(used, tasks.isEmpty() ? "declined" : "accepted", now);
    }

    private static <K, V> void add(Map<K, V> followed, K key, V value) {
        if (followed.size() >= MOST) {
            var oldest = followed.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        followed.put(key, value);
    }

    void granted(TaskId task, Instant now) {
        if (!launches.isEmpty()) {
            launches.computeIfPresent(
                    task,
                    (id, launch) -> new Launch(launch.whole(), launch.start(), launch.agent(), launch.accepted(), now));
        }
    }

    /** What the agent is told of the span its work for this task is part of, as a {@code traceparent}; empty: it is not followed. */
    Optional<String> parent(TaskId task) {
        return launches.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(launches.get(task)).map(launch -> TraceHeaders.traceparent(launch.start()));
    }

    void status(TaskId task, TaskState state, Instant now) {
        if (launches.isEmpty() || !(state == TaskState.RUNNING || state.isTerminal())) {
            return;
        }
        Launch launch = launches.remove(task);
        if (launch == null) {
            return;
        }
        Map<String, String> tags = new HashMap<>();
        tags.put("finback.framework_id", framework);
        tags.put("finback.task_id", task.value());
        tags.put("finback.agent_id", launch.agent().value());
        tags.put("finback.state", state.wireName());
        String error = state.isTerminal() && state != TaskState.FINISHED ? state.wireName() : "";
        SpanIds whole = launch.whole();
        tell(whole, "task.launch", launch.accepted(), now, error, tags);
        Instant granted = launch.granted();
        if (granted != null) {
            tell(whole.child(ThreadLocalRandom.current()), "task.claim", launch.accepted(), granted, "", Map.of());
            tell(launch.start(), "task.start", granted, now, error, Map.of());
        }
    }

    private void tell(OfferId offer, Made made, String what, Instant now) {
        tell(
                made.ids(),
                "offer",
                made.at(),
                now,
                "",
                Map.of(
                        "finback.framework_id",
                        framework,
                        "finback.offer_id",
                        offer.value(),
                        "finback.agent_id",
                        made.agent().value(),
                        "finback.role",
                        made.role(),
                        "finback.outcome",
                        what));
    }

    private void tell(
            SpanIds ids, String name, Instant from, Instant to, String error, Map<String, String> attributes) {
        sink.take(new Span(
                ids,
                Span.Kind.INTERNAL,
                name,
                from.getEpochSecond() * 1_000_000_000L + from.getNano(),
                Math.max(0, Duration.between(from, to).toNanos()),
                "",
                error,
                attributes));
    }
}
