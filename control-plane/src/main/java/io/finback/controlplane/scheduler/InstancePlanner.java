package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.UnreachableStrategy;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.controlplane.scheduler.Instance.Phase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Compares what an app wants with what it has and says what to start and what to end. It looks at the state alone, never at how it
 * was reached, so a deployment goes on after any restart as if nothing had happened. Source: Marathon's TaskReplaceActor,
 * ScalingProposition.
 *
 * <p>One rule differs from Marathon's: it counts kills per instance that became healthy, this one never lets
 * healthy old + healthy new fall below the minimum by its own kills. And where callers are served, an instance that does not take
 * connections yet ({@link Listening}) does not count as healthy in a restart. Where nothing fails both do the same.
 */
public final class InstancePlanner {
    private static final int MAX_ROUNDS = 8;
    /** Instances in one event: some 300 bytes each. */
    private static final int PART = 1000;

    private InstancePlanner() {}

    /**
     * What to do now.
     *
     * @param add new instances of the wanted configuration
     * @param end instances to end, in that order
     * @param done the order in force is fulfilled
     */
    public record Plan(int add, List<Instance> end, boolean done) {
        public Plan {
            end = List.copyOf(end);
        }

        static final Plan NOTHING = new Plan(0, List.of(), false);
    }

    /** What a restart keeps to: so many that serve at least, so many instances at most. */
    record Bounds(int least, int most) {
        static Bounds of(AppDefinition app) {
            int wanted = app.instances();
            int least = (int) Math.ceil(wanted * app.upgrade().minimumHealthCapacity());
            int most = (int) Math.floor(wanted * (1 + app.upgrade().maximumOverCapacity()));
            if (least != most) {
                return new Bounds(least, most);
            }
            // Where volumes are the old instance has to go first: they are there.
            return app.options().isResident() ? new Bounds(least - 1, most) : new Bounds(least, most + 1);
        }
    }

    /** Between how many live ones a scale lets the app be, while it is held back too. */
    static Bounds scaled(AppState state, AppVersion target, Listening listening, Instant now) {
        int wanted = target.definition().instances();
        if (!pace(state, listening, now).held()) {
            return new Bounds(wanted, wanted);
        }
        // It stands still between what was and what shall be; what is lost meanwhile is replaced.
        int before = state.lock()
                .flatMap(AppState.Lock::revertTo)
                .flatMap(state::version)
                .map(v -> v.definition().instances())
                .orElse(0);
        return new Bounds(Math.min(before, wanted), Math.max(before, wanted));
    }

    public static Plan plan(AppState state, Instant now) {
        return plan(state, now, Listening.UNKNOWN);
    }

    /** The same, where instances that do not take connections yet replace none that does. */
    public static Plan plan(AppState state, Instant now, Listening listening) {
        if (!state.exists() || state.portsMissing()) {
            return Plan.NOTHING;
        }
        if (state.lock().isPresent() && state.order().isEmpty()) {
            return Plan.NOTHING;
        }
        Kind kind = state.order().map(AppState.Order::kind).orElse(Kind.SCALE);
        if (kind == Kind.STOP) {
            List<Instance> live =
                    counted(state, now).stream().filter(i -> !i.doomed()).toList();
            return new Plan(
                    0, live, state.instances().isEmpty() && state.homes().isEmpty());
        }
        if (kind == Kind.START) {
            return new Plan(0, List.of(), true);
        }
        return PlanByCount.of(state, kind, listening, now).orElseGet(() -> look(state, now, listening));
    }

    /** The same, told from each instance instead of their numbers, where the order in force is to scale or to restart. */
    static Plan look(AppState state, Instant now, Listening listening) {
        Kind kind = state.order().map(AppState.Order::kind).orElse(Kind.SCALE);
        List<Instance> counted = counted(state, now);
        AppVersion target = state.current().orElseThrow();
        // A deployment that was dropped may leave some that never began and cannot any more: others take their place.
        List<Instance> futile =
                counted.stream().filter(i -> !i.launched() && !isNew(target, i)).toList();
        if (futile.isEmpty()) {
            return towards(state, kind, counted, listening, now);
        }
        List<Instance> rest =
                counted.stream().filter(i -> i.launched() || isNew(target, i)).toList();
        Plan plan = towards(state, kind, rest, listening, now);
        List<Instance> end = new ArrayList<>(futile);
        end.addAll(plan.end());
        return new Plan(plan.add(), end, false);
    }

    private static Plan towards(AppState state, Kind kind, List<Instance> counted, Listening listening, Instant now) {
        AppVersion target = state.current().orElseThrow();
        if (kind == Kind.RESTART) {
            int limit = pace(state, listening, now).limit();
            return overdue(
                    restart(target, counted, listening, i -> isNew(target, i) && !leaves(i, listening), limit),
                    counted,
                    listening,
                    now);
        }
        boolean moving = counted.stream().anyMatch(i -> leaves(i, listening));
        Plan plan = moving ? move(target, counted, listening) : scale(state, target, counted, listening, now);
        return overdue(plan, counted, listening, now);
    }

