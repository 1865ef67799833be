package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.controlplane.scheduler.InstancePlanner.Bounds;
import io.finback.controlplane.scheduler.InstancePlanner.Plan;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The plan where it ends no instance, told from how many there are of which kind: what an app of 50,000 is asked after every report costs no walk
 * over them. Where some are to end, are unreachable or stand on drained hosts, {@link InstancePlanner} looks at each. A property
 * spec holds one against the other.
 */
final class PlanByCount {
    private final AppState state;
    private final AppVersion target;
    private final Census census;
    private final Listening listening;
    private final int wanted;

    private PlanByCount(AppState state, Listening listening) {
        this.state = state;
        this.target = state.current().orElseThrow();
        this.census = state.census();
        this.listening = listening;
        this.wanted = target.definition().instances();
    }

    /** Empty: each instance has to be looked at. {@code kind}: to scale or to restart. */
    static Optional<Plan> of(AppState state, Kind kind, Listening listening, Instant now) {
        PlanByCount by = new PlanByCount(state, listening);
        boolean plain = listening.drains().hosts().isEmpty()
                && !by.census.any(i -> i.phase() == Phase.UNREACHABLE || (!i.launched() && !by.isNew(i)));
        if (!plain) {
            return Optional.empty();
        }
        return kind == Kind.RESTART ? by.restart(now) : by.scale(now);
    }

    private Optional<Plan> scale(Instant now) {
        Bounds bounds = InstancePlanner.scaled(state, target, listening, now);
        int all = census.count(i -> true);
        if (census.count(i -> !i.doomed()) > bounds.most()) {
            return Optional.empty();
        }
        int ready = census.count(Census.Kind::ready) - ready(listening.unready(), false, false);
        return Optional.of(new Plan(Math.max(0, bounds.least() - all), List.of(), ready == wanted && all == wanted));
    }

    private Optional<Plan> restart(Instant now) {
        Bounds bounds = Bounds.of(target.definition());
        int fresh = census.count(this::isNew);
        int old = census.count(i -> !isNew(i));
        int oldLive = census.count(i -> !isNew(i) && !i.doomed());
        int limit = Math.max(InstancePlanner.pace(state, listening, now).limit(), Math.min(wanted, wanted - oldLive));
        boolean called = listening.open().stream()
                .anyMatch(id -> state.instance(id).filter(Instance::ready).isPresent());
        int oldReady = census.count(i -> !isNew(i) && i.ready());
        int freshReady = census.count(i -> isNew(i) && i.ready()) - ready(listening.unready(), true, false);
        int serving = freshReady;
        if (called) {
            oldReady -= ready(listening.awaited(), false, true);
            serving -= ready(listening.awaited(), true, false) - both();
        }
        int mayEnd = Math.min(oldReady, Math.max(0, oldReady + serving - bounds.least()));
        int stay = Math.max(0, wanted - limit);
        if (stay > 0) {
            mayEnd = Math.min(mayEnd, Math.max(0, oldLive - stay));
        }
        boolean ends = oldLive > oldReady || mayEnd > 0 || census.count(i -> isNew(i) && !i.doomed()) > wanted;
        if (ends) {
            return Optional.empty();
        }
        int leaving = census.count(i -> !isNew(i) && i.launched());
        int room = Math.min(limit - fresh, bounds.most() - leaving - fresh);
        boolean done = freshReady == wanted && fresh == wanted && old == 0;
        return Optional.of(new Plan(Math.max(0, room), List.of(), done));
    }

    /** How many of {@code ids} run and are wanted; only those of the new configuration, or only those of another. */
    private int ready(Set<String> ids, boolean fresh, boolean old) {
        return (int) ids.stream()
                .flatMap(id -> state.instance(id).stream())
                .filter(i -> i.ready()
                        && (!fresh || i.configAt().equals(target.configAt()))
                        && (!old || !i.configAt().equals(target.configAt())))
                .count();
    }

    /** New ones that are waited for at their port, and not ready by their own word either: they were taken off once. */
    private int both() {
        return (int) listening.awaited().stream()
                .filter(listening.unready()::contains)
                .flatMap(id -> state.instance(id).stream())
                .filter(i -> i.ready() && i.configAt().equals(target.configAt()))
                .count();
    }

    private boolean isNew(Census.Kind kind) {
        return kind.configAt().equals(target.configAt());
    }
}
