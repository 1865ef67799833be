package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.AppChange.Refusal;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** {@code /v2/pods}. A pod is an app whose instances are groups of containers; deployments treat both alike. */
final class PodsHandler {
    private static final String MARK = "::";
    private static final int ATTEMPTS = 5;

    private final Services services;
    private final ServicesView view;
    private final Roles roles;

    PodsHandler(Services services, Roles roles) {
        this.services = services;
        this.roles = roles;
        this.view = services.view();
    }

    /** {@code /v2/pods/<id>::<what>/<more>}. */
    private record Target(String id, String what, List<String> more) {
        static Target of(Request request) {
            List<String> path = request.path();
            for (int i = 2; i < path.size(); i++) {
                int mark = path.get(i).indexOf(MARK);
                if (mark >= 0) {
                    List<String> before = new ArrayList<>(path.subList(2, i));
                    before.add(path.get(i).substring(0, mark));
                    return new Target(
                            AppPath.absolute(String.join("/", before)),
                            path.get(i).substring(mark + MARK.length()),
                            path.subList(i + 1, path.size()));
                }
            }
            return new Target(request.appId(2, path.size()), "", List.of());
        }
    }

    CompletionStage<Answer> answer(Request request) {
        Target target = Target.of(request);
        boolean all = target.id().equals("/");
        return switch (target.what()) {
            case "" -> all ? pods(request) : pod(request, target.id());
            case "status" -> only(request, "GET", () -> (all ? statuses() : Answer.ok(status(target.id()))).now());
            case "versions" ->
                only(
                        request,
                        "GET",
                        () -> target.more().isEmpty()
                                ? versions(target.id()).now()
                                : version(target.id(), String.join("/", target.more())));
            case "instances" -> only(request, "DELETE", () -> kill(request, target));
            default -> throw ApiFailure.of(404, "URI not found");
        };
    }

    private CompletionStage<Answer> pods(Request request) {
        return switch (request.method()) {
            case "GET" -> list().now();
            case "POST" -> create(request);
            default -> throw ApiFailure.of(405, "Method not allowed").allowing("GET, HEAD, POST");
        };
    }

    private CompletionStage<Answer> pod(Request request, String id) {
        return switch (request.method()) {
            case "GET" ->
                Answer.ok(PodWriter.version(known(id).current().orElseThrow())).now();
            case "PUT" -> update(request, id, ATTEMPTS);
            case "DELETE" -> delete(request, id);
            default -> throw ApiFailure.of(405, "Method not allowed").allowing("GET, HEAD, PUT, DELETE");
        };
    }

    private Answer list() {
        ArrayNode list = Json.object().arrayNode();
        view.pods().forEach(pod -> list.add(PodWriter.version(pod.current().orElseThrow())));
        return Answer.ok(list);
    }

    private Answer statuses() {
        ArrayNode list = Json.object().arrayNode();
        Instant now = Instant.now();
        view.pods().forEach(pod -> list.add(PodStatusWriter.status(pod, now)));
        return Answer.ok(list);
    }

    private JsonNode status(String id) {
        AppSnapshot pod = view.any(id).filter(AppSnapshot::isPod).orElseThrow(() -> missing(id));
        return PodStatusWriter.status(pod, Instant.now());
    }

    private Answer versions(String id) {
        ArrayNode list = Json.object().arrayNode();
        known(id).versions().forEach(v -> list.add(Json.time(v)));
        return Answer.ok(list);
    }

    private CompletionStage<Answer> version(String id, String text) {
        Instant at = Json.instant("/version", text);
        if (!known(id).versions().contains(at)) {
            throw ApiFailure.of(404, "Pod '" + id + "' does not exist in version '" + Json.time(at) + "'");
        }
        return services.ask(id, replyTo -> new AppCommand.FindVersion(at, replyTo))
                .thenApply(answer -> {
                    AppVersion found =
                            Refusals.expect(AppAnswer.Found.class, answer).version();
                    if (found.definition().pod().isEmpty()) {
                        throw missing(id);
                    }
                    return Answer.ok(PodWriter.version(found));
                });
    }

    private CompletionStage<Answer> create(Request request) {
        AppDefinition pod = roles.resolved(PodReader.read(request.json(), Optional.empty()));
        boolean force = request.flag("force", false);
        return services.ask(pod.id(), replyTo -> new AppCommand.Create(pod, force, services.deploymentId(), replyTo))
                .thenApply(answer -> {
                    if (answer instanceof AppAnswer.Refused refused && refused.why() == Refusal.EXISTS) {
                        throw ApiFailure.of(409, "A pod with id [" + pod.id() + "] already exists.");
                    }
                    return changed(request, 201, answer, ServiceEvent.PodChange.CREATED)
                            .with("Location", request.origin() + "/v2/pods" + pod.id());
                });
    }

