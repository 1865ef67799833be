package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a deployment does: steps one after the other, the actions of one step side by side. Source: Marathon's DeploymentPlan.
 *
 * @param members how many apps take part; empty: one
 */
public record DeploymentPlan(String id, Instant version, List<Step> steps, Optional<Integer> members) {
    public DeploymentPlan {
        steps = List.copyOf(steps);
    }

    public record Step(List<Action> actions) {
        public Step {
            actions = List.copyOf(actions);
        }
    }

    /** {@code pod}: {@code true} of a pod. */
    public record Action(Kind kind, String appId, Optional<Boolean> pod) {
        public Action(Kind kind, String appId) {
            this(kind, appId, Optional.empty());
        }

        public boolean ofPod() {
            return pod.orElse(false);
        }

        /** {@code ScaleApplication}, {@code ScalePod}. */
        public String wireName() {
            return ofPod() ? kind.wireName.replace("Application", "Pod") : kind.wireName;
        }
    }

    public enum Kind {
        START("StartApplication"),
        SCALE("ScaleApplication"),
        RESTART("RestartApplication"),
        STOP("StopApplication");

        private final String wireName;

        Kind(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }
    }

    static DeploymentPlan of(String id, Instant version, String appId, Kind... kinds) {
        return new DeploymentPlan(
                id,
                version,
                java.util.Arrays.stream(kinds)
                        .map(kind -> new Step(List.of(new Action(kind, appId))))
                        .toList(),
                Optional.empty());
    }

    /** The same, said of a pod if {@code definition} is one. */
    DeploymentPlan about(Optional<AppDefinition> definition) {
        if (definition.flatMap(AppDefinition::pod).isEmpty()) {
            return this;
        }
        return new DeploymentPlan(
                id,
                version,
                steps.stream()
                        .map(step -> new Step(step.actions().stream()
                                .map(a -> new Action(a.kind(), a.appId(), Optional.of(true)))
                                .toList()))
                        .toList(),
                members);
    }

    /** Several apps take part: it begins only once every one of them is held. */
    public boolean shared() {
        return members.orElse(1) > 1;
    }

    /** What one app keeps of it: as many steps, its own actions alone. */
    public DeploymentPlan slice(String appId) {
        return slice(appId::equals);
    }

    /** As many steps, the actions of these apps alone. */
    public DeploymentPlan slice(Predicate<String> apps) {
        List<Step> mine = steps.stream()
                .map(step -> new Step(step.actions().stream()
                        .filter(a -> apps.test(a.appId()))
                        .toList()))
                .toList();
        return new DeploymentPlan(id, version, mine, members);
    }

    /** The whole of which both are slices, as far as they go. */
    public DeploymentPlan joined(DeploymentPlan other) {
        List<Step> all = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            List<Action> actions = new ArrayList<>(steps.get(i).actions());
            if (i < other.steps.size()) {
                other.steps.get(i).actions().stream()
                        .filter(a -> !actions.contains(a))
                        .forEach(actions::add);
            }
            actions.sort(Comparator.comparing(Action::appId));
            all.add(new Step(actions));
        }
        return new DeploymentPlan(id, version, all, members);
    }

    public boolean ofPod(String appId) {
        return steps.stream()
                .flatMap(step -> step.actions().stream())
                .anyMatch(a -> a.appId().equals(appId) && a.ofPod());
    }

    public List<String> apps() {
        return steps.stream()
                .flatMap(step -> step.actions().stream())
                .map(Action::appId)
                .distinct()
                .sorted()
                .toList();
    }
}
