package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppState.Lock;
import io.finback.controlplane.scheduler.AppState.Order;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What a request changes: events, or why nothing. A change and the lock of its deployment are one decision. */
public final class AppChange {
    private AppChange() {}

    /** Why nothing was changed. */
    public enum Refusal {
        EXISTS,
        MISSING,
        /** Another deployment holds the app, and the request does not force. */
        LOCKED,
        /** The version the request was made for is no longer wanted. */
        STALE,
        NO_SUCH_DEPLOYMENT
    }

    public sealed interface Decision {
        <R> R match(Function<Accepted, R> accepted, Function<Refusal, R> refused);

        /** {@code version} names the deployment's time; no events: nothing to do. */
        record Accepted(List<AppEvent> events, Instant version) implements Decision {
            public Accepted {
                events = List.copyOf(events);
            }

            @Override
            public <R> R match(Function<Accepted, R> accepted, Function<Refusal, R> refused) {
                return accepted.apply(this);
            }
        }

        record Refused(Refusal why) implements Decision {
            @Override
            public <R> R match(Function<Accepted, R> accepted, Function<Refusal, R> refused) {
                return refused.apply(why);
            }
        }
    }

    /** Creates the app; refused when it exists. One that is being removed is locked, and taken back by force. */
    public static Decision create(
            AppState state, AppDefinition definition, boolean force, String deploymentId, Instant now) {
        if (state.removing() && force) {
            AppVersion next = AppVersion.following(state.current(), definition, now);
            return deploy(state, next, Kind.RESTART, deploymentId);
        }
        if (state.exists()) {
            return new Decision.Refused(state.removing() ? Refusal.LOCKED : Refusal.EXISTS);
        }
        AppVersion version = AppVersion.following(Optional.empty(), definition, now);
        DeploymentPlan plan = DeploymentPlan.of(deploymentId, version.version(), state.appId(), Kind.START, Kind.SCALE)
                .about(Optional.of(definition));
        return accepted(
                version.version(),
                new AppEvent.VersionAdded(version),
                new AppEvent.Locked(new Lock(plan, Optional.empty(), false)));
    }

    /** Makes {@code definition} the wanted one, if {@code expected} is the version it was made from. */
    public static Decision update(
            AppState state,
            AppDefinition definition,
            Instant expected,
            boolean force,
            String deploymentId,
            Instant now) {
        if (!state.exists()) {
            return new Decision.Refused(Refusal.MISSING);
        }
        AppVersion current = state.current().orElseThrow();
        if (!current.version().equals(expected)) {
            return new Decision.Refused(Refusal.STALE);
        }
        AppDefinition target = definition.reusingPortsOf(current.definition());
        boolean same = target.equals(current.definition()) && !state.removing();
        if (same && (state.lock().isPresent() || !state.mixed())) {
            return accepted(now);
        }
        if (blocked(state, force)) {
            return new Decision.Refused(Refusal.LOCKED);
        }
        AppVersion next = AppVersion.following(Optional.of(current), target, now);
        boolean restart = target.instances() > 0 && (!next.configAt().equals(current.configAt()) || state.mixed());
        return deploy(state, next, restart ? Kind.RESTART : Kind.SCALE, deploymentId);
    }

    public static Decision restart(AppState state, boolean force, String deploymentId, Instant now) {
        if (!state.exists() || state.removing()) {
            return new Decision.Refused(Refusal.MISSING);
        }
        if (blocked(state, force)) {
            return new Decision.Refused(Refusal.LOCKED);
        }
        AppVersion next = state.current().orElseThrow().restarted(now);
        return deploy(state, next, Kind.RESTART, deploymentId);
    }

    public static Decision remove(AppState state, boolean force, String deploymentId, Instant now) {
        if (!state.exists()) {
            return new Decision.Refused(Refusal.MISSING);
        }
        if (blocked(state, force)) {
            return new Decision.Refused(Refusal.LOCKED);
        }
        DeploymentPlan plan = DeploymentPlan.of(deploymentId, now, state.appId(), Kind.STOP)
                .about(state.current().map(AppVersion::definition));
        Optional<Instant> back = state.current().map(AppVersion::version);
        return accepted(now, new AppEvent.Locked(new Lock(plan, back, true)));
    }

    /** Ends these instances and wants that many fewer. Unknown ids do not count. */
    public static Decision killAndScale(
            AppState state, List<String> taskIds, boolean force, String deploymentId, Instant now) {
        if (!state.exists()) {
            return new Decision.Refused(Refusal.MISSING);
        }
        if (blocked(state, force)) {
            return new Decision.Refused(Refusal.LOCKED);
        }
        AppVersion current = state.current().orElseThrow();
        // What is being ended already was counted when it was asked for first.
        List<String> known = taskIds.stream()
                .filter(id -> state.instance(id).filter(i -> !i.doomed()).isPresent())
                .distinct()
                .toList();
        int target = Math.max(0, current.definition().instances() - known.size());
        AppVersion next =
                AppVersion.following(Optional.of(current), current.definition().withInstances(target), now);
        DeploymentPlan plan = DeploymentPlan.of(deploymentId, next.version(), state.appId(), Kind.SCALE)
                .about(Optional.of(next.definition()));
        return accepted(
                next.version(),
                new AppEvent.VersionAdded(next),
                new AppEvent.Locked(new Lock(plan, Optional.of(current.version()), false)),
                new AppEvent.InstancesDoomed(known));
    }

