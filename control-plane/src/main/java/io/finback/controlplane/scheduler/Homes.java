package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppOptions.LostBehavior;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which homes a resident app's instances get, keep and give up. An instance whose task has ended is replaced by one that gets its home;
 * what an app has too many of when it is scaled down stays for when it is scaled up. Source: Marathon's docs/persistent-volumes.md.
 */
public final class Homes {
    private Homes() {}

    /** Those launched with volumes for the first time have homes from now on. */
    static AppState placed(AppState state, Map<String, Instance.Place> places) {
        List<Home> homes = new ArrayList<>(state.homes());
        places.forEach((task, place) -> {
            boolean known = state.homeOf(task).isPresent();
            if (!known && !place.home().isEmpty() && state.instance(task).isPresent()) {
                homes.add(Home.of(task, place));
            }
        });
        return homes.size() == state.homes().size() ? state : state.withHomes(homes);
    }

    /** A task that runs has made the volumes. */
    static AppState lived(AppState state, String taskId, Instance.Phase phase) {
        boolean there = phase == Instance.Phase.STARTING || phase == Instance.Phase.RUNNING;
        return there
                ? state.withHomes(
                        home -> Optional.of(home.taskId().equals(taskId) && !home.seen() ? home.lived() : home))
                : state;
    }

    /**
     * A home whose first task has never run may not be there at all: it is given up, and the next instance begins anew. One on an agent
     * that never comes back is gone.
     */
    static AppState ended(AppState state, String taskId, TaskState end) {
        boolean gone = end == TaskState.GONE || end == TaskState.GONE_BY_OPERATOR;
        return state.withHomes(home -> {
            if (!home.taskId().equals(taskId)) {
                return Optional.of(home);
            }
            if (gone) {
                return Optional.empty();
            }
            return Optional.of(home.seen() ? home : home.left());
        });
    }

    /** Given up. An instance that only waits for one is let go; where a task runs, it is waited for. */
    static AppState left(AppState state, List<String> homes) {
        return state.withHomes(home -> {
            if (!homes.contains(home.id())) {
                return Optional.of(home);
            }
            boolean lived =
                    state.instance(home.taskId()).filter(Instance::launched).isPresent();
            return Optional.of(lived ? home.left() : home.takenBy("").left());
        });
    }

    /** What follows from the state alone: who gets which home, and which are given up. */
    static List<AppEvent> settle(AppState state, Instant now) {
        if (state.homes().isEmpty()) {
            return List.of();
        }
        List<AppEvent> events = new ArrayList<>();
        List<String> left = leaving(state, now);
        if (!left.isEmpty()) {
            events.add(new AppEvent.HomesLeft(left));
        }
        Map<String, String> taken = taken(AppEvent.fold(state, events));
        if (!taken.isEmpty()) {
            events.add(new AppEvent.HomesTaken(taken));
        }
        return events;
    }

    /** All, where the app goes or has no volumes any more; and those that were waited for too long. */
    private static List<String> leaving(AppState state, Instant now) {
        Optional<AppOptions> options =
                state.current().map(AppVersion::definition).map(AppDefinition::options);
        boolean resident = options.filter(AppOptions::isResident).isPresent() && !state.removing();
        List<String> left = new ArrayList<>();
        for (Home home : state.homes()) {
            Optional<Instance> instance = state.instance(home.taskId());
            boolean late = instance.filter(i -> overdue(i, options, now)).isPresent();
            if (!home.leaving() && ((!resident && instance.isEmpty()) || late)) {
                left.add(home.id());
            }
        }
        return left;
    }

    /** It has waited for its volumes for longer than the app wants to. */
    private static boolean overdue(Instance instance, Optional<AppOptions> options, Instant now) {
        return escalation(options)
                .filter(limit -> !instance.launched()
                        && !now.isBefore(instance.createdAt().plus(limit)))
                .isPresent();
    }

    /** After so long an instance that cannot have its volumes is begun anew elsewhere; empty: never. */
    static Optional<Duration> escalation(Optional<AppOptions> options) {
        return options.flatMap(AppOptions::residency)
                .filter(residency -> residency.lost() == LostBehavior.RELAUNCH_AFTER_TIMEOUT)
                .map(AppOptions.Residency::escalation);
    }

    private static Map<String, String> taken(AppState state) {
        Iterator<Home> vacant = state.vacant().iterator();
        Map<String, String> taken = new HashMap<>();
        for (Instance instance : state.instances().values()) {
            if (!vacant.hasNext()) {
                break;
            }
            boolean waits = !instance.launched() && !instance.doomed();
            if (waits && state.homeOf(instance.taskId()).isEmpty()) {
                taken.put(instance.taskId(), vacant.next().id());
            }
        }
        return taken;
    }

    /** The homes of {@code taskIds} are given up. */
    public static List<AppEvent> wipe(AppState state, List<String> taskIds) {
        List<String> left = state.homes().stream()
                .filter(home -> !home.leaving() && taskIds.contains(home.taskId()))
                .map(Home::id)
                .toList();
        return left.isEmpty() ? List.of() : List.of(new AppEvent.HomesLeft(left));
    }

    /** Nothing is left of a home that was given up. */
    public static List<AppEvent> released(AppState state, String home) {
        return state.toRelease().stream().anyMatch(one -> one.id().equals(home))
                ? List.of(new AppEvent.HomesReleased(List.of(home)))
                : List.of();
    }

    /** What is wrong with changing {@code before} to {@code after}; empty: nothing. Volumes do not move or grow. */
    public static Optional<String> objection(AppDefinition before, AppDefinition after) {
        if (!before.options().isResident()) {
            return Optional.empty();
        }
        if (!before.options().volumes().equals(after.options().volumes())) {
            return Optional.of("Persistent volumes can not be updated.");
        }
        boolean same = TaskEnvironment.resources(before).equals(TaskEnvironment.resources(after))
                && before.role().equals(after.role());
        return same ? Optional.empty() : Optional.of("Resident Tasks may not change resource requirements!");
    }
}
