package io.finback.controlplane.service;

import io.finback.controlplane.placement.RejectReason;
import io.finback.resources.Resources;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Why an app still waits, as the scheduler saw it.
 *
 * @param at when this was counted; the newer one wins
 * @param processed offers looked at since the app began to wait; {@code unused} of them did not serve
 * @param reasons how many of the unused offers failed for which reason
 * @param last the last cycle alone
 * @param note what was done about it, in words
 */
public record QueueReport(
        String appId,
        Instant at,
        long processed,
        long unused,
        Optional<Instant> lastUsedAt,
        Optional<Instant> lastUnusedAt,
        Map<RejectReason, Long> reasons,
        Optional<Cycle> last,
        Optional<String> note)
        implements WireMessage {

    /**
     * One cycle.
     *
     * @param waiting instances that found no place
     * @param offers offers looked at, each on its own agent
     * @param reasons how many fell to which reason, each counted once
     * @param rules how many each constraint refused, whatever else did
     * @param nearest what lacked least
     * @param samples some offers with what spoke against them
     */
    public record Cycle(
            int waiting,
            int offers,
            Map<RejectReason, Integer> reasons,
            Map<String, Integer> rules,
            Optional<UnusedOffer> nearest,
            List<UnusedOffer> samples) {
        public Cycle {
            reasons = sorted(reasons);
            rules = Collections.unmodifiableMap(new TreeMap<>(rules));
            samples = List.copyOf(samples);
        }

        Cycle seen(Predicate<String> roles) {
            return new Cycle(
                    waiting,
                    offers,
                    reasons,
                    rules,
                    nearest.map(offer -> offer.seen(roles)),
                    samples.stream().map(offer -> offer.seen(roles)).toList());
        }
    }

    /** {@code lacks}: in words, one for each of {@code reasons}. */
    public record UnusedOffer(
            String offer,
            String agent,
            String host,
            Resources resources,
            Map<String, String> attributes,
            List<RejectReason> reasons,
            List<String> lacks) {
        public UnusedOffer {
            attributes = Map.copyOf(attributes);
            reasons = List.copyOf(reasons);
            lacks = List.copyOf(lacks);
        }

        UnusedOffer seen(Predicate<String> roles) {
            List<String> words = new ArrayList<>();
            for (int i = 0; i < lacks.size(); i++) {
                words.add(
                        switch (reasons.get(i)) {
                            case UNFULFILLED_ROLE -> "offered to another role";
                            case DECLINED_SCARCE_RESOURCES -> "held for another app, for which others were ended";
                            default -> lacks.get(i);
                        });
            }
            return new UnusedOffer(
                    offer,
                    agent,
                    host,
                    resources.filter(kind -> kind.isReservedWithin(roles)),
                    attributes,
                    reasons,
                    words);
        }
    }

    public QueueReport {
        reasons = sorted(reasons);
    }

    static QueueReport none(String appId, Instant at) {
        return new QueueReport(
                appId, at, 0, 0, Optional.empty(), Optional.empty(), Map.of(), Optional.empty(), Optional.empty());
    }

    QueueReport used(Instant now, int offers) {
        return new QueueReport(
                appId, now, processed + offers, unused, Optional.of(now), lastUnusedAt, reasons, last, note);
    }

    QueueReport missed(Instant now, Cycle cycle) {
        Map<RejectReason, Long> sum = new EnumMap<>(RejectReason.class);
        sum.putAll(reasons);
        cycle.reasons().forEach((reason, count) -> sum.merge(reason, (long) count, Long::sum));
        return new QueueReport(
                appId,
                now,
                processed + cycle.offers(),
                unused + cycle.offers(),
                lastUsedAt,
                Optional.of(now),
                sum,
                Optional.of(cycle),
                note);
    }

    QueueReport noted(Instant now, String text) {
        return new QueueReport(
                appId, now, processed, unused, lastUsedAt, lastUnusedAt, reasons, last, Optional.of(text));
    }

    /**
     * The same for somebody who may not see everything: no words that name other apps and roles, of which a note is full, and of what is reserved
     * only what is for {@code roles}.
     */
    QueueReport seen(Predicate<String> roles) {
        return new QueueReport(
                appId,
                at,
                processed,
                unused,
                lastUsedAt,
                lastUnusedAt,
                reasons,
                last.map(cycle -> cycle.seen(roles)),
                Optional.empty());
    }

    private static <V> Map<RejectReason, V> sorted(Map<RejectReason, V> map) {
        Map<RejectReason, V> copy = new EnumMap<>(RejectReason.class);
        copy.putAll(map);
        return Collections.unmodifiableMap(copy);
    }
}
