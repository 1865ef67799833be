package io.finback.controlplane.framework;

import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The claims that the allocator has not answered, as far as this incarnation knows. */
final class Claims {
    /** Claims said again at once. */
    private static final int BURST = 200;

    private final Repeats<Long> repeats;
    private final Map<Long, PendingClaim> pending = new HashMap<>();
    private final Map<TaskId, Long> byTask = new HashMap<>();
    private List<Long> answered = new ArrayList<>();

    Claims(Duration repeat, Duration longest) {
        this.repeats = new Repeats<>(repeat, longest);
    }

    void open(PendingClaim claim, Instant now) {
        pending.put(claim.number(), claim);
        claim.tasks().forEach(task -> byTask.put(task, claim.number()));
        repeats.said(claim.number(), now);
    }

    boolean isPending(TaskId task) {
        return byTask.containsKey(task);
    }

    /** The claim of the task, while it is not answered. */
    Optional<PendingClaim> of(TaskId task) {
        return Optional.ofNullable(byTask.get(task)).flatMap(number -> Optional.ofNullable(pending.get(number)));
    }

    /** The claim that this answers; empty: it was answered before. */
    Optional<PendingClaim> answered(long number) {
        PendingClaim claim = pending.remove(number);
        if (claim == null) {
            return Optional.empty();
        }
        repeats.answered(number);
        claim.tasks().forEach(byTask::remove);
        answered.add(number);
        return Optional.of(claim);
    }

    /** A claim that needs no answer any more. */
    void settled(long number) {
        answered.add(number);
    }

    List<PendingClaim> due(Instant now) {
        return repeats.due(now, BURST).stream()
                .flatMap(number -> Optional.ofNullable(pending.get(number)).stream())
                .toList();
    }

    /** Numbers answered since this was asked last. */
    List<Long> takeAnswered() {
        List<Long> taken = answered;
        answered = new ArrayList<>();
        return taken;
    }

    /** They could not be journaled along with anything. */
    void giveBack(List<Long> numbers) {
        answered.addAll(numbers);
    }
}
