package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.placement.RejectReason;
import io.finback.controlplane.scheduler.Backoff;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.QueueReport;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What waits, as {@code /v2/queue} (Marathon's queue.raml) and {@code /finback/queue} show it. */
final class QueueWriter {
    private QueueWriter() {}

    static ObjectNode delay(AppSnapshot app, Instant now) {
        long seconds = (left(app, now).toMillis() + 999) / 1000;
        return Json.object().put("timeLeftSeconds", seconds).put("overdue", seconds == 0);
    }

    static Instant since(List<Instance> waiting, Instant now) {
        return waiting.stream().map(Instance::createdAt).min(Instant::compareTo).orElse(now);
    }

    static ObjectNode summary(Optional<QueueReport> report) {
        ObjectNode summary = Json.object();
        summary.put("processedOffersCount", report.map(QueueReport::processed).orElse(0L));
        summary.put("unusedOffersCount", report.map(QueueReport::unused).orElse(0L));
        report.flatMap(QueueReport::lastUnusedAt).ifPresent(at -> summary.put("lastUnusedOfferAt", Json.time(at)));
        report.flatMap(QueueReport::lastUsedAt).ifPresent(at -> summary.put("lastUsedOfferAt", Json.time(at)));
        Optional<QueueReport.Cycle> last = report.flatMap(QueueReport::last);
        funnel(
                summary.putArray("rejectSummaryLastOffers"),
                last.map(QueueReport.Cycle::offers).orElse(0),
                last.<Map<RejectReason, ? extends Number>>map(QueueReport.Cycle::reasons)
                        .orElse(Map.of()));
        funnel(
                summary.putArray("rejectSummaryLaunchAttempt"),
                report.map(QueueReport::processed).orElse(0L),
                report.<Map<RejectReason, ? extends Number>>map(QueueReport::reasons)
                        .orElse(Map.of()));
        return summary;
    }

    /** Every reason in Marathon's order: how many offers reached it, how many it declined. */
    private static void funnel(ArrayNode list, long offers, Map<RejectReason, ? extends Number> reasons) {
        long reached = offers;
        for (RejectReason reason : RejectReason.values()) {
            long declined = Optional.<Number>ofNullable(reasons.get(reason))
                    .map(Number::longValue)
                    .orElse(0L);
            list.addObject()
                    .put("reason", reason.wireName())
                    .put("declined", declined)
                    .put("processed", reached);
            reached -= declined;
        }
    }

    static ArrayNode lastUnusedOffers(Optional<QueueReport> report) {
        ArrayNode list = Json.object().arrayNode();
        report.ifPresent(r -> r.last().ifPresent(cycle -> cycle.samples().forEach(sample -> {
            ObjectNode item = list.addObject();
            item.set("offer", offer(sample));
            ArrayNode reasons = item.putArray("reason");
            sample.reasons().stream().distinct().forEach(reason -> reasons.add(reason.wireName()));
            item.put("timestamp", Json.time(r.at()));
        })));
        return list;
    }

    /** Ours: everything that is known of why an app waits. */
    static ObjectNode explained(AppSnapshot app, List<Instance> waiting, Optional<QueueReport> report, Instant now) {
        ObjectNode node = Json.object().put("id", app.appId()).put("waiting", waiting.size());
        if (!waiting.isEmpty()) {
            node.put("since", Json.time(since(waiting, now)));
            node.set("delay", delay(app, now));
        }
        node.put("explanation", words(app, waiting, report, now));
        report.flatMap(QueueReport::note).ifPresent(note -> node.put("note", note));
        report.ifPresent(r -> {
            node.put("offersProcessed", r.processed()).put("offersUnused", r.unused());
            r.last().ifPresent(cycle -> {
                ObjectNode last = node.putObject("lastCycle");
                last.put("at", Json.time(r.at()))
                        .put("waiting", cycle.waiting())
                        .put("offers", cycle.offers());
                ObjectNode reasons = last.putObject("rejectedBy");
                cycle.reasons().forEach((reason, count) -> reasons.put(reason.wireName(), count));
                ObjectNode rules = last.putObject("rejectedByConstraint");
                cycle.rules().forEach(rules::put);
                cycle.nearest().ifPresent(nearest -> last.set("nearestFit", refused(nearest)));
                ArrayNode samples = last.putArray("samples");
                cycle.samples().forEach(sample -> samples.add(refused(sample)));
            });
        });
        return node;
    }

    private static String words(AppSnapshot app, List<Instance> waiting, Optional<QueueReport> report, Instant now) {
        if (waiting.isEmpty()) {
            return "nothing waits";
        }
        Duration left = left(app, now);
        if (!left.isZero()) {
            return "the last instances ended too soon: the next launch is delayed until " + Json.time(now.plus(left))
                    + "; DELETE /v2/queue" + app.appId() + "/delay ends the wait";
        }
        Optional<QueueReport.Cycle> last = report.flatMap(QueueReport::last);
        if (last.isEmpty()) {
            return "no offer has been looked at yet: agents have nothing free, or offers are on their way";
        }
        QueueReport.Cycle cycle = last.get();
        return "none of " + cycle.offers() + " offers served"
                + cycle.nearest()
                        .map(nearest ->
                                "; nearest fit is " + nearest.host() + ": " + String.join(", ", nearest.lacks()))
                        .orElse("");
    }

    private static Duration left(AppSnapshot app, Instant now) {
        return app.backoff()
                .map(Backoff::until)
                .map(until -> Duration.between(now, until))
                .filter(d -> !d.isNegative())
                .orElse(Duration.ZERO);
    }

    private static ObjectNode refused(QueueReport.UnusedOffer offer) {
        ObjectNode node = Json.object()
                .put("offer", offer.offer())
                .put("agentId", offer.agent())
                .put("hostname", offer.host())
                .put("resources", offer.resources().toString());
        ObjectNode attributes = node.putObject("attributes");
        new TreeMap<>(offer.attributes()).forEach(attributes::put);
        ArrayNode missing = node.putArray("missing");
        for (int i = 0; i < offer.lacks().size(); i++) {
            missing.addObject()
                    .put("reason", offer.reasons().get(i).wireName())
                    .put("detail", offer.lacks().get(i));
        }
        return node;
    }

    private static ObjectNode offer(QueueReport.UnusedOffer offer) {
        ObjectNode node = Json.object()
                .put("id", offer.offer())
                .put("hostname", offer.host())
                .put("agentId", offer.agent());
        ArrayNode resources = node.putArray("resources");
        resources(resources, Kind.PLAIN, offer.resources().plain());
        offer.resources().special().forEach(special -> resources(resources, special.kind(), special.amount()));
        ArrayNode attributes = node.putArray("attributes");
        new TreeMap<>(offer.attributes()).forEach((name, text) -> {
            if (!name.startsWith("@")) {
                attributes.addObject().put("name", name).put("text", text);
            }
        });
        return node;
    }

    private static void resources(ArrayNode list, Kind kind, Resources amount) {
        String role = kind.reservedTo().orElse("*");
        amount.milli()
                .keySet()
                .forEach(name ->
                        list.addObject().put("name", name).put("role", role).put("scalar", amount.scalar(name)));
        amount.ranges().forEach((name, set) -> {
            ArrayNode ranges =
                    list.addObject().put("name", name).put("role", role).putArray("ranges");
            for (Ranges.Range range : set.ranges()) {
                ranges.addObject().put("begin", range.begin()).put("end", range.end());
            }
        });
        amount.sets().forEach((name, items) -> {
            ArrayNode set = list.addObject().put("name", name).put("role", role).putArray("set");
            items.forEach(set::add);
        });
    }
}
