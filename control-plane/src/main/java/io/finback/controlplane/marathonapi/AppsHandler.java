package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppChange.Refusal;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

/** {@code /v2/apps}: the apps themselves and their versions. */
final class AppsHandler {
    private static final Set<String> LIST_EMBED = Set.of("counts", "deployments");
    private static final Set<String> ONE_EMBED =
            Set.of("counts", "deployments", "tasks", "lastTaskFailure", "readiness");
    private static final int ATTEMPTS = 5;

    private final Services services;
    private final Rollout rollout;
    private final Announcements announcements;
    private final ServicesView view;

    AppsHandler(Services services, Rollout rollout) {
        this.services = services;
        this.rollout = rollout;
        this.announcements = new Announcements(services);
        this.view = services.view();
    }

    Answer list(Request request) {
        ArrayNode apps = Json.object().arrayNode();
        Set<String> embed = embed(request, LIST_EMBED);
        AppFilter filter = AppFilter.of(request);
        view.apps().stream().filter(filter::accepts).forEach(app -> apps.add(AppWriter.app(app, embed)));
        ObjectNode body = Json.object();
        body.set("apps", apps);
        return Answer.ok(body);
    }

    /** {@code /v2/apps/{group}/*}. */
    Answer inGroup(Request request, String group) {
        String prefix = group.equals("/") ? "/" : group + "/";
        ArrayNode apps = Json.object().arrayNode();
        Set<String> embed = embed(request, LIST_EMBED);
        view.apps().stream()
                .filter(app -> app.appId().startsWith(prefix))
                .forEach(app -> apps.add(AppWriter.app(app, embed)));
        if (apps.isEmpty() && !group.equals("/")) {
            throw ApiFailure.of(404, "Group '" + group + "' does not exist");
        }
        ObjectNode body = Json.object();
        body.set("*", apps);
        return Answer.ok(body);
    }

    Answer find(Request request, String id) {
        AppSnapshot app = view.app(id).orElseThrow(() -> ApiFailure.noApp(id));
        ObjectNode body = Json.object();
        body.set("app", AppWriter.app(app, embed(request, ONE_EMBED)));
        return Answer.ok(body);
    }

    CompletionStage<Answer> create(Request request) {
        AppDefinition definition = rollout.roles().resolved(AppReader.read(request.json(), Optional.empty()));
        rollout.checkCycles(definition);
        return create(definition, request.flag("force", false)).thenApply(answer -> {
            AppAnswer.Changed changed = Refusals.expect(AppAnswer.Changed.class, answer);
            announcements.app(request, changed.snapshot());
            return Answer.json(201, AppWriter.created(definition, changed.snapshot()))
                    .deploymentHeader(changed.deploymentId())
                    .with("Location", location(request, definition.id()));
        });
    }

    CompletionStage<Answer> put(Request request, String id, boolean mayCreate) {
        JsonNode body = request.json();
        if (!body.isObject()) {
            throw ApiFailure.badJson("error.expected.jsobject");
        }
        Optional<String> rollback = rollback(body);
        if (rollback.isPresent()) {
            return rollback(request, id, Json.instant("/version", rollback.get()));
        }
        return update(request, id, body, mayCreate, ATTEMPTS);
    }

    /** An array of updates is one deployment over several apps. */
    CompletionStage<Answer> putMany(Request request, boolean mayCreate) {
        JsonNode body = request.json();
        if (!body.isArray()) {
            throw ApiFailure.badJson("error.expected.jsarray");
        }
        boolean partial = request.flag("partialUpdate", true);
        return rollout.run(request, () -> wish(body, mayCreate, partial))
                .thenApply(plan -> Answer.deployment(200, plan.id(), plan.version()));
    }

    private Rollout.Wish wish(JsonNode body, boolean mayCreate, boolean partial) {
        List<Rollout.Target> targets = new ArrayList<>();
        Set<String> seen = new TreeSet<>();
        for (int i = 0; i < body.size(); i++) {
            JsonNode one = body.get(i);
            String place = "(" + i + ")";
            if (!one.path("id").isTextual()) {
                Problems problems = new Problems();
                problems.type(place + "/id", one.hasNonNull("id") ? "error.expected.jsstring" : "error.path.missing");
                problems.check();
            }
            String id = AppPath.absolute(one.path("id").textValue());
            if (!seen.add(id)) {
                throw ApiFailure.rule(place + "/id", "the id " + id + " is there more than once");
            }
            Optional<AppSnapshot> known = view.app(id);
            if (known.isEmpty() && !mayCreate) {
                throw ApiFailure.noApp(id);
            }
            try {
                targets.add(Rollout.Target.of(rollout.roles().resolved(definition(known, one, id, partial))));
            } catch (ApiFailure failure) {
                throw failure.below(place);
            }
        }
        return Rollout.Wish.of(targets);
    }

    static AppDefinition definition(Optional<AppSnapshot> known, JsonNode patch, String id, boolean partial) {
        JsonNode whole = known.filter(app -> partial)
                .<JsonNode>map(app -> AppReader.merged(
                        AppWriter.definition(app.current().orElseThrow().definition()), patch))
                .orElse(patch);
        return AppReader.read(whole, Optional.of(id));
    }

    CompletionStage<Answer> delete(Request request, String id) {
        boolean force = request.flag("force", true);
        if (view.app(id).isEmpty()) {
            throw ApiFailure.noApp(id);
        }
        return services.ask(id, replyTo -> new AppCommand.Remove(force, services.deploymentId(), replyTo))
                .thenApply(Refusals::deployment);
    }

