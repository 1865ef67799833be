package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.SlaStats;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code /finback/sla}: uptimes, and how long instances take to be placed and to run, of each app and of all together. */
final class SlaHandler {
    private final Services services;

    SlaHandler(Services services) {
        this.services = services;
    }

    Answer all() {
        Instant now = Instant.now();
        List<AppSnapshot> apps =
                services.view().all().stream().filter(AppSnapshot::listed).toList();
        ObjectNode body = Json.object();
        body.set("all", stats(of(apps, now)));
        ArrayNode list = body.putArray("apps");
        apps.forEach(app -> list.add(stats(of(List.of(app), now)).put("id", app.appId())));
        return Answer.ok(body);
    }

    Answer one(String id) {
        AppSnapshot app = services.view()
                .any(id)
                .filter(AppSnapshot::listed)
                .orElseThrow(() -> ApiFailure.of(404, "App '" + id + "' does not exist"));
        return Answer.ok(stats(of(List.of(app), Instant.now())).put("id", id));
    }

    static SlaStats of(List<AppSnapshot> apps, Instant now) {
        List<Instance> instances = new ArrayList<>();
        int wanted = 0;
        for (AppSnapshot app : apps) {
            instances.addAll(app.instances());
            wanted += app.current().map(v -> v.definition().instances()).orElse(0);
        }
        return SlaStats.of(wanted, instances, now);
    }

    private static ObjectNode stats(SlaStats stats) {
        ObjectNode node = Json.object()
                .put("instances", stats.wanted())
                .put("running", stats.running())
                .put("unreachable", stats.unreachable());
        ObjectNode uptime = node.putObject("uptimeSeconds");
        stats.uptime().forEach((percent, time) -> uptime.put(percent.toString(), time.toSeconds()));
        stats.toAssigned().ifPresent(time -> node.put("medianMillisToAssigned", time.toMillis()));
        stats.toRunning().ifPresent(time -> node.put("medianMillisToRunning", time.toMillis()));
        return node;
    }
}
