package io.finback.controlplane.deployment;

import io.finback.controlplane.app.DeploymentTrace;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.DeploymentState;
import io.finback.tracing.Tracing;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Spans of a deployment and its steps. When a step began is not journaled: after a failover in the middle of one, its span begins when the
 * deployment was taken up again, and says so.
 */
final class StepTraces {
    /** So many apps are named. */
    private static final int MOST_NAMES = 20;

    private final Tracing tracing;
    private final String id;
    private Instant stepBegun;
    private boolean recovered = true;

    /** {@code now}: the entity has just been made. */
    StepTraces(Tracing tracing, String id, Instant now) {
        this.tracing = tracing;
        this.id = id;
        this.stepBegun = now;
    }

    void tell(DeploymentState before, DeploymentState after, Instant now) {
        Optional<DeploymentTrace> trace = DeploymentTrace.of(tracing, id);
        if (trace.isEmpty() || after.plan().isEmpty()) {
            return;
        }
        DeploymentPlan plan = after.plan().get();
        if (before.plan().isEmpty()) {
            stepBegun = now;
            recovered = false;
            if (plan.shared()) {
                trace.get()
                        .tell(
                                trace.get().child("gather"),
                                "deployment.gather",
                                plan.version(),
                                now,
                                "",
                                Map.of("finback.apps", apps(plan.apps())));
            }
        }
        for (int step = before.step(); step < after.step(); step++) {
            step(trace.get(), plan, step, now, "");
            stepBegun = now;
            recovered = false;
        }
        if (after.finished() && !before.finished()) {
            String error = after.lost().isEmpty() ? "" : "canceled: taken away were " + apps(after.lost());
            if (!error.isEmpty() && after.step() < plan.steps().size()) {
                step(trace.get(), plan, after.step(), now, error);
            }
            trace.get()
                    .tell(
                            trace.get().root(),
                            "deployment",
                            plan.version(),
                            now,
                            error,
                            Map.of(
                                    "finback.apps",
                                    apps(plan.apps()),
                                    "finback.steps",
                                    Integer.toString(plan.steps().size())));
        }
    }

    private void step(DeploymentTrace trace, DeploymentPlan plan, int step, Instant now, String error) {
        List<DeploymentPlan.Action> actions = plan.steps().get(step).actions();
        String kinds = actions.stream()
                .map(DeploymentPlan.Action::wireName)
                .distinct()
                .sorted()
                .collect(Collectors.joining(","));
        trace.tell(
                trace.step(step),
                "deployment.step",
                stepBegun,
                now,
                error,
                Map.of(
                        "finback.step",
                        Integer.toString(step),
                        "finback.actions",
                        kinds,
                        "finback.apps",
                        apps(actions.stream().map(DeploymentPlan.Action::appId).toList()),
                        "finback.recovered",
                        Boolean.toString(recovered)));
    }

    private static String apps(Iterable<String> all) {
        StringBuilder text = new StringBuilder();
        int count = 0;
        for (String app : all) {
            if (count++ == MOST_NAMES) {
                return text.append(",…").toString();
            }
            text.append(text.isEmpty() ? "" : ",").append(app);
        }
        return text.toString();
    }
}
