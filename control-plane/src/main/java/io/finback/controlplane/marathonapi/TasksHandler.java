package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Tasks of one app and of all. */
final class TasksHandler {
    private final Services services;
    private final Rollout rollout;
    private final ServicesView view;

    TasksHandler(Services services, Rollout rollout) {
        this.services = services;
        this.rollout = rollout;
        this.view = services.view();
    }

    Answer ofApp(Request request, String id) {
        return tasks(request, List.of(known(id)), List.of());
    }

    /** Of all apps in a group, at any depth. */
    Answer ofGroup(Request request, String group) {
        List<AppSnapshot> apps = view.apps().stream()
                .filter(app -> AppPath.inside(group, app.appId()))
                .toList();
        if (apps.isEmpty()) {
            throw ApiFailure.of(404, "Group '" + group + "' does not exist");
        }
        return tasks(request, apps, List.of());
    }

    Answer all(Request request) {
        List<String> states = new ArrayList<>(request.query().getOrDefault("status", List.of()));
        states.addAll(request.query().getOrDefault("status[]", List.of()));
        return tasks(request, view.apps(), states);
    }

    /** {@code DELETE /v2/apps/{id}/tasks}: all, or those on one host. */
    CompletionStage<Answer> killOfApp(Request request, String id) {
        noScaleAndWipe(request);
        Optional<String> host = request.first("host").filter(h -> !h.equals("*"));
        List<String> ids = AppWriter.shown(known(id).instances()).stream()
                .filter(i ->
                        host.isEmpty() || i.place().map(Instance.Place::host).equals(host))
                .map(Instance::taskId)
                .toList();
        if (request.flag("scale", false)) {
            return scale(request, id, ids);
        }
        return kill(request, id, ids).thenApply(nodes -> {
            ObjectNode body = Json.object();
            ArrayNode tasks = body.putArray("tasks");
            nodes.forEach(tasks::add);
            return Answer.ok(body);
        });
    }

    /** {@code DELETE /v2/apps/{id}/tasks/{taskId}}. */
    CompletionStage<Answer> killOne(Request request, String id, String taskId) {
        noScaleAndWipe(request);
        Optional<Home> detached = known(id).detachedFrom(taskId);
        if (detached.isPresent() && request.flag("wipe", false)) {
            return kill(request, id, List.of(taskId))
                    .thenApply(nodes ->
                            Answer.ok((ObjectNode) Json.object().set("task", AppWriter.detached(id, detached.get()))));
        }
        boolean there = known(id).instances().stream().anyMatch(i -> i.taskId().equals(taskId));
        if (!there) {
            throw noTask(taskId);
        }
        if (request.flag("scale", false)) {
            return scale(request, id, List.of(taskId));
        }
        return kill(request, id, List.of(taskId)).thenApply(nodes -> {
            ObjectNode body = Json.object();
            body.set("task", nodes.stream().findFirst().orElseThrow(() -> noTask(taskId)));
            return Answer.ok(body);
        });
    }

    /** {@code POST /v2/tasks/delete}: ids of any apps; unknown ones are passed over. */
    CompletionStage<Answer> killMany(Request request) {
        noScaleAndWipe(request);
        Map<String, List<String>> byApp = new TreeMap<>();
        for (String taskId : ids(request.json())) {
            String appId = AppPath.entityOfTask(taskId)
                    .map(AppPath::ofEntityId)
                    .orElseThrow(() -> ApiFailure.of(400, "Bad task id: '" + taskId + "'"));
            boolean there = view.app(appId)
                    .filter(app ->
                            app.instances().stream().anyMatch(i -> i.taskId().equals(taskId)))
                    .isPresent();
            if (there) {
                byApp.computeIfAbsent(appId, key -> new ArrayList<>()).add(taskId);
            }
        }
        byApp.keySet().forEach(services.access()::update);
        if (request.flag("scale", false)) {
            return scaleMany(request, byApp);
        }
        ObjectNode body = Json.object();
        ArrayNode tasks = body.putArray("tasks");
        CompletionStage<Answer> answer = CompletableFuture.completedFuture(Answer.ok(body));
        for (Map.Entry<String, List<String>> entry : byApp.entrySet()) {
            answer = answer.thenCompose(
                    before -> kill(request, entry.getKey(), entry.getValue()).thenApply(nodes -> {
                        nodes.forEach(tasks::add);
                        return Answer.ok(body);
                    }));
        }
        return answer;
    }

