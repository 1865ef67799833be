package io.finback.controlplane.service;

import io.finback.controlplane.scheduler.Demand;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the loss of many agents at once from becoming a stampede: replacements of what vanished with them are placed at a limited rate, so
 * that most of what comes back after a network's trouble finds its place untaken. Everything else is placed at once. Forgets what it knows
 * when the scheduler moves to another master. Confined to the scheduler's actor.
 */
final class Vanished {
    private static final Set<TaskState> GONE =
            EnumSet.of(TaskState.UNREACHABLE, TaskState.LOST, TaskState.GONE, TaskState.GONE_BY_OPERATOR);

    private final int burst;
    private final int perSecond;
    private final Map<String, Set<String>> tasks = new HashMap<>();
    private double tokens;
    private Instant filledAt = Instant.EPOCH;

    /** {@code burst} replacements at once, and {@code perSecond} more each second. */
    Vanished(int burst, int perSecond) {
        this.burst = burst;
        this.perSecond = perSecond;
        this.tokens = burst;
    }

    void note(String owner, TaskStatus status) {
        String task = status.task().value();
        boolean refused = status.reason().filter("INVALID_OFFERS"::equals).isPresent();
        if (GONE.contains(status.state()) && !refused) {
            tasks.computeIfAbsent(owner, o -> new LinkedHashSet<>()).add(task);
        } else {
            tasks.computeIfPresent(owner, (o, known) -> {
                known.remove(task);
                return known.isEmpty() ? null : known;
            });
        }
    }

    /** What of these may be placed now. One of which nothing may be is left out. */
    List<Demand> paced(List<Demand> due, Instant now) {
        if (tasks.isEmpty()) {
            return due;
        }
        fill(now);
        double left = tokens;
        List<Demand> paced = new ArrayList<>();
        for (Demand demand : due) {
            int replacements = replacements(demand);
            int allowed = (int) Math.min(replacements, Math.floor(left));
            left -= allowed;
            int some = demand.waiting().size() - replacements + allowed;
            if (some > 0) {
                paced.add(
                        some == demand.waiting().size()
                                ? demand
                                : demand.waitingOnly(demand.waiting().subList(0, some)));
            }
        }
        return paced;
    }

    /** So many of what {@code demand} waited for have a place: what replaced something counts. */
    void placed(Demand demand, int count) {
        int replaced = Math.max(0, count - (demand.waiting().size() - replacements(demand)));
        tokens -= replaced;
        tasks.computeIfPresent(demand.appId(), (o, known) -> {
            List<String> oldest = known.stream().limit(replaced).toList();
            oldest.forEach(known::remove);
            return known.isEmpty() ? null : known;
        });
    }

    private int replacements(Demand demand) {
        return Math.min(
                demand.waiting().size(),
                tasks.getOrDefault(demand.appId(), Set.of()).size());
    }

    private void fill(Instant now) {
        double seconds = Duration.between(filledAt, now).toMillis() / 1000.0;
        if (seconds > 0) {
            tokens = Math.min(burst, tokens + seconds * perSecond);
            filledAt = now;
        }
    }
}
