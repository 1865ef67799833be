package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tracing.SpanIds;
import io.finback.tracing.Tracing;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Spans of instances that a deployment launches: from when one was wanted to when it was ready, and where it waited between. Told when it is
 * ready or has ended before, from what is journaled, so that nothing is lost by a failover.
 */
final class InstanceTraces {
    private final Tracing tracing;

    InstanceTraces(Tracing tracing) {
        this.tracing = tracing;
    }

    /** {@code events} have made {@code after} of {@code before}. */
    void tell(AppState before, List<AppEvent> events, Instant now) {
        if (!tracing.isOn() || before.order().isEmpty()) {
            return;
        }
        AppState.Order order = before.order().get();
        Optional<DeploymentTrace> trace = DeploymentTrace.of(tracing, order.deploymentId());
        if (trace.isEmpty()) {
            return;
        }
        AppState state = before;
        for (AppEvent event : events) {
            AppState after = event.applyTo(state);
            tell(trace.get(), order.step(), state, event, after, now);
            state = after;
        }
    }

    private static void tell(
            DeploymentTrace trace, int step, AppState before, AppEvent event, AppState after, Instant now) {
        if (event instanceof AppEvent.InstanceEnded ended) {
            before.instance(ended.taskId())
                    .filter(instance -> instance.startedAt().isEmpty()
                            || !instance.healthy().orElse(true))
                    .filter(instance -> !instance.doomed())
                    .ifPresent(instance -> tell(
                            trace,
                            step,
                            before.appId(),
                            instance,
                            now,
                            ended.end().wireName()));
        } else {
            Optional<String> id = touched(event);
            Optional<Instance> next = id.flatMap(after::instance).filter(Instance::ready);
            boolean wasReady =
                    id.flatMap(before::instance).filter(Instance::ready).isPresent();
            if (next.isPresent() && !wasReady) {
                tell(trace, step, after.appId(), next.get(), now, "");
            }
        }
    }

    private static Optional<String> touched(AppEvent event) {
        if (event instanceof AppEvent.InstanceReported reported) {
            return Optional.of(reported.taskId());
        }
        if (event instanceof AppEvent.PartReported part) {
            return Optional.of(part.taskId());
        }
        if (event instanceof AppEvent.HealthChanged health) {
            return Optional.of(health.taskId());
        }
        return Optional.empty();
    }

    private static void tell(
            DeploymentTrace trace, int step, String app, Instance instance, Instant now, String error) {
        SpanIds whole = trace.child(trace.step(step), instance.taskId());
        Map<String, String> tags = new HashMap<>();
        tags.put("finback.app_id", app);
        tags.put("finback.task_id", instance.taskId());
        instance.place().ifPresent(place -> {
            tags.put("finback.agent_id", place.agentId());
            tags.put("finback.host", place.host());
        });
        trace.tell(whole, "instance", instance.createdAt(), now, error, tags);
        Instant placed = instance.place().map(Instance.Place::at).orElse(now);
        part(trace, whole, "instance.wait_for_offer", instance.createdAt(), placed);
        if (instance.place().isPresent()) {
            Instant started = instance.startedAt().orElse(now);
            part(trace, whole, "instance.launch", placed, started);
            if (instance.startedAt().isPresent() && instance.healthy().isPresent()) {
                part(trace, whole, "instance.wait_for_health", started, now);
            }
        }
    }

    /** Agents have clocks of their own: what begins later than it ends took no time. */
    private static void part(DeploymentTrace trace, SpanIds whole, String name, Instant from, Instant to) {
        trace.tell(trace.child(whole, name), name, from, to.isBefore(from) ? from : to, "", Map.of());
    }
}
