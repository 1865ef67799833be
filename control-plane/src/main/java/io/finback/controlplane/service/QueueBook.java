package io.finback.controlplane.service;

import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Explanation;
import io.finback.controlplane.placement.Placement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Keeps why apps wait, and says it. Looking at every offer for every app would cost more than placing does, so only some apps are explained
 * in a cycle, those first that were not for longest. Confined to the scheduler's actor.
 */
final class QueueBook {
    /** Apps explained in one cycle: with 10,000 offers some tens of milliseconds. */
    private static final int EXPLAINED = 100;
    /** Offers named in a report. */
    private static final int SAMPLES = 10;

    private static final Duration NOTED = Duration.ofMinutes(5);

    private final Consumer<QueueReport> reports;
    private final Map<String, QueueReport> queue = new HashMap<>();

    QueueBook(Consumer<QueueReport> reports) {
        this.reports = reports;
    }

    /** Of those that wait no longer nothing is kept, but what was done to them lately: they may begin to wait. */
    void keepOnly(Predicate<String> waits, Instant now) {
        queue.values()
                .removeIf(report -> !waits.test(report.appId())
                        && (report.note().isEmpty() || now.isAfter(report.at().plus(NOTED))));
    }

    void record(Placement cycle, List<Assignment> assignments, int offered, Instant now) {
        Set<String> used = new HashSet<>();
        assignments.forEach(assignment -> used.add(assignment.group()));
        used.forEach(appId -> queue.put(appId, of(appId, now).used(now, offered)));
        List<String> waiting = new ArrayList<>(cycle.unplaced());
        if (waiting.size() > EXPLAINED) {
            waiting.sort(Comparator.comparing(
                    appId -> of(appId, Instant.EPOCH).lastUnusedAt().orElse(Instant.EPOCH)));
        }
        waiting.stream().limit(EXPLAINED).forEach(appId -> cycle.explain(appId, SAMPLES)
                .ifPresent(why -> {
                    QueueReport next = of(appId, now).missed(now, cycle(why));
                    queue.put(appId, next);
                    reports.accept(next);
                }));
    }

    /** Something was done for an app that waits, or to one that will. */
    void note(String appId, String text, Instant now) {
        QueueReport next = of(appId, now).noted(now, text);
        queue.put(appId, next);
        reports.accept(next);
    }

    /** The same, unless that has been said last. */
    void noteOnce(String appId, String text, Instant now) {
        boolean known = Optional.ofNullable(queue.get(appId))
                .flatMap(QueueReport::note)
                .filter(text::equals)
                .isPresent();
        if (!known) {
            note(appId, text, now);
        }
    }

    private QueueReport of(String appId, Instant now) {
        QueueReport known = queue.get(appId);
        return known == null ? QueueReport.none(appId, now) : known;
    }

    private static QueueReport.Cycle cycle(Explanation why) {
        return new QueueReport.Cycle(
                why.waiting(),
                why.candidates(),
                why.reasons(),
                why.rules(),
                why.nearest().map(QueueBook::unused),
                why.samples().stream().map(QueueBook::unused).toList());
    }

    private static QueueReport.UnusedOffer unused(Explanation.Refused refused) {
        Candidate candidate = refused.candidate();
        return new QueueReport.UnusedOffer(
                candidate.offer().value(),
                candidate.agent().value(),
                candidate.spot().host(),
                candidate.resources(),
                candidate.spot().attributes(),
                refused.lacks().stream().map(Explanation.Lack::reason).toList(),
                refused.lacks().stream().map(Explanation.Lack::missing).toList());
    }
}
