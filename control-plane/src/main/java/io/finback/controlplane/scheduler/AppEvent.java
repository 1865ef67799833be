package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppState.Lock;
import io.finback.controlplane.scheduler.AppState.Order;
import io.finback.controlplane.scheduler.AppState.TaskFailure;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What happened to an app. Facts only; the fold needs no clock. */
public sealed interface AppEvent {
    AppState applyTo(AppState state);

    static AppState fold(AppState state, List<AppEvent> events) {
        AppState folded = state;
        for (AppEvent event : events) {
            folded = event.applyTo(folded);
        }
        return folded;
    }

    record VersionAdded(AppVersion version) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withVersion(version);
        }
    }

    /** Service ports of the wanted version, in order, none 0. Ignored when the version has moved on. */
    record PortsAssigned(Instant version, List<Integer> ports) implements AppEvent {
        public PortsAssigned {
            ports = List.copyOf(ports);
        }

        @Override
        public AppState applyTo(AppState state) {
            return state.current()
                    .filter(c -> c.version().equals(version))
                    .map(c -> state.withCurrent(c.withDefinition(c.definition().withPortNumbers(ports))))
                    .orElse(state);
        }
    }

    /** A deployment has taken the app; whichever had it before has lost it. */
    record Locked(Lock lock) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withLock(Optional.of(lock));
        }
    }

    record Unlocked(String deploymentId) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withLock(Optional.empty());
        }
    }

    /** A deployment over several apps did not begin: what it had changed here is undone. */
    record Withdrawn(String deploymentId) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.lock()
                    .filter(l -> l.plan().id().equals(deploymentId))
                    .map(state::withoutLockedChange)
                    .orElse(state);
        }
    }

    /** Somebody has paused the deployment, let it go on, or said that all is well. */
    record Conducted(String deploymentId, DeploymentConduct conduct) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return AppChange.holds(state, deploymentId) ? state.withConduct(conduct) : state;
        }
    }

    record Ordered(Order order) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withOrder(order);
        }
    }

    record InstancesAdded(List<Instance> added) implements AppEvent {
        public InstancesAdded {
            added = List.copyOf(added);
        }

        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            added.forEach(i -> map.put(i.taskId(), i));
            return state.withInstances(map);
        }
    }

    /** Written before the launch is asked for: no task id is ever launched in a second place. */
    record InstancesPlaced(Map<String, Instance.Place> places) implements AppEvent {
        public InstancesPlaced {
            places = Map.copyOf(places);
        }

        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            places.forEach((id, place) -> map.computeIfPresent(id, (key, i) -> i.placed(place)));
            return state.withInstances(map);
        }
    }

    record InstanceReported(String taskId, Instance.Phase phase, Instant at, Optional<Boolean> healthy)
            implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            map.computeIfPresent(taskId, (key, i) -> i.reported(phase, at, healthy));
            return state.withInstances(map);
        }
    }

    /** News of one container of a pod's instance. */
    record PartReported(String taskId, String container, PodPart part) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            map.computeIfPresent(taskId, (key, i) -> i.reported(container, part));
            return state.withInstances(map);
        }
    }

    /** The checks of an instance have another verdict. */
    record HealthChanged(String taskId, boolean healthy) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            map.computeIfPresent(taskId, (key, i) -> i.judged(healthy));
            return state.withInstances(map);
        }
    }

    record InstancesDoomed(List<String> taskIds) implements AppEvent {
        public InstancesDoomed {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            taskIds.forEach(id -> map.computeIfPresent(id, (key, i) -> i.doom()));
            return state.withInstances(map);
        }
    }

    /** Never launched, or given up as unreachable. */
    record InstancesDropped(List<String> taskIds) implements AppEvent {
        public InstancesDropped {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public AppState applyTo(AppState state) {
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            taskIds.forEach(map::remove);
            return state.withInstances(map);
        }
    }

    record InstanceEnded(String taskId, TaskState end, Instant at, Optional<String> reason, Optional<String> message)
            implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            Optional<Instance> found = state.instance(taskId);
            if (found.isEmpty()) {
                return state;
            }
            Instance instance = found.get();
            Map<String, Instance> map = new LinkedHashMap<>(state.instances());
            map.remove(taskId);
            AppState next = state.withInstances(map);
            boolean mine = state.current()
                    .filter(c -> c.configAt().equals(instance.configAt()))
                    .isPresent();
            if (mine && !instance.doomed() && Backoff.raisedBy(end, reason)) {
                AppDefinition.BackoffRule rule =
                        state.current().orElseThrow().definition().backoff();
                next = next.withBackoff(Optional.of(Backoff.raised(state.backoff(), instance.configAt(), rule, at)));
            }
            if (instance.doomed() || end == TaskState.KILLED || end == TaskState.FINISHED) {
                return next;
            }
            return next.withFailure(
                    new TaskFailure(taskId, end, message.orElse(""), instance.place(), instance.version(), at));
        }
    }

    record BackoffReset() implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withBackoff(Optional.empty());
        }
    }

    record AppRemoved() implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return AppState.empty(state.appId());
        }
    }
}