    private CompletionStage<Answer> scaleMany(Request request, Map<String, List<String>> byApp) {
        if (byApp.size() > 1) {
            return rollout.run(request, () -> fewer(byApp))
                    .thenApply(plan -> Answer.deployment(200, plan.id(), plan.version()));
        }
        return byApp.isEmpty()
                ? Answer.deployment(200, services.deploymentId(), Instant.now()).now()
                : scale(
                        request,
                        byApp.keySet().iterator().next(),
                        byApp.values().iterator().next());
    }

    /** As many instances fewer of each app as are ended. */
    private Rollout.Wish fewer(Map<String, List<String>> byApp) {
        List<Rollout.Target> targets = new ArrayList<>();
        byApp.forEach((id, taskIds) -> view.app(id).ifPresent(app -> {
            List<String> known = Rollout.known(app, taskIds);
            AppDefinition now = app.current().orElseThrow().definition();
            AppDefinition fewer = now.withInstances(Math.max(0, now.instances() - known.size()));
            targets.add(new Rollout.Target(id, Optional.of(fewer), known));
        }));
        return Rollout.Wish.of(targets);
    }

    private static List<String> ids(JsonNode body) {
        Problems problems = new Problems();
        Fields fields = new Fields(body, "", problems);
        if (!fields.has("ids")) {
            problems.type("/ids", "error.path.missing");
        }
        List<String> ids = fields.texts("ids").orElse(List.of());
        problems.check();
        return ids;
    }

    private CompletionStage<Answer> scale(Request request, String id, List<String> taskIds) {
        boolean force = request.flag("force", false);
        return services.ask(
                        id, replyTo -> new AppCommand.KillAndScale(taskIds, force, services.deploymentId(), replyTo))
                .thenApply(Refusals::deployment);
    }

    private CompletionStage<List<ObjectNode>> kill(Request request, String id, List<String> taskIds) {
        boolean wipe = request.flag("wipe", false);
        return services.ask(id, replyTo -> new AppCommand.KillInstances(taskIds, wipe, replyTo))
                .thenApply(answer -> {
                    AppAnswer.Killed killed = Refusals.expect(AppAnswer.Killed.class, answer);
                    return killed.instances().stream()
                            .map(i -> AppWriter.task(killed.snapshot(), i))
                            .toList();
                });
    }

    private AppSnapshot known(String id) {
        return view.app(id).orElseThrow(() -> ApiFailure.noApp(id));
    }

    /** One line per service port: {@code app, port, host:port, host:port}, tab-separated. */
    private static Answer text(List<AppSnapshot> apps) {
        StringBuilder text = new StringBuilder();
        for (AppSnapshot app : apps) {
            String name = app.entityId();
            var ports = app.current().orElseThrow().definition().ports();
            for (int i = 0; i < Math.max(1, ports.size()); i++) {
                int index = i;
                text.append(name)
                        .append('\t')
                        .append(i < ports.size() ? ports.get(i).port() : " ");
                app.instances().stream()
                        .filter(instance -> instance.phase() == Instance.Phase.RUNNING)
                        .flatMap(instance -> instance.place().stream())
                        .forEach(place -> text.append('\t')
                                .append(place.host())
                                .append(
                                        index < place.ports().size()
                                                ? ":" + place.ports().get(index)
                                                : ""));
                text.append('\n');
            }
        }
        return Answer.text("text/plain", text.toString());
    }

    private static Answer tasks(Request request, List<AppSnapshot> apps, List<String> states) {
        if (request.accept().contains("text/plain") && !request.accept().contains("json")) {
            return text(apps);
        }
        ObjectNode body = Json.object();
        ArrayNode tasks = body.putArray("tasks");
        for (AppSnapshot app : apps) {
            AppWriter.shown(app.instances()).stream()
                    .filter(i -> states.isEmpty()
                            || (states.contains("running") && i.phase() == Instance.Phase.RUNNING)
                            || (states.contains("staging") && i.phase() == Instance.Phase.STAGING))
                    .forEach(i -> tasks.add(AppWriter.task(app, i)));
            if (states.isEmpty()) {
                app.detached()
                        .ifPresent(homes -> homes.forEach(home -> tasks.add(AppWriter.detached(app.appId(), home))));
            }
        }
        return Answer.ok(body);
    }

    private static void noScaleAndWipe(Request request) {
        if (request.flag("scale", false) && request.flag("wipe", false)) {
            throw ApiFailure.of(400, "You cannot use scale and wipe at the same time.");
        }
    }

    private static ApiFailure noTask(String taskId) {
        return ApiFailure.of(404, "Task '" + taskId + "' does not exist");
    }
}
