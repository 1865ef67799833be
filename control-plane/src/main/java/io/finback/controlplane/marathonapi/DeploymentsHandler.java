package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** {@code /v2/deployments}. */
final class DeploymentsHandler {
    private final Services services;
    private final Rollout rollout;

    DeploymentsHandler(Services services, Rollout rollout) {
        this.services = services;
        this.rollout = rollout;
    }

    Answer list() {
        ArrayNode list = Json.object().arrayNode();
        services.view().deployments().forEach(running -> list.add(deployment(services.view(), running)));
        return Answer.ok(list);
    }

    /** Undoes a deployment by a new one, or with {@code force} drops it where it stands. */
    CompletionStage<Answer> delete(Request request, String id) {
        ServicesView.Running running = services.view().deployments().stream()
                .filter(r -> r.plan().id().equals(id))
                .findFirst()
                .orElseThrow(() -> missing(id));
        running.plan().apps().forEach(services.access()::update);
        boolean drop = request.flag("force", false);
        if (running.plan().apps().size() > 1) {
            return drop
                    ? dropAll(id, running.plan().apps())
                    : rollout.revert(id).thenApply(plan -> Answer.deployment(200, plan.id(), plan.version()));
        }
        String appId = running.plan().apps().get(0);
        return services.ask(
                        appId,
                        replyTo -> drop
                                ? new AppCommand.Drop(id, replyTo)
                                : new AppCommand.Revert(id, services.deploymentId(), replyTo))
                .thenApply(answer -> {
                    if (answer instanceof AppAnswer.Refused) {
                        throw missing(id);
                    }
                    return drop ? Answer.empty(202) : Refusals.deployment(answer);
                });
    }

    private CompletionStage<Answer> dropAll(String id, List<String> apps) {
        CompletionStage<Answer> done = Answer.empty(202).now();
        for (String app : apps) {
            done = done.thenCombine(
                    services.ask(app, replyTo -> new AppCommand.Drop(id, replyTo)), (answer, dropped) -> answer);
        }
        return done;
    }

    static ApiFailure missing(String id) {
        return ApiFailure.of(404, "DeploymentPlan " + id + " does not exist");
    }

    static ObjectNode deployment(ServicesView view, ServicesView.Running running) {
        DeploymentPlan plan = running.plan();
        ObjectNode node = Json.object().put("id", plan.id()).put("version", Json.time(plan.version()));
        ArrayNode apps = node.putArray("affectedApps");
        ArrayNode pods = node.putArray("affectedPods");
        plan.apps().forEach(id -> (plan.ofPod(id) ? pods : apps).add(id));
        ArrayNode steps = node.putArray("steps");
        for (DeploymentPlan.Step step : plan.steps()) {
            ArrayNode actions = steps.addObject().putArray("actions");
            step.actions().forEach(a -> actions.add(action(a)));
        }
        ArrayNode current = node.putArray("currentActions");
        for (DeploymentPlan.Action a : plan.steps().get(running.step()).actions()) {
            ArrayNode results = view.any(a.appId()).map(HealthWriter::readiness).orElseGet(() -> Json.object()
                    .arrayNode());
            current.add(action(a).set("readinessCheckResults", results));
        }
        return node.put("currentStep", running.step() + 1)
                .put("totalSteps", plan.steps().size());
    }

    /** Both names: one common client reads {@code type} only, the others {@code action}. */
    private static ObjectNode action(DeploymentPlan.Action action) {
        return Json.object()
                .put("action", action.wireName())
                .put("type", action.wireName())
                .put(action.ofPod() ? "pod" : "app", action.appId());
    }
}
