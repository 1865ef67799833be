package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.DeploymentConduct;
import io.finback.controlplane.scheduler.InstancePlanner;
import io.finback.controlplane.scheduler.Listening;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What Marathon has not: one deployment in detail, and how it goes on ({@code pause}, {@code resume}, {@code pulse}). */
final class ConductHandler {
    private final Services services;
    private final ServicesView view;

    ConductHandler(Services services) {
        this.services = services;
        this.view = services.view();
    }

    static Optional<DeploymentConduct.Order> order(String word) {
        for (DeploymentConduct.Order order : DeploymentConduct.Order.values()) {
            if (order.name().toLowerCase(Locale.ROOT).equals(word)) {
                return Optional.of(order);
            }
        }
        return Optional.empty();
    }

    /** As in the list, with {@code conduct}: one element for each app it holds. */
    Answer find(String id) {
        ServicesView.Running running = view.deployments().stream()
                .filter(r -> r.plan().id().equals(id))
                .findFirst()
                .orElseThrow(() -> DeploymentsHandler.missing(id));
        ObjectNode node = DeploymentsHandler.deployment(view, running);
        ArrayNode conduct = node.putArray("conduct");
        Instant now = Instant.now();
        view.heldBy(id).forEach(app -> conduct(conduct.addObject(), app, now));
        return Answer.ok(node);
    }

    /** Told to every app the deployment holds; repeating it is harmless. */
    CompletionStage<Answer> tell(String id, DeploymentConduct.Order order) {
        List<AppSnapshot> held = view.heldBy(id);
        if (held.isEmpty()) {
            throw DeploymentsHandler.missing(id);
        }
        held.forEach(app -> services.access().update(app.appId()));
        CompletionStage<Integer> told = java.util.concurrent.CompletableFuture.completedFuture(0);
        for (AppSnapshot app : held) {
            told = told.thenCombine(
                    services.ask(app.appId(), replyTo -> new AppCommand.Conduct(id, order, replyTo)),
                    (count, answer) -> answer instanceof AppAnswer.Refused ? count : count + 1);
        }
        return told.thenApply(count -> {
            if (count == 0) {
                throw DeploymentsHandler.missing(id);
            }
            return find(id);
        });
    }

    private static void conduct(ObjectNode node, AppSnapshot app, Instant now) {
        // What listens is known to the app alone: here running and healthy counts as done.
        DeploymentConduct.Pace pace = InstancePlanner.pace(app.state(), Listening.UNKNOWN, now);
        node.put(app.isPod() ? "pod" : "app", app.appId())
                .put("state", pace.standing().name())
                .put("instances", app.current().orElseThrow().definition().instances())
                .put("updated", InstancePlanner.updated(app.state(), Listening.UNKNOWN))
                .put("limit", pace.limit());
        app.lock()
                .flatMap(lock -> lock.conduct())
                .flatMap(DeploymentConduct::pulsedAt)
                .ifPresent(at -> node.put("pulsedAt", Json.time(at)));
    }
}