    /** Instances of the wanted configuration that a restart counts as done. */
    public static int updated(AppState state, Listening listening) {
        return state.current()
                .map(target ->
                        state.census().count(i -> i.ready() && i.configAt().equals(target.configAt()))
                                - (int) listening.unready().stream()
                                        .flatMap(id -> state.instance(id).stream())
                                        .filter(i -> i.ready() && isNew(target, i))
                                        .count())
                .orElse(0);
    }

    /** How far the deployment that holds the app may go; without limits where nobody says otherwise. */
    public static DeploymentConduct.Pace pace(AppState state, Listening listening, Instant now) {
        AppVersion target = state.current().orElseThrow();
        int fresh = state.census().count(i -> i.configAt().equals(target.configAt()) && !i.doomed());
        int all = target.definition().instances();
        Optional<AppState.Lock> lock =
                state.lock().filter(l -> !l.removes() && !l.reverts().orElse(false));
        return lock.map(l -> DeploymentConduct.pace(l, target.definition(), fresh, updated(state, listening), now))
                .orElse(new DeploymentConduct.Pace(DeploymentConduct.Standing.RUNNING, all, false));
    }

    /** The events that bring {@code state} where the plan wants it, as far as this entity alone can. */
    public static List<AppEvent> settle(AppState state, Instant now, Listening listening, Supplier<String> uuids) {
        List<AppEvent> all = new ArrayList<>();
        AppState seen = state;
        // What was dropped makes room for what is added: a few rounds until nothing is left to do.
        for (int round = 0; round < MAX_ROUNDS; round++) {
            List<AppEvent> events = settleOnce(seen, now, listening, uuids);
            if (events.isEmpty()) {
                break;
            }
            all.addAll(events);
            seen = AppEvent.fold(seen, events);
        }
        return all;
    }

    private static List<AppEvent> settleOnce(AppState state, Instant now, Listening listening, Supplier<String> uuids) {
        List<AppEvent> events = new ArrayList<>();
        boolean away = state.census().any(i -> i.phase() == Phase.UNREACHABLE);
        List<String> expunged = !away
                ? List.of()
                : state.instances().values().stream()
                        .filter(i -> expired(state, i, now, UnreachableStrategy::expungeAfter))
                        .map(Instance::taskId)
                        .toList();
        events.addAll(Homes.wipe(state, expunged));
        parts(expunged, AppEvent.InstancesDropped::new, events);
        AppState seen = AppEvent.fold(state, events);
        Plan plan = plan(seen, now, listening);
        List<String> dropped = new ArrayList<>();
        List<String> doomed = new ArrayList<>();
        for (Instance instance : plan.end()) {
            (instance.launched() ? doomed : dropped).add(instance.taskId());
        }
        if (seen.census().any(i -> i.doomed() && !i.launched())) {
            seen.instances().values().stream()
                    .filter(i -> i.doomed() && !i.launched())
                    .forEach(i -> dropped.add(i.taskId()));
        }
        parts(dropped, AppEvent.InstancesDropped::new, events);
        parts(doomed, AppEvent.InstancesDoomed::new, events);
        if (plan.add() > 0) {
            AppVersion current = seen.current().orElseThrow();
            List<Instance> added = new ArrayList<>();
            for (int i = 0; i < plan.add(); i++) {
                added.add(Instance.scheduled(AppPath.taskId(state.appId(), uuids.get()), current, now));
            }
            parts(added, AppEvent.InstancesAdded::new, events);
        }
        if (!seen.homes().isEmpty()) {
            events.addAll(Homes.settle(AppEvent.fold(state, events), now));
        }
        return events;
    }

    /** As many events as it takes: the journal gets no line of unlimited length. */
    static <T> void parts(List<T> all, Function<List<T>, AppEvent> event, List<AppEvent> events) {
        for (int from = 0; from < all.size(); from += PART) {
            events.add(event.apply(all.subList(from, Math.min(all.size(), from + PART))));
        }
    }

    private static Plan scale(
            AppState state, AppVersion target, List<Instance> counted, Listening listening, Instant now) {
        int wanted = target.definition().instances();
        List<Instance> live = counted.stream().filter(i -> !i.doomed()).toList();
        Bounds bounds = scaled(state, target, listening, now);
        List<Instance> surplus = KillOrder.first(
                Math.max(0, live.size() - bounds.most()), live, target.definition(), i -> serves(i, listening));
        int add = Math.max(0, bounds.least() - counted.size());
        long ready = counted.stream().filter(i -> isReady(i, listening)).count();
        return new Plan(add, surplus, ready == wanted && counted.size() == wanted);
    }

    /** Instances on hosts that are drained are replaced as by a restart; that is no deployment, and holds up none. */
    private static Plan move(AppVersion target, List<Instance> counted, Listening listening) {
        int wanted = target.definition().instances();
        Plan plan = restart(target, counted, listening, i -> !leaves(i, listening), wanted);
        long ready = counted.stream().filter(i -> isReady(i, listening)).count();
        return new Plan(plan.add(), plan.end(), ready >= wanted);
    }

