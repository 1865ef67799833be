package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.PlanDiff;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What Marathon has not: {@code POST /v2/deployments/plan} says what a change would do and does nothing. The body is what would be put: an
 * app, a pod (it has {@code containers}), an array of apps, or a group (it has {@code apps}, {@code pods}, {@code groups} or {@code scaleBy}).
 */
final class PlanHandler {
    private final ServicesView view;
    private final Rollout rollout;

    PlanHandler(Services services, Rollout rollout) {
        this.view = services.view();
        this.rollout = rollout;
    }

    Answer plan(Request request) {
        JsonNode body = request.json();
        boolean partial = request.flag("partialUpdate", true);
        Rollout.Wish wish = wish(body, partial);
        DeploymentPlan plan = rollout.dryRun(wish);
        ObjectNode answer = Json.object();
        answer.set("steps", Rollout.stepsOf(plan));
        ArrayNode apps = answer.putArray("apps");
        for (Rollout.Target target : wish.targets()) {
            plan.steps().stream()
                    .flatMap(step -> step.actions().stream())
                    .filter(a -> a.appId().equals(target.appId()) && a.kind() != DeploymentPlan.Kind.START)
                    .findFirst()
                    .ifPresent(action -> diff(apps.addObject(), action, target));
        }
        return Answer.ok(answer);
    }

    private Rollout.Wish wish(JsonNode body, boolean partial) {
        List<Rollout.Target> targets = new ArrayList<>();
        if (body.isArray()) {
            for (int i = 0; i < body.size(); i++) {
                try {
                    targets.add(Rollout.Target.of(spec(body.get(i), partial)));
                } catch (ApiFailure failure) {
                    throw failure.below("(" + i + ")");
                }
            }
            return Rollout.Wish.of(targets);
        }
        boolean group = List.of("apps", "pods", "groups", "scaleBy").stream().anyMatch(body::hasNonNull);
        if (group) {
            GroupReader.GroupUpdate update = GroupReader.read(body, "/");
            if (update.version().isPresent()) {
                throw ApiFailure.rule("/version", "cannot be planned (expected: what the group shall be)");
            }
            return new GroupTree(view).wish(update, rollout.roles());
        }
        return Rollout.Wish.of(List.of(Rollout.Target.of(spec(body, partial))));
    }

    private AppDefinition spec(JsonNode body, boolean partial) {
        return rollout.roles().resolved(read(body, partial));
    }

    private AppDefinition read(JsonNode body, boolean partial) {
        if (body.hasNonNull("containers")) {
            return PodReader.read(body, Optional.empty());
        }
        Optional<AppSnapshot> known = body.path("id").isTextual()
                ? view.app(AppPath.absolute(body.path("id").textValue()))
                : Optional.empty();
        return known.isPresent()
                ? AppsHandler.definition(known, body, known.get().appId(), partial)
                : AppReader.read(body, Optional.empty());
    }

    private void diff(ObjectNode node, DeploymentPlan.Action action, Rollout.Target target) {
        Optional<AppSnapshot> known = view.listed(target.appId());
        AppState state = known.map(AppSnapshot::state).orElseGet(() -> AppState.empty(target.appId()));
        PlanDiff diff = PlanDiff.of(action.kind(), target.wanted(), state);
        node.put(action.ofPod() ? "pod" : "app", target.appId()).put("action", action.wireName());
        ArrayNode fields = node.putArray("changed");
        Optional<AppDefinition> now = known.flatMap(AppSnapshot::current).map(AppVersion::definition);
        target.wanted()
                .ifPresent(wanted -> now.ifPresent(
                        old -> changed(old, wanted.reusingPortsOf(old)).forEach(fields::add)));
        node.put("start", diff.start());
        diff.kill().forEach(node.putArray("kill")::add);
        diff.keep().forEach(node.putArray("keep")::add);
        ObjectNode moved = node.putObject("moved");
        diff.moved().forEach(moved::put);
        target.wanted().ifPresent(wanted -> {
            ArrayNode stages = node.putArray("stages");
            if (action.kind() == DeploymentPlan.Kind.RESTART) {
                PlanDiff.stages(wanted).forEach(stages::add);
            }
        });
    }

    private static Set<String> changed(AppDefinition old, AppDefinition wanted) {
        ObjectNode before = written(old);
        ObjectNode after = written(wanted);
        Set<String> names = new TreeSet<>();
        for (ObjectNode one : List.of(before, after)) {
            one.fieldNames().forEachRemaining(name -> {
                if (!before.path(name).equals(after.path(name))) {
                    names.add(name);
                }
            });
        }
        return names;
    }

    private static ObjectNode written(AppDefinition definition) {
        return definition.pod().isPresent() ? PodWriter.definition(definition) : AppWriter.definition(definition);
    }
}
