package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.DeploymentPlan.Action;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.controlplane.scheduler.DeploymentPlan.Step;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Orders the changes of several apps into one plan: what goes is stopped first, what is new is announced, then layer after layer of
 * dependencies is brought to its target. Source: Marathon's DeploymentPlan.
 */
public final class PlanBuilder {
    private PlanBuilder() {}

    /**
     * One app's part.
     *
     * @param kind {@code SCALE}, {@code RESTART} or {@code STOP}
     * @param created the app does not exist yet
     */
    public record Change(String appId, Kind kind, boolean created, boolean pod) {
        public Change(String appId, Kind kind, boolean created) {
            this(appId, kind, created, false);
        }

        private Action action(Kind what) {
            return new Action(what, appId, pod ? Optional.of(true) : Optional.empty());
        }
    }

    /** {@code layers}: of {@link Dependencies#layers}; an app that is not in it depends on nothing. No changes: no steps. */
    public static DeploymentPlan plan(
            String id, Instant version, Collection<Change> changes, Map<String, Integer> layers) {
        List<Action> stop = new ArrayList<>();
        List<Action> start = new ArrayList<>();
        SortedMap<Integer, List<Action>> byLayer = new TreeMap<>();
        changes.stream().sorted(Comparator.comparing(Change::appId)).forEach(change -> {
            Action action = change.action(change.kind());
            if (change.kind() == Kind.STOP) {
                stop.add(action);
                return;
            }
            if (change.created()) {
                start.add(change.action(Kind.START));
            }
            byLayer.computeIfAbsent(layers.getOrDefault(change.appId(), 0), l -> new ArrayList<>())
                    .add(action);
        });
        List<Step> steps = new ArrayList<>();
        for (List<Action> actions : List.of(stop, start)) {
            if (!actions.isEmpty()) {
                steps.add(new Step(actions));
            }
        }
        byLayer.values().forEach(actions -> steps.add(new Step(actions)));
        return new DeploymentPlan(id, version, steps, Optional.of(changes.size()));
    }
}
