package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.List;

/** What a deployment does: steps one after the other, the actions of one step side by side. Source: Marathon's DeploymentPlan. */
public record DeploymentPlan(String id, Instant version, List<Step> steps) {
    public DeploymentPlan {
        steps = List.copyOf(steps);
    }

    public record Step(List<Action> actions) {
        public Step {
            actions = List.copyOf(actions);
        }
    }

    public record Action(Kind kind, String appId) {}

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
                        .toList());
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
