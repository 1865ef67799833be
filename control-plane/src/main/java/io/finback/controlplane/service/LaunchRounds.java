package io.finback.controlplane.service;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.Home;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Launches between the moment an offer was chosen and the moment it is accepted: apps journal their placements in between. One round is
 * one cycle: each app is asked once, whatever number of offers it uses; each offer is accepted once all its apps have answered. Confined
 * to the scheduler's actor.
 */
final class LaunchRounds {
    /** What goes to one offer. */
    static final class Launch {
        final OfferId offer;
        final Instant deadline;
        final Set<String> apps = new HashSet<>();
        final Set<String> taskIds = new HashSet<>();
        final List<TaskInfo> confirmed = new ArrayList<>();
        /** Those whose volumes are there. */
        private final Set<String> returning = new HashSet<>();

        private final Set<String> awaited = new HashSet<>();

        private Launch(OfferId offer, Instant deadline) {
            this.offer = offer;
            this.deadline = deadline;
        }
    }

    private static final class Round {
        final Map<OfferId, Launch> launches = new LinkedHashMap<>();
        final Map<String, Launch> byTask = new HashMap<>();

        /** A pod was placed as a whole, and has several tasks. */
        @Nullable
        Launch of(String taskId) {
            Launch whole = byTask.get(taskId);
            return whole == null ? byTask.get(AppPath.instanceOfTask(taskId)) : whole;
        }
    }

    private final Map<Long, Round> rounds = new LinkedHashMap<>();
    private long next;

    /** Opens a round. */
    long open(List<Assignment> assignments, Instant deadline) {
        Round round = new Round();
        for (Assignment assignment : assignments) {
            Launch launch = round.launches.computeIfAbsent(
                    assignment.candidate().offer(), offer -> new Launch(offer, deadline));
            launch.apps.add(assignment.group());
            launch.awaited.add(assignment.group());
            launch.taskIds.add(assignment.taskId());
            if (!assignment.taken().filter(Home::isPart).isEmpty()) {
                launch.returning.add(assignment.taskId());
            }
            round.byTask.put(assignment.taskId(), launch);
        }
        rounds.put(++next, round);
        return next;
    }

    /** Takes one app's answer, or with {@code more} a part of it; returns those of its tasks whose offer is no longer there. */
    List<TaskInfo> placed(long number, String appId, List<TaskInfo> tasks, boolean more) {
        Round round = rounds.get(number);
        List<TaskInfo> late = new ArrayList<>();
        for (TaskInfo task : tasks) {
            Optional<Launch> launch =
                    Optional.ofNullable(round).map(r -> r.of(task.id().value())).filter(l -> l.awaited.contains(appId));
            launch.ifPresentOrElse(l -> l.confirmed.add(task), () -> late.add(task));
        }
        if (round != null && !more) {
            round.launches.values().forEach(launch -> launch.awaited.remove(appId));
        }
        return late;
    }

    /** Removes and returns what is complete or overdue. */
    List<Launch> ended(Instant now) {
        List<Launch> ended = new ArrayList<>();
        Iterator<Round> all = rounds.values().iterator();
        while (all.hasNext()) {
            Round round = all.next();
            round.launches.values().removeIf(launch -> {
                boolean over = launch.awaited.isEmpty() || !now.isBefore(launch.deadline);
                if (over) {
                    ended.add(launch);
                    forget(round, launch);
                }
                return over;
            });
            if (round.launches.isEmpty()) {
                all.remove();
            }
        }
        return ended;
    }

    /** Removes what was to go to an offer that is gone. */
    Optional<Launch> rescinded(OfferId offer) {
        for (Round round : rounds.values()) {
            Launch launch = round.launches.remove(offer);
            if (launch != null) {
                forget(round, launch);
                return Optional.of(launch);
            }
        }
        return Optional.empty();
    }

    /** Volumes that are not there yet come first. Plain tasks are launched one by one, those of a group together. */
    static List<SchedulerCall.Operation> operations(Launch launch) {
        List<TaskInfo> tasks = launch.confirmed;
        List<TaskInfo> plain = new ArrayList<>();
        Map<String, List<TaskInfo>> groups = new LinkedHashMap<>();
        for (TaskInfo task : tasks) {
            task.options()
                    .group()
                    .ifPresentOrElse(
                            group -> groups.computeIfAbsent(group.id(), id -> new ArrayList<>())
                                    .add(task),
                            () -> plain.add(task));
        }
        List<SchedulerCall.Operation> operations = new ArrayList<>();
        homes(tasks).forEach((instance, home) -> {
            if (!home.isEmpty() && !launch.returning.contains(instance)) {
                operations.add(change(ResourceOperation.Type.RESERVE, Home.reserved(home)));
                operations.add(change(ResourceOperation.Type.CREATE, Home.volumes(home)));
            }
        });
        if (!plain.isEmpty()) {
            operations.add(new SchedulerCall.Operation.Launch(plain));
        }
        groups.values().forEach(group -> operations.add(new SchedulerCall.Operation.LaunchGroup(group, List.of())));
        return operations;
    }

    /** What each instance comes back to: of a pod, that of all its containers and of their executor. */
    private static Map<String, Resources> homes(List<TaskInfo> tasks) {
        Map<String, Resources> homes = new LinkedHashMap<>();
        for (TaskInfo task : tasks) {
            String instance = AppPath.instanceOfTask(task.id().value());
            Resources whole = homes.containsKey(instance)
                    ? homes.get(instance)
                    : task.options()
                            .executor()
                            .filter(executor -> task.options().group().isPresent())
                            .map(ExecutorInfo::resources)
                            .orElse(Resources.EMPTY)
                            .filter(Home::isPart);
            homes.put(instance, whole.plus(task.resources().filter(Home::isPart)));
        }
        return homes;
    }

    private static SchedulerCall.Operation change(ResourceOperation.Type type, Resources resources) {
        return new SchedulerCall.Operation.Change(Optional.empty(), new ResourceOperation("", type, resources));
    }

    boolean isEmpty() {
        return rounds.isEmpty();
    }

    /** Tasks that are being placed now and must not be placed a second time. */
    Set<String> taskIds() {
        Set<String> ids = new HashSet<>();
        rounds.values().forEach(round -> ids.addAll(round.byTask.keySet()));
        return ids;
    }

    private static void forget(Round round, Launch launch) {
        round.byTask.keySet().removeAll(launch.taskIds);
    }
}
