package io.finback.controlplane.service;

import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Why an app still waits, as the scheduler saw it.
 *
 * @param at when this was counted; the newer one wins
 * @param processed offers looked at since the app began to wait; {@code unused} of them did not serve
 * @param reasons wire name of the reject reason to how many of the unused offers failed for it
 * @param lastReasons the same for the last round alone, over {@code lastOffers} offers
 */
public record QueueReport(
        String appId,
        Instant at,
        int processed,
        int unused,
        Optional<Instant> lastUsedAt,
        Optional<Instant> lastUnusedAt,
        Map<String, Integer> reasons,
        int lastOffers,
        Map<String, Integer> lastReasons)
        implements WireMessage {
    public QueueReport {
        reasons = Map.copyOf(reasons);
        lastReasons = Map.copyOf(lastReasons);
    }

    static QueueReport none(String appId, Instant at) {
        return new QueueReport(appId, at, 0, 0, Optional.empty(), Optional.empty(), Map.of(), 0, Map.of());
    }

    QueueReport used(Instant now, int offers) {
        return new QueueReport(
                appId,
                now,
                processed + offers,
                unused,
                Optional.of(now),
                lastUnusedAt,
                reasons,
                lastOffers,
                lastReasons);
    }

    QueueReport missed(Instant now, int offers, Map<String, Integer> why) {
        Map<String, Integer> sum = new java.util.HashMap<>(reasons);
        why.forEach((reason, count) -> sum.merge(reason, count, Integer::sum));
        return new QueueReport(
                appId, now, processed + offers, unused + offers, lastUsedAt, Optional.of(now), sum, offers, why);
    }
}