    /** Undoes a running deployment by a new one that starts from what is there. */
    public static Decision revert(AppState state, String reverted, String deploymentId, Instant now) {
        if (!holds(state, reverted)) {
            return new Decision.Refused(Refusal.NO_SUCH_DEPLOYMENT);
        }
        Lock lock = state.lock().orElseThrow();
        if (lock.revertTo().isEmpty()) {
            return remove(state, true, deploymentId, now);
        }
        AppVersion next = revertedVersion(state, now);
        boolean restart = next.definition().instances() > 0
                && AppEvent.fold(state, List.of(new AppEvent.VersionAdded(next)))
                        .mixed();
        return deploy(state, next, restart ? Kind.RESTART : Kind.SCALE, deploymentId)
                .<Decision>match(
                        accepted -> new Decision.Accepted(
                                accepted.events().stream()
                                        .map(AppChange::reverting)
                                        .toList(),
                                accepted.version()),
                        Decision.Refused::new);
    }

    private static AppEvent reverting(AppEvent event) {
        return event instanceof AppEvent.Locked locked
                ? new AppEvent.Locked(locked.lock().reverting())
                : event;
    }

    /** What was wanted before the deployment that holds the app, as a new version. */
    static AppVersion revertedVersion(AppState state, Instant now) {
        AppVersion current = state.current().orElseThrow();
        AppVersion old =
                state.lock().flatMap(Lock::revertTo).flatMap(state::version).orElse(current);
        Instant time = AppVersion.following(Optional.of(current), old.definition(), now)
                .version();
        // The old configuration time comes back with it: instances that still run it are kept.
        return new AppVersion(old.definition(), time, time, old.configAt());
    }

    /** Ends a deployment where it stands: it is done, or was dropped. A removed app without instances is gone then. */
    public static List<AppEvent> release(AppState state, String deploymentId, boolean done) {
        if (!holds(state, deploymentId)) {
            return List.of();
        }
        boolean gone = done && state.removing() && state.instances().isEmpty();
        return List.of(gone ? new AppEvent.AppRemoved() : new AppEvent.Unlocked(deploymentId));
    }

    /** What a person tells a running deployment; telling it again changes nothing. */
    public static List<AppEvent> conduct(
            AppState state, String deploymentId, DeploymentConduct.Order order, int ready, Instant now) {
        if (!holds(state, deploymentId) || state.current().isEmpty()) {
            return List.of();
        }
        DeploymentConduct before = state.lock().flatMap(Lock::conduct).orElse(DeploymentConduct.NONE);
        DeploymentConduct after = before.after(order, state.current().get().definition(), ready, now);
        return after.equals(before) ? List.of() : List.of(new AppEvent.Conducted(deploymentId, after));
    }

    /** Takes a deployment's order; an old or repeated one changes nothing. */
    public static List<AppEvent> order(AppState state, Order order) {
        boolean newer = holds(state, order.deploymentId())
                && state.order().map(o -> o.step() < order.step()).orElse(true);
        return newer ? List.of(new AppEvent.Ordered(order)) : List.of();
    }

    public static boolean holds(AppState state, String deploymentId) {
        return state.lock().filter(l -> l.plan().id().equals(deploymentId)).isPresent();
    }

    /** What a request is answered whose deployment holds the app already: it was asked again, because its answer is late or lost. */
    public static Optional<Decision> begun(AppState state, String deploymentId) {
        return state.lock()
                .map(Lock::plan)
                .filter(plan -> plan.id().equals(deploymentId))
                .map(plan -> accepted(plan.version()));
    }

    private static boolean blocked(AppState state, boolean force) {
        return state.lock().isPresent() && !force;
    }

    private static Decision deploy(AppState state, AppVersion next, Kind kind, String deploymentId) {
        DeploymentPlan plan = DeploymentPlan.of(deploymentId, next.version(), state.appId(), kind)
                .about(Optional.of(next.definition()));
        Optional<Instant> back = state.current().map(AppVersion::version);
        List<AppEvent> events = new ArrayList<>(
                List.of(new AppEvent.VersionAdded(next), new AppEvent.Locked(new Lock(plan, back, false))));
        if (kind == Kind.RESTART) {
            events.add(new AppEvent.BackoffReset());
        }
        return new Decision.Accepted(events, next.version());
    }

    private static Decision accepted(Instant version, AppEvent... events) {
        return new Decision.Accepted(new ArrayList<>(List.of(events)), version);
    }
}
