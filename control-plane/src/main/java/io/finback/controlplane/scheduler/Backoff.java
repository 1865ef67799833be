package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.BackoffRule;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * How long the next launch of one configuration waits. Source: Marathon's RateLimiter.
 *
 * @param configAt the configuration it counts for; another one starts afresh
 */
public record Backoff(Instant configAt, Duration delay, Instant until) {
    private static final Set<TaskState> RAISING = Set.of(
            TaskState.FINISHED,
            TaskState.FAILED,
            TaskState.ERROR,
            TaskState.DROPPED,
            TaskState.GONE,
            TaskState.GONE_BY_OPERATOR);

    /** True when an end like this delays the next launch. A lost task is replaced at once, unless its launch was refused. */
    static boolean raisedBy(TaskState state, Optional<String> reason) {
        return RAISING.contains(state) || isRefusal(state, reason);
    }

    /**
     * True when a launch that was refused delays the next one. Many that were decided before the last refusal was known say nothing new: they
     * are refused together, as when an agent has come back and its offers are gone.
     */
    static boolean raisedByRefusal(Optional<Backoff> old, Instance instance) {
        return instance.place()
                .flatMap(place -> old.filter(b -> b.configAt().equals(instance.configAt())
                        && place.at().isBefore(b.until().minus(b.delay()))))
                .isEmpty();
    }

    static boolean isRefusal(TaskState state, Optional<String> reason) {
        return state == TaskState.LOST
                && reason.filter("INVALID_OFFERS"::equals).isPresent();
    }

    /** The backoff after one more end at {@code at}; forgotten failures (idle for the maximum) do not count. */
    static Backoff raised(Optional<Backoff> old, Instant configAt, BackoffRule rule, Instant at) {
        boolean counts = old.filter(b ->
                        b.configAt().equals(configAt) && at.isBefore(b.until().plus(rule.max())))
                .isPresent();
        double millis = counts
                ? old.orElseThrow().delay().toMillis() * rule.factor()
                : (double) rule.initial().toMillis();
        Duration delay = Duration.ofMillis(
                Math.round(Math.min(millis, (double) rule.max().toMillis())));
        return new Backoff(configAt, delay, at.plus(delay));
    }
}
