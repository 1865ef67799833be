package io.finback.controlplane.service;

import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.scheduler.Matcher.Assignment;
import io.finback.resources.OfferId;
import io.finback.tasks.TaskInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Launches between the moment an offer was chosen and the moment it is accepted: apps journal their placements in between. One round is one
 * offer. Confined to the scheduler's actor.
 */
final class LaunchRounds {
    static final class Round {
        final OfferId offer;
        final Instant deadline;
        final Set<String> awaited = new HashSet<>();
        final Set<String> taskIds = new HashSet<>();
        final List<TaskInfo> confirmed = new ArrayList<>();

        Round(OfferId offer, Instant deadline) {
            this.offer = offer;
            this.deadline = deadline;
        }
    }

    private final Map<Long, Round> rounds = new LinkedHashMap<>();
    private long next;

    /** Opens a round; {@code assignments} are of one offer. */
    long open(OfferId offer, List<Assignment> assignments, Instant deadline) {
        Round round = new Round(offer, deadline);
        for (Assignment assignment : assignments) {
            round.awaited.add(assignment.appId());
            round.taskIds.add(assignment.taskId());
        }
        rounds.put(++next, round);
        return next;
    }

    /** Takes one app's answer; false when the round has ended: the offer is no longer there for these tasks. */
    boolean placed(long number, String appId, List<TaskInfo> tasks) {
        Round round = rounds.get(number);
        if (round == null || !round.awaited.remove(appId)) {
            return false;
        }
        round.confirmed.addAll(tasks);
        return true;
    }

    /** Removes and returns the rounds that are complete or overdue. */
    List<Round> ended(Instant now) {
        return take(round -> round.awaited.isEmpty() || !now.isBefore(round.deadline));
    }

    /** Removes the rounds of an offer that is gone. */
    List<Round> rescinded(OfferId offer) {
        return take(round -> round.offer.equals(offer));
    }

    /** Plain tasks are launched one by one, those of a group together. */
    static List<SchedulerCall.Operation> operations(List<TaskInfo> tasks) {
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
        if (!plain.isEmpty()) {
            operations.add(new SchedulerCall.Operation.Launch(plain));
        }
        groups.values().forEach(group -> operations.add(new SchedulerCall.Operation.LaunchGroup(group, List.of())));
        return operations;
    }

    boolean isEmpty() {
        return rounds.isEmpty();
    }

    /** Tasks that are being placed now and must not be placed a second time. */
    Set<String> taskIds() {
        Set<String> ids = new HashSet<>();
        rounds.values().forEach(round -> ids.addAll(round.taskIds));
        return ids;
    }

    private List<Round> take(Predicate<Round> which) {
        Map<Long, Round> taken = new HashMap<>();
        rounds.forEach((number, round) -> {
            if (which.test(round)) {
                taken.put(number, round);
            }
        });
        rounds.keySet().removeAll(taken.keySet());
        return List.copyOf(taken.values());
    }
}
