package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppState.Lock;
import io.finback.controlplane.scheduler.AppState.Order;
import io.finback.controlplane.scheduler.AppState.TaskFailure;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
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

    /** The same with fewer lines: neighbouring reports become one. */
    static List<AppEvent> joined(List<AppEvent> events) {
        List<AppEvent> joined = new ArrayList<>();
        List<InstanceReported> reports = new ArrayList<>();
        for (AppEvent event : events) {
            if (event instanceof InstanceReported report) {
                reports.add(report);
            } else {
                flush(reports, joined);
                joined.add(event);
            }
        }
        flush(reports, joined);
        return joined;
    }

    private static void flush(List<InstanceReported> reports, List<AppEvent> joined) {
        if (reports.size() == 1) {
            joined.add(reports.get(0));
        } else if (!reports.isEmpty()) {
            joined.add(new InstancesReported(reports));
        }
        reports.clear();
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
            return state.withInstances(map -> added.forEach(map::put));
        }
    }

    /** Written before the launch is asked for: no task id is ever launched in a second place. */
    record InstancesPlaced(Map<String, Instance.Place> places) implements AppEvent {
        public InstancesPlaced {
            places = Map.copyOf(places);
        }

        @Override
        public AppState applyTo(AppState state) {
            AppState placed =
                    state.withInstances(map -> places.forEach((id, place) -> map.change(id, i -> i.placed(place))));
            return Homes.placed(placed, places);
        }
    }

    record InstanceReported(String taskId, Instance.Phase phase, Instant at, Optional<Boolean> healthy)
            implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return Homes.lived(
                    state.withInstances(map -> map.change(taskId, i -> i.reported(phase, at, healthy))), taskId, phase);
        }
    }

    /** Several at once: one line in the journal instead of many. */
    record InstancesReported(List<InstanceReported> reports) implements AppEvent {
        public InstancesReported {
            reports = List.copyOf(reports);
        }

        @Override
        public AppState applyTo(AppState state) {
            AppState reported = state.withInstances(map ->
                    reports.forEach(r -> map.change(r.taskId(), i -> i.reported(r.phase(), r.at(), r.healthy()))));
            for (InstanceReported report : reports) {
                reported = Homes.lived(reported, report.taskId(), report.phase());
            }
            return reported;
        }
    }

    /** News of one container of a pod's instance. */
    record PartReported(String taskId, String container, PodPart part) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            AppState reported = state.withInstances(map -> map.change(taskId, i -> i.reported(container, part)));
            boolean runs = part.state() == TaskState.STARTING || part.state() == TaskState.RUNNING;
            return runs ? Homes.lived(reported, taskId, Instance.Phase.RUNNING) : reported;
        }
    }

    /** The checks of an instance have another verdict. */
    record HealthChanged(String taskId, boolean healthy) implements AppEvent {
        @Override
        public AppState applyTo(AppState state) {
            return state.withInstances(map -> map.change(taskId, i -> i.judged(healthy)));
        }
    }

    record InstancesDoomed(List<String> taskIds) implements AppEvent {
        public InstancesDoomed {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public AppState applyTo(AppState state) {
            return state.withInstances(map -> taskIds.forEach(id -> map.change(id, Instance::doom)));
        }
    }

    /** Never launched, or given up as unreachable. */
    record InstancesDropped(List<String> taskIds) implements AppEvent {
        public InstancesDropped {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public AppState applyTo(AppState state) {
            return state.withInstances(map -> taskIds.forEach(map::remove));
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
            AppState next = Homes.ended(state, taskId, end).withInstances(map -> map.remove(taskId));
            boolean mine = state.current()
                    .filter(c -> c.configAt().equals(instance.configAt()))
                    .isPresent();
            boolean news = !Backoff.isRefusal(end, reason) || Backoff.raisedByRefusal(state.backoff(), instance);
            if (mine && news && !instance.doomed() && Backoff.raisedBy(end, reason)) {
                AppDefinition app = state.current().orElseThrow().definition();
                Optional<Backoff> raised = SchedulingLabels.backoff(app, instance, at)
                        .map(rule -> Backoff.raised(state.backoff(), instance.configAt(), rule, at));
                next = raised.isPresent() ? next.withBackoff(raised) : next;
            }
            if (instance.doomed() || end == TaskState.KILLED || end == TaskState.FINISHED) {
                return next;
            }
            return next.withFailure(
                    new TaskFailure(taskId, end, message.orElse(""), instance.place(), instance.version(), at));
        }
    }

    /** Instances that wait get homes that are vacant: home id by task id. */
    record HomesTaken(Map<String, String> homes) implements AppEvent {
        public HomesTaken {
            homes = Map.copyOf(homes);
        }

        @Override
        public AppState applyTo(AppState state) {
            Map<String, String> taskOf = new HashMap<>();
            homes.forEach((task, home) -> taskOf.put(home, task));
            return state.withHomes(home -> Optional.of(Optional.ofNullable(taskOf.get(home.id()))
                    .map(home::takenBy)
                    .orElse(home)));
        }
    }

    /** Homes are given up: their volumes are to be destroyed. */
    record HomesLeft(List<String> homes) implements AppEvent {
        public HomesLeft {
            homes = List.copyOf(homes);
        }

        @Override
        public AppState applyTo(AppState state) {
            return Homes.left(state, homes);
        }
    }

    /** Their volumes are destroyed, and what was reserved has gone back. */
    record HomesReleased(List<String> homes) implements AppEvent {
        public HomesReleased {
            homes = List.copyOf(homes);
        }

        @Override
        public AppState applyTo(AppState state) {
            return state.withHomes(home -> homes.contains(home.id()) ? Optional.empty() : Optional.of(home));
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
