package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppChange.Decision;
import io.finback.controlplane.scheduler.AppChange.Refusal;
import io.finback.controlplane.scheduler.AppState.Lock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How an app joins a deployment over several apps, and how it leaves one that never began. Joining changes what is wanted and locks the
 * app, but without an order no instance is touched: until the deployment begins, leaving makes it as if nothing had been asked.
 */
public final class MemberChange {
    private MemberChange() {}

    /** {@code slice}: the app's part of the plan. Repeating it changes nothing. */
    public static Decision enlist(AppState state, Member member, DeploymentPlan slice, boolean force, Instant now) {
        if (AppChange.holds(state, slice.id()) || isDone(state, member, slice)) {
            return new Decision.Accepted(List.of(), slice.version());
        }
        Optional<Refusal> refusal = refusal(state, member, force);
        if (refusal.isPresent()) {
            return new Decision.Refused(refusal.get());
        }
        Optional<AppVersion> current = state.current();
        Optional<Instant> back = current.map(AppVersion::version);
        List<AppEvent> events = new ArrayList<>();
        boolean removes = member.goal() == Member.Goal.REMOVE || createdBy(state, member);
        if (!removes) {
            // All apps of one deployment get its time as their version, where that is possible.
            Instant time = slice.version().isAfter(now) ? now : slice.version();
            events.add(new AppEvent.VersionAdded(next(state, member, time)));
        }
        Optional<Instant> revertTo = member.goal() == Member.Goal.CREATE && !state.exists() ? Optional.empty() : back;
        Lock lock = new Lock(slice, revertTo, removes);
        events.add(new AppEvent.Locked(member.goal() == Member.Goal.REVERT ? lock.reverting() : lock));
        List<String> doomed = member.doomed().stream()
                .filter(state.instances()::containsKey)
                .distinct()
                .toList();
        if (!doomed.isEmpty()) {
            events.add(new AppEvent.InstancesDoomed(doomed));
        }
        return new Decision.Accepted(events, slice.version());
    }

    /** Undoes {@link #enlist}, as long as nothing was ordered yet. */
    public static List<AppEvent> withdraw(AppState state, String deploymentId) {
        return AppChange.holds(state, deploymentId) && state.order().isEmpty()
                ? List.of(new AppEvent.Withdrawn(deploymentId))
                : List.of();
    }

    /** Whether that deployment is over already: what it wants is there, as of its time. */
    private static boolean isDone(AppState state, Member member, DeploymentPlan slice) {
        return state.lock().isEmpty()
                && state.current()
                        .filter(current -> current.version().equals(slice.version())
                                && member.definition()
                                        .map(wanted -> wanted.reusingPortsOf(current.definition()))
                                        .filter(current.definition()::equals)
                                        .isPresent())
                        .isPresent();
    }

    private static Optional<Refusal> refusal(AppState state, Member member, boolean force) {
        if (member.goal() == Member.Goal.REVERT) {
            return AppChange.holds(state, member.reverted().orElse(""))
                    ? Optional.empty()
                    : Optional.of(Refusal.NO_SUCH_DEPLOYMENT);
        }
        boolean locked = state.lock().isPresent() && !force;
        if (member.goal() == Member.Goal.CREATE) {
            if (state.exists() && !state.removing()) {
                return Optional.of(Refusal.EXISTS);
            }
            return locked ? Optional.of(Refusal.LOCKED) : Optional.empty();
        }
        if (!state.exists()) {
            return Optional.of(Refusal.MISSING);
        }
        if (!state.current().map(AppVersion::version).equals(member.expected())) {
            return Optional.of(Refusal.STALE);
        }
        return locked ? Optional.of(Refusal.LOCKED) : Optional.empty();
    }

    private static boolean createdBy(AppState state, Member member) {
        return member.goal() == Member.Goal.REVERT
                && state.lock().flatMap(Lock::revertTo).isEmpty();
    }

    private static AppVersion next(AppState state, Member member, Instant time) {
        if (member.goal() == Member.Goal.REVERT) {
            return AppChange.revertedVersion(state, time);
        }
        AppDefinition wanted = member.definition().orElseThrow();
        AppDefinition definition =
                state.current().map(c -> wanted.reusingPortsOf(c.definition())).orElse(wanted);
        return AppVersion.following(state.current(), definition, time);
    }
}