    CompletionStage<Answer> restart(Request request, String id) {
        boolean force = request.flag("force", false);
        if (view.app(id).isEmpty()) {
            throw ApiFailure.noApp(id);
        }
        return services.ask(id, replyTo -> new AppCommand.Restart(force, services.deploymentId(), replyTo))
                .thenApply(Refusals::deployment);
    }

    Answer versions(String id) {
        AppSnapshot app = view.app(id).orElseThrow(() -> ApiFailure.noApp(id));
        ObjectNode body = Json.object();
        ArrayNode versions = body.putArray("versions");
        app.versions().forEach(v -> versions.add(Json.time(v)));
        return Answer.ok(body);
    }

    CompletionStage<Answer> version(String id, String text) {
        Instant version = Json.instant("/version", text);
        return stored(id, version).thenApply(found -> Answer.ok(AppWriter.version(found)));
    }

    /** The wanted version is in the view; only older ones are asked for. */
    private CompletionStage<AppVersion> stored(String id, Instant version) {
        AppSnapshot app = view.app(id).orElseThrow(() -> ApiFailure.noApp(id));
        if (!app.versions().contains(version)) {
            throw ApiFailure.of(404, "App '" + id + "' does not exist in version '" + Json.time(version) + "'");
        }
        return services.ask(id, replyTo -> new AppCommand.FindVersion(version, replyTo))
                .thenApply(
                        answer -> Refusals.expect(AppAnswer.Found.class, answer).version());
    }

    private CompletionStage<Answer> rollback(Request request, String id, Instant version) {
        AppSnapshot app = view.app(id).orElseThrow(() -> ApiFailure.noApp(id));
        Instant expected = app.current().orElseThrow().version();
        boolean force = request.flag("force", false);
        return stored(id, version)
                .thenCompose(old -> services.ask(
                        id,
                        replyTo -> new AppCommand.Update(
                                old.definition(), expected, force, services.deploymentId(), replyTo)))
                .thenApply(Refusals::deployment);
    }

    /** The version alone asks for a rollback; beside {@code versionInfo} it is a whole object put back. */
    private static Optional<String> rollback(JsonNode body) {
        if (!body.hasNonNull("version") || body.has("versionInfo")) {
            return Optional.empty();
        }
        for (var field : body.properties()) {
            boolean other = !field.getKey().equals("version") && !field.getKey().equals("id");
            if (other && !field.getValue().isNull()) {
                throw ApiFailure.rule("/", "The 'version' field may only be combined with the 'id' field.");
            }
        }
        return Optional.of(body.get("version").asText());
    }

    private CompletionStage<Answer> update(
            Request request, String id, JsonNode patch, boolean mayCreate, int attempts) {
        boolean force = request.flag("force", false);
        Optional<AppSnapshot> known = view.app(id);
        if (known.isEmpty() && !mayCreate) {
            throw ApiFailure.noApp(id);
        }
        CompletionStage<AppAnswer> answer;
        if (known.isEmpty()) {
            AppDefinition definition = rollout.roles().resolved(AppReader.read(patch, Optional.of(id)));
            rollout.checkCycles(definition);
            answer = create(definition, force);
        } else {
            AppVersion current = known.get().current().orElseThrow();
            boolean partial = request.flag("partialUpdate", true);
            AppDefinition definition = rollout.roles().resolved(definition(known, patch, id, partial));
            rollout.checkCycles(definition);
            answer = services.ask(
                    id,
                    replyTo -> new AppCommand.Update(
                            definition, current.version(), force, services.deploymentId(), replyTo));
        }
        int created = known.isEmpty() ? 201 : 200;
        return answer.thenCompose(a -> {
            boolean moved = a instanceof AppAnswer.Refused r
                    && (r.why() == Refusal.STALE || r.why() == Refusal.EXISTS || r.why() == Refusal.MISSING);
            // The refusal has brought the view up to date: made again from what is there now.
            if (moved && attempts > 1) {
                return update(request, id, patch, mayCreate, attempts - 1);
            }
            Answer done = Refusals.deployment(created, a);
            if (a instanceof AppAnswer.Changed changed) {
                announcements.app(request, changed.snapshot());
            }
            return (done.status() == 201 ? done.with("Location", location(request, id)) : done).now();
        });
    }

    private CompletionStage<AppAnswer> create(AppDefinition definition, boolean force) {
        int zeros = (int) definition.ports().stream().filter(p -> p.port() == 0).count();
        long used = view.assignedPorts(PortBook.FIRST, PortBook.LAST);
        if (zeros > 0 && used + zeros > PortBook.LAST - PortBook.FIRST + 1) {
            throw ApiFailure.of(422, "PortRangeExhausted: " + PortBook.FIRST + " to " + PortBook.LAST);
        }
        return services.ask(
                definition.id(), replyTo -> new AppCommand.Create(definition, force, services.deploymentId(), replyTo));
    }

    private static Set<String> embed(Request request, Set<String> always) {
        Set<String> embed = new TreeSet<>(always);
        for (String value : request.query().getOrDefault("embed", List.of())) {
            String name = value.substring(value.lastIndexOf('.') + 1);
            embed.add(name);
            if (name.equals("tasks") || name.equals("failures")) {
                embed.add("tasks");
                embed.add("deployments");
            }
            if (name.equals("failures")) {
                embed.add("lastTaskFailure");
            }
        }
        return embed;
    }

    private static String location(Request request, String id) {
        return request.origin() + "/v2/apps" + id;
    }
}
