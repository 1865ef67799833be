package io.finback.controlplane.view;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.resources.AgentId;
import java.util.function.Function;

/** One thing a view noticed. Whoever folds these into the snapshot they follow has the next snapshot. */
public sealed interface ClusterEvent {

    /** Calls the one function that is for this case. */
    <R> R match(Cases<R> cases);

    /** One function per case. */
    record Cases<R>(
            Function<TaskAdded, R> taskAdded,
            Function<TaskUpdated, R> taskUpdated,
            Function<AgentAdded, R> agentAdded,
            Function<AgentRemoved, R> agentRemoved,
            Function<FrameworkAdded, R> frameworkAdded,
            Function<FrameworkUpdated, R> frameworkUpdated,
            Function<FrameworkRemoved, R> frameworkRemoved) {}

    /** A task nobody spoke of before. */
    record TaskAdded(FrameworkDelta.Task task) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.taskAdded().apply(this);
        }
    }

    /** A task's state, or what its health check says, changed. */
    record TaskUpdated(FrameworkDelta.Task task) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.taskUpdated().apply(this);
        }
    }

    /** An agent was admitted, or is back from being unreachable. */
    record AgentAdded(AllocationDelta.Agent agent) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.agentAdded().apply(this);
        }
    }

    /** An agent became unreachable, or left for good. */
    record AgentRemoved(AgentId agent) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.agentRemoved().apply(this);
        }
    }

    /** The framework without its tasks. */
    record FrameworkAdded(ClusterSnapshot.Framework framework) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.frameworkAdded().apply(this);
        }
    }

    /** The framework without its tasks. */
    record FrameworkUpdated(ClusterSnapshot.Framework framework) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.frameworkUpdated().apply(this);
        }
    }

    /** The framework without its tasks. */
    record FrameworkRemoved(ClusterSnapshot.Framework framework) implements ClusterEvent {
        @Override
        public <R> R match(Cases<R> cases) {
            return cases.frameworkRemoved().apply(this);
        }
    }
}
