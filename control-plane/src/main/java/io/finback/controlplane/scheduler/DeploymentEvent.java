package io.finback.controlplane.scheduler;

/** What happened to a deployment. */
public sealed interface DeploymentEvent {
    DeploymentState applyTo(DeploymentState state);

    record Started(DeploymentPlan plan) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.started(plan);
        }
    }

    record ActionDone(String appId) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.actionDone(appId);
        }
    }

    record AppLost(String appId) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.appLost(appId);
        }
    }

    /** Called off before it began. */
    record Aborted(String why) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.abort();
        }
    }
}
