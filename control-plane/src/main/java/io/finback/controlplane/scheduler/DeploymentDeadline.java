package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppRules.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How long a deployment of an app may take, as its labels say; without them for ever, as in Marathon. One that is late is dropped
 * where it stands or, if the labels say so, undone. What undoes another is never late, and an app is never removed for being late.
 */
public final class DeploymentDeadline {
    static final String DEADLINE = "FINBACK_DEPLOYMENT_DEADLINE_SECONDS";
    static final String ROLLBACK = "FINBACK_DEPLOYMENT_ROLLBACK";
    private static final int LONGEST_SECONDS = 7 * 24 * 3600;

    private DeploymentDeadline() {}

    static void check(List<Violation> found, Map<String, String> labels) {
        Optional.ofNullable(labels.get(DEADLINE))
                .filter(text -> seconds(text).isEmpty())
                .ifPresent(text -> found.add(new Violation(
                        "/labels/" + DEADLINE, "'" + text + "' (expected: 1 to " + LONGEST_SECONDS + ")")));
        Optional.ofNullable(labels.get(ROLLBACK))
                .filter(text -> !text.equals("true") && !text.equals("false"))
                .ifPresent(text ->
                        found.add(new Violation("/labels/" + ROLLBACK, "'" + text + "' (expected: true or false)")));
    }

    /** What ends a deployment that is late; nothing while it is not. {@code uuids}: ids of deployments. */
    public static List<AppEvent> events(AppState state, Instant now, Supplier<String> uuids) {
        Optional<AppState.Lock> late = state.lock().filter(lock -> late(state, lock, now));
        if (late.isEmpty()) {
            return List.of();
        }
        String id = late.get().plan().id();
        boolean undo = late.get().revertTo().isPresent()
                && label(state, ROLLBACK).filter("true"::equals).isPresent();
        return undo
                ? AppChange.revert(state, id, uuids.get(), now)
                        .match(AppChange.Decision.Accepted::events, why -> List.of())
                : AppChange.release(state, id, false);
    }

    private static boolean late(AppState state, AppState.Lock lock, Instant now) {
        boolean bound = !lock.removes()
                && !lock.reverts().orElse(false)
                && !lock.conduct().map(DeploymentConduct::paused).orElse(false)
                && state.order().isPresent();
        Instant from = lock.conduct()
                .flatMap(DeploymentConduct::resumedAt)
                .orElse(lock.plan().version());
        return bound
                && label(state, DEADLINE)
                        .flatMap(DeploymentDeadline::seconds)
                        .filter(limit -> !now.isBefore(from.plus(limit)))
                        .isPresent();
    }

    private static Optional<String> label(AppState state, String name) {
        return state.current().map(c -> c.definition().labels().get(name));
    }

    private static Optional<Duration> seconds(String text) {
        boolean number = !text.isEmpty() && text.length() <= 6 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return Optional.of(text)
                .filter(t -> number)
                .map(Integer::parseInt)
                .filter(s -> s >= 1 && s <= LONGEST_SECONDS)
                .map(Duration::ofSeconds);
    }
}
