package io.finback.controlplane.scheduler;

/** What happened to a deployment. */
public sealed interface DeploymentEvent {
    DeploymentState applyTo(DeploymentState state);

    /** As deployments began before registering apps was no step of its own any more. */
    record Started(DeploymentPlan plan) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.started(plan);
        }
    }

    /** The same; steps that only register apps are done with that. */
    record Begun(DeploymentPlan plan) implements DeploymentEvent {
        @Override
        public DeploymentState applyTo(DeploymentState state) {
            return state.started(plan).pastRegistration();
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
