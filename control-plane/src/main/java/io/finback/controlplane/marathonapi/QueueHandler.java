package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.QueueReport;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** {@code /v2/queue}: what waits to be launched, for how long yet, and why no offer served. */
final class QueueHandler {
    private final Services services;

    QueueHandler(Services services) {
        this.services = services;
    }

    Answer list(Request request) {
        boolean offers = request.query().getOrDefault("embed", List.of()).contains("lastUnusedOffers");
        ObjectNode body = Json.object();
        ArrayNode queue = body.putArray("queue");
        Instant now = Instant.now();
        for (AppSnapshot app : services.view().all()) {
            List<Instance> waiting = waiting(app);
            if (!waiting.isEmpty()) {
                queue.add(item(app, waiting, now, offers));
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

    /** {@code /finback/queue}: all that waits, and why. */
    Answer explainAll() {
        ObjectNode body = Json.object();
        ArrayNode queue = body.putArray("queue");
        Instant now = Instant.now();
        for (AppSnapshot app : services.view().all()) {
            if (!waiting(app).isEmpty()) {
                queue.add(
                        QueueWriter.explained(app, waiting(app), services.view().queue(app.appId()), now));
            }
        }
        return Answer.ok(body);
    }

    /** {@code /finback/queue/{id}}. */
    Answer explain(String id) {
        AppSnapshot app = services.view()
                .any(id)
                .filter(AppSnapshot::listed)
                .orElseThrow(() -> ApiFailure.of(404, "App '" + id + "' does not exist"));
        return Answer.ok(QueueWriter.explained(
                app,
                waiting(app),
                services.view().queue(id).filter(r -> !waiting(app).isEmpty()),
                Instant.now()));
    }

    private static List<Instance> waiting(AppSnapshot app) {
        return app.instances().stream().filter(i -> !i.launched()).toList();
    }

    private ObjectNode item(AppSnapshot app, List<Instance> waiting, Instant now, boolean offers) {
        ObjectNode item = Json.object().put("count", waiting.size());
        item.set("delay", QueueWriter.delay(app, now));
        item.put("since", Json.time(QueueWriter.since(waiting, now)));
        Optional<QueueReport> report = services.view().queue(app.appId());
        item.set("processedOffersSummary", QueueWriter.summary(report));
        if (offers) {
            item.set("lastUnusedOffers", QueueWriter.lastUnusedOffers(report));
        }
        AppVersion wanted = app.current().orElseThrow();
        if (app.isPod()) {
            item.set("pod", PodWriter.version(wanted));
        } else {
            item.set("app", AppWriter.version(wanted));
        }
        return item;
    }
}