    private CompletionStage<Answer> update(Request request, String id, int attempts) {
        AppDefinition pod = roles.resolved(PodReader.read(request.json(), Optional.of(id)));
        Instant expected = known(id).current().orElseThrow().version();
        boolean force = request.flag("force", false);
        return services.ask(
                        id, replyTo -> new AppCommand.Update(pod, expected, force, services.deploymentId(), replyTo))
                .thenCompose(answer ->
                        answer instanceof AppAnswer.Refused refused && refused.why() == Refusal.STALE && attempts > 1
                                ? update(request, id, attempts - 1)
                                : changed(request, 200, answer, ServiceEvent.PodChange.UPDATED)
                                        .now());
    }

    private Answer changed(Request request, int status, AppAnswer answer, ServiceEvent.PodChange what) {
        AppAnswer.Changed changed = Refusals.expect(AppAnswer.Changed.class, answer);
        announce(request, what);
        return Answer.json(
                        status, PodWriter.version(changed.snapshot().current().orElseThrow()))
                .deploymentHeader(changed.deploymentId());
    }

    private CompletionStage<Answer> delete(Request request, String id) {
        boolean force = request.flag("force", false);
        AppSnapshot unused = known(id);
        return services.ask(id, replyTo -> new AppCommand.Remove(force, services.deploymentId(), replyTo))
                .thenApply(answer -> {
                    AppAnswer.Changed changed = Refusals.expect(AppAnswer.Changed.class, answer);
                    announce(request, ServiceEvent.PodChange.DELETED);
                    return Answer.empty(202)
                            .with("Location", changed.deploymentId())
                            .deploymentHeader(changed.deploymentId());
                });
    }

    /**
     * One instance by its path, or those of the body; others take their place. With {@code wipe} their volumes go, too, and ids of volumes that no
     * instance uses now count.
     */
    private CompletionStage<Answer> kill(Request request, Target target) {
        AppSnapshot pod = known(target.id());
        boolean wipe = request.flag("wipe", false);
        if (target.more().isEmpty()) {
            return kill(pod, ids(request.json()), wipe).thenApply(killed -> {
                ArrayNode list = Json.object().arrayNode();
                killed.forEach(list::add);
                return Answer.ok(list);
            });
        }
        String instance = String.join("/", target.more());
        boolean there = pod.instances().stream().anyMatch(i -> i.taskId().equals(instance))
                || (wipe && pod.detachedFrom(instance).isPresent());
        if (!there) {
            throw noInstance(target.id(), instance);
        }
        return kill(pod, List.of(instance), wipe).thenApply(killed -> killed.stream()
                .findFirst()
                .map(Answer::ok)
                .orElseThrow(() -> noInstance(target.id(), instance)));
    }

    private static ApiFailure noInstance(String pod, String instance) {
        return ApiFailure.of(404, "Instance '" + instance + "' of pod '" + pod + "' does not exist");
    }

    private CompletionStage<List<ObjectNode>> kill(AppSnapshot pod, List<String> ids, boolean wipe) {
        return services.ask(pod.appId(), replyTo -> new AppCommand.KillInstances(ids, wipe, replyTo))
                .thenApply(answer -> {
                    Instant now = Instant.now();
                    List<Instance> killed =
                            Refusals.expect(AppAnswer.Killed.class, answer).instances();
                    List<ObjectNode> told = new ArrayList<>();
                    killed.forEach(i -> told.add(PodStatusWriter.instance(pod, i, now)));
                    ids.stream()
                            .filter(id -> wipe
                                    && killed.stream().noneMatch(i -> i.taskId().equals(id)))
                            .flatMap(id -> pod.detachedFrom(id).stream())
                            .forEach(home -> told.add(PodStatusWriter.detached(pod, home, now)));
                    return told;
                });
    }

    private static List<String> ids(JsonNode body) {
        Problems problems = new Problems();
        if (!body.isArray()) {
            problems.type("/", "error.expected.jsarray");
        }
        for (int i = 0; i < body.size(); i++) {
            if (!body.get(i).isTextual()) {
                problems.type("(" + i + ")", "error.expected.jsstring");
            }
        }
        problems.check();
        List<String> ids = new ArrayList<>();
        body.forEach(id -> ids.add(id.asText()));
        return ids;
    }

    private void announce(Request request, ServiceEvent.PodChange what) {
        Instant now = Instant.now();
        services.publish(new ServiceEvent.PodChanged(
                EventIds.next(now), now, request.clientIp(), "/" + String.join("/", request.path()), what));
    }

    private AppSnapshot known(String id) {
        return view.pod(id).orElseThrow(() -> missing(id));
    }

    private static ApiFailure missing(String id) {
        return ApiFailure.of(404, "Pod '" + id + "' does not exist");
    }

    private static CompletionStage<Answer> only(
            Request request, String method, java.util.function.Supplier<CompletionStage<Answer>> handler) {
        if (!request.method().equals(method)) {
            throw ApiFailure.of(405, "Method not allowed").allowing(method.equals("GET") ? "GET, HEAD" : method);
        }
        return handler.get();
    }
}