    /** With what stands on a drained host although its deadline has passed. */
    private static Plan overdue(Plan plan, List<Instance> counted, Listening listening, Instant now) {
        if (listening.drains().hosts().isEmpty()) {
            return plan;
        }
        List<Instance> end = new ArrayList<>(plan.end());
        counted.stream()
                .filter(i -> !i.doomed() && !end.contains(i))
                .filter(i -> listening
                        .drains()
                        .of(i)
                        .filter(drain -> !now.isBefore(drain.deadline()))
                        .isPresent())
                .forEach(end::add);
        return new Plan(plan.add(), end, plan.done());
    }

    /** One with volumes cannot be elsewhere: it stays until the deadline. */
    private static boolean leaves(Instance instance, Listening listening) {
        boolean bound =
                instance.place().filter(place -> !place.home().isEmpty()).isPresent();
        return !bound && listening.drains().of(instance).isPresent();
    }

    private static Plan restart(
            AppVersion target, List<Instance> counted, Listening listening, Predicate<Instance> stays, int paced) {
        int wanted = target.definition().instances();
        Bounds bounds = Bounds.of(target.definition());
        List<Instance> fresh = counted.stream().filter(stays).toList();
        List<Instance> old = counted.stream().filter(stays.negate()).toList();
        // So many of the new version may be there now, and so many of the old ones stay. What old ones are lost
        // meanwhile, the new
        // version replaces: no other can be launched any more.
        int oldLive = (int) old.stream().filter(i -> !i.doomed()).count();
        int limit = Math.max(paced, Math.min(wanted, wanted - oldLive));
        int stay = Math.max(0, wanted - limit);
        // Where nobody takes connections there is nobody to protect: such an app is replaced as fast as it runs.
        boolean called =
                counted.stream().anyMatch(i -> i.ready() && listening.open().contains(i.taskId()));
        Predicate<Instance> serves =
                i -> i.ready() && !(called && listening.awaited().contains(i.taskId()));
        List<Instance> end = new ArrayList<>();
        List<Instance> oldReady = new ArrayList<>();
        for (Instance instance : old) {
            if (serves.test(instance)) {
                oldReady.add(instance);
            } else if (!instance.doomed()) {
                end.add(instance);
            }
        }
        if (stay > 0) {
            end = new ArrayList<>(end.subList(0, Math.min(end.size(), Math.max(0, oldLive - stay))));
        }
        int ready = (int) fresh.stream().filter(i -> isReady(i, listening)).count();
        int serving = (int)
                fresh.stream().filter(serves).filter(i -> isReady(i, listening)).count();
        int mayEnd = Math.min(oldReady.size(), Math.max(0, oldReady.size() + serving - bounds.least()));
        if (stay > 0) {
            mayEnd = Math.min(mayEnd, Math.max(0, oldLive - stay - end.size()));
        }
        end.addAll(KillOrder.first(mayEnd, oldReady, target.definition(), Instance::ready));
        List<Instance> liveFresh = fresh.stream().filter(i -> !i.doomed()).toList();
        end.addAll(KillOrder.first(
                Math.max(0, liveFresh.size() - wanted), liveFresh, target.definition(), i -> serves(i, listening)));
        long leaving = old.stream().filter(Instance::launched).count();
        long room = Math.min(limit - fresh.size(), bounds.most() - leaving - fresh.size());
        boolean done = ready == wanted && fresh.size() == wanted && old.isEmpty();
        return new Plan((int) Math.max(0, room), end, done);
    }

    /** Everything but what is unreachable for so long that it has to be replaced. */
    private static List<Instance> counted(AppState state, Instant now) {
        return state.instances().values().stream()
                .filter(i -> !expired(state, i, now, UnreachableStrategy::inactiveAfter))
                .toList();
    }

    private static boolean expired(
            AppState state,
            Instance instance,
            Instant now,
            java.util.function.Function<UnreachableStrategy, java.time.Duration> limit) {
        if (instance.phase() != Phase.UNREACHABLE || !state.exists()) {
            return false;
        }
        AppDefinition app = state.current().orElseThrow().definition();
        UnreachableStrategy strategy = app.unreachable();
        Instant since = instance.unreachableSince().orElse(now);
        boolean escalates = Homes.escalation(Optional.of(app.options()))
                .filter(after -> !now.isBefore(since.plus(after)))
                .isPresent();
        return escalates || (!strategy.disabled() && !now.isBefore(since.plus(limit.apply(strategy))));
    }

    private static boolean isReady(Instance instance, Listening listening) {
        return instance.ready() && !listening.unready().contains(instance.taskId());
    }

    /** And callers find somebody at its port. */
    private static boolean serves(Instance instance, Listening listening) {
        return isReady(instance, listening) && !listening.awaited().contains(instance.taskId());
    }

    private static boolean isNew(AppVersion target, Instance instance) {
        return instance.configAt().equals(target.configAt());
    }
}
