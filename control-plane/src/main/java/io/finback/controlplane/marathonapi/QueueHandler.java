package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Backoff;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.RejectReason;
import io.finback.controlplane.service.QueueReport;
import io.finback.controlplane.service.Services;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** {@code /v2/queue}: what waits to be launched, for how long yet, and why no offer served. */
final class QueueHandler {
    private final Services services;

    QueueHandler(Services services) {
        this.services = services;
    }

    Answer list() {
        ObjectNode body = Json.object();
        ArrayNode queue = body.putArray("queue");
        Instant now = Instant.now();
        for (AppSnapshot app : services.view().all()) {
            List<Instance> waiting = waiting(app);
            if (!waiting.isEmpty()) {
                queue.add(item(app, waiting, now));
            }
        }
        return Answer.ok(body);
    }

    CompletionStage<Answer> resetDelay(String id) {
        Optional<AppSnapshot> app = services.view().listed(id);
        if (app.filter(a -> !waiting(a).isEmpty()).isEmpty()) {
            throw ApiFailure.of(404, "Application " + id + " not found in tasks queue.");
        }
        return services.ask(id, AppCommand.ResetDelay::new).thenApply(answer -> Answer.empty(204));
    }

    private static List<Instance> waiting(AppSnapshot app) {
        return app.instances().stream().filter(i -> !i.launched()).toList();
    }

    private ObjectNode item(AppSnapshot app, List<Instance> waiting, Instant now) {
        ObjectNode item = Json.object().put("count", waiting.size());
        Duration left = app.backoff()
                .map(Backoff::until)
                .map(until -> Duration.between(now, until))
                .filter(d -> !d.isNegative())
                .orElse(Duration.ZERO);
        long seconds = (left.toMillis() + 999) / 1000;
        item.putObject("delay").put("timeLeftSeconds", seconds).put("overdue", seconds == 0);
        item.put(
                "since",
                Json.time(waiting.stream()
                        .map(Instance::createdAt)
                        .min(Instant::compareTo)
                        .orElse(now)));
        Optional<QueueReport> report = services.view().queue(app.appId());
        ObjectNode summary = item.putObject("processedOffersSummary");
        summary.put("processedOffersCount", report.map(QueueReport::processed).orElse(0));
        summary.put("unusedOffersCount", report.map(QueueReport::unused).orElse(0));
        report.flatMap(QueueReport::lastUnusedAt).ifPresent(at -> summary.put("lastUnusedOfferAt", Json.time(at)));
        report.flatMap(QueueReport::lastUsedAt).ifPresent(at -> summary.put("lastUsedOfferAt", Json.time(at)));
        funnel(
                summary.putArray("rejectSummaryLastOffers"),
                report.map(QueueReport::lastOffers).orElse(0),
                report.map(QueueReport::lastReasons).orElse(Map.of()));
        funnel(
                summary.putArray("rejectSummaryLaunchAttempt"),
                report.map(QueueReport::processed).orElse(0),
                report.map(QueueReport::reasons).orElse(Map.of()));
        AppVersion wanted = app.current().orElseThrow();
        if (app.isPod()) {
            item.set("pod", PodWriter.version(wanted));
        } else {
            item.set("app", AppWriter.version(wanted));
        }
        return item;
    }

    /** Every reason in Marathon's order: how many offers reached it, how many it declined. */
    private static void funnel(ArrayNode list, int offers, Map<String, Integer> reasons) {
        int reached = offers;
        for (RejectReason reason : RejectReason.values()) {
            int declined = reasons.getOrDefault(reason.wireName(), 0);
            list.addObject()
                    .put("reason", reason.wireName())
                    .put("declined", declined)
                    .put("processed", reached);
            reached -= declined;
        }
    }
}
