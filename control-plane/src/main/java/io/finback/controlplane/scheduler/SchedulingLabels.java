package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.BackoffRule;
import io.finback.controlplane.scheduler.AppRules.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What Marathon has not and an app's labels ask for: a place in line, and longer waits for instances that flap. Source of the ideas: Apache
 * Aurora's task priorities and throttling.
 */
final class SchedulingLabels {
    static final String PRIORITY = "FINBACK_PRIORITY";
    static final String PREEMPTIBLE = "FINBACK_PREEMPTIBLE";
    static final String FLAPPING = "FINBACK_FLAPPING_SECONDS";
    private static final int HIGHEST = 1000;
    private static final int LONGEST_SECONDS = 24 * 3600;
    /** As Aurora's. */
    private static final BackoffRule FLAPPING_RULE = new BackoffRule(Duration.ofSeconds(30), 2, Duration.ofMinutes(5));

    private SchedulingLabels() {}

    static void check(List<Violation> found, Map<String, String> labels) {
        check(found, labels, PRIORITY, 0, HIGHEST);
        check(found, labels, FLAPPING, 1, LONGEST_SECONDS);
        Optional.ofNullable(labels.get(PREEMPTIBLE))
                .filter(text -> !text.equals("true") && !text.equals("false"))
                .ifPresent(text ->
                        found.add(new Violation("/labels/" + PREEMPTIBLE, "'" + text + "' (expected: true or false)")));
    }

    /** Its instances may be ended for others that wait. */
    static boolean preemptible(AppDefinition app) {
        return "true".equals(app.labels().get(PREEMPTIBLE));
    }

    /** Whose waiting instances are placed first: the higher one; 0 without the label. */
    static int priority(AppDefinition app) {
        return number(app.labels(), PRIORITY, 0, HIGHEST).orElse(0);
    }

    /**
     * By which rule the end of an instance delays the next launch; empty: by none. With the label, one that lived longer than it says delays
     * nothing, and one that did not counts as flapping.
     */
    static Optional<BackoffRule> backoff(AppDefinition app, Instance ended, Instant at) {
        Optional<Integer> threshold = number(app.labels(), FLAPPING, 1, LONGEST_SECONDS);
        if (threshold.isEmpty()) {
            return Optional.of(app.backoff());
        }
        Duration lived =
                ended.startedAt().map(since -> Duration.between(since, at)).orElse(Duration.ZERO);
        return lived.compareTo(Duration.ofSeconds(threshold.get())) < 0 ? Optional.of(FLAPPING_RULE) : Optional.empty();
    }

    private static void check(List<Violation> found, Map<String, String> labels, String name, int least, int most) {
        Optional.ofNullable(labels.get(name))
                .filter(text -> number(labels, name, least, most).isEmpty())
                .ifPresent(text -> found.add(
                        new Violation("/labels/" + name, "'" + text + "' (expected: " + least + " to " + most + ")")));
    }

    private static Optional<Integer> number(Map<String, String> labels, String name, int least, int most) {
        return Optional.ofNullable(labels.get(name))
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(Integer::parseInt)
                .filter(number -> number >= least && number <= most);
    }
}
