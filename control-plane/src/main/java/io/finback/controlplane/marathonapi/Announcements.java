package io.finback.controlplane.marathonapi;

import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Tells listeners what was asked through the API. */
final class Announcements {
    private final Services services;

    Announcements(Services services) {
        this.services = services;
    }

    /** An app was made or changed. */
    void app(Request request, AppSnapshot app) {
        Instant now = Instant.now();
        app.current()
                .ifPresent(version -> services.publish(new ServiceEvent.ApiPosted(
                        EventIds.next(now), now, request.clientIp(), "/" + String.join("/", request.path()), version)));
        List<String> above = AppPath.ancestors(app.appId());
        group(
                above.isEmpty() ? "/" : above.get(above.size() - 1),
                app.current().map(v -> v.version()).orElse(now));
    }

    void group(String path, Instant version) {
        Instant now = Instant.now();
        services.publish(new ServiceEvent.GroupChanged(EventIds.next(now), now, path, version, Optional.empty()));
    }

    /** A plan without steps has nobody else to speak for it. */
    void done(DeploymentPlan plan) {
        if (plan.steps().isEmpty()) {
            Instant now = Instant.now();
            services.publish(new ServiceEvent.DeploymentChanged(
                    EventIds.next(now), now, ServiceEvent.Progress.SUCCESS, plan, 0, Optional.empty()));
        }
    }
}
