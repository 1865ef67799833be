package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.GroupMessage;
import io.finback.controlplane.marathonapi.GroupReader.GroupUpdate;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** {@code /v2/groups}. */
final class GroupsHandler {
    private static final Set<String> APP_EMBED = Set.of("counts", "deployments");

    private final Services services;
    private final Rollout rollout;

    GroupsHandler(Services services, Rollout rollout) {
        this.services = services;
        this.rollout = rollout;
    }

    Answer find(Request request, String path) {
        return Answer.ok(json(request, known(path), path));
    }

    /** All apps of a group, at any depth. */
    Answer apps(Request request, String path) {
        GroupTree tree = known(path);
        Set<String> embed = appEmbed(request);
        ObjectNode body = Json.object();
        ArrayNode apps = body.putArray("apps");
        tree.appsUnder(path).stream().filter(app -> !app.isPod()).forEach(app -> apps.add(AppWriter.app(app, embed)));
        return Answer.ok(body);
    }

    Answer versions(String path) {
        ArrayNode versions = Json.object().arrayNode();
        known(path).versions(path).forEach(v -> versions.add(Json.time(v)));
        return Answer.ok(versions);
    }

    CompletionStage<Answer> version(String path, String text) {
        Instant at = Json.instant("/version", text);
        return stored(path, at).thenApply(apps -> {
            ObjectNode node = Json.object().put("id", path);
            tree(node, path, apps);
            node.put("version", Json.time(at));
            return Answer.ok(node);
        });
    }

    CompletionStage<Answer> create(Request request, String at) {
        GroupUpdate update = GroupReader.read(request.json(), at);
        String path = update.path();
        GroupTree now = new GroupTree(services.view());
        if (now.isApp(path)) {
            throw ApiFailure.of(409, "An app with the path " + path + " already exists.");
        }
        boolean empty = path.equals("/")
                && now.appsUnder("/").isEmpty()
                && services.view().groups().groups().isEmpty();
        if (now.exists(path) && !empty) {
            throw ApiFailure.of(409, "Group " + path + " is already created. Use PUT to change this group.");
        }
        return rollout.run(request, () -> new GroupTree(services.view()).wish(update, rollout.roles()))
                .thenApply(plan -> Answer.deployment(201, plan.id(), plan.version())
                        .with("Location", request.origin() + "/v2/groups" + path));
    }

    CompletionStage<Answer> put(Request request, String at) {
        JsonNode body = request.json();
        GroupUpdate update = GroupReader.read(body, at);
        if (update.version().isPresent()) {
            return rollback(request, update.path(), update.version().get());
        }
        if (update.scaleBy().isPresent()) {
            mustExist(update.path());
        }
        if (request.flag("dryRun", false)) {
            return Rollout.steps(rollout.dryRun(new GroupTree(services.view()).wish(update, rollout.roles())))
                    .now();
        }
        return rollout.run(request, () -> new GroupTree(services.view()).wish(update, rollout.roles()))
                .thenApply(GroupsHandler::deployment);
    }

    /** Whether a top-level group enforces its role, and nothing else. */
    CompletionStage<Answer> patch(Request request, String path) {
        mustExist(path);
        JsonNode body = request.json();
        Problems problems = new Problems();
        Fields fields = new Fields(body, "", problems);
        Optional<Boolean> enforce = fields.bool("enforceRole");
        problems.check();
        if (!Roles.isTop(path) || enforce.isEmpty() || body.size() != 1) {
            throw ApiFailure.rule("/", "expected: 'enforceRole' alone, of a top-level group");
        }
        services.access().update(path);
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        List<String> dependencies = services.view().groups().dependencies().getOrDefault(path, List.of());
        GroupBook.Group group = new GroupBook.Group(path, dependencies, List.of(now), enforce);
        return services.groups(replyTo -> new GroupMessage.Replace(now, List.of(), List.of(group), replyTo))
                .thenApply(done -> Answer.empty(200));
    }

    CompletionStage<Answer> delete(Request request, String path) {
        mustExist(path);
        return rollout.run(request, () -> {
                    List<Rollout.Target> targets = new ArrayList<>();
                    List<String> removed = new ArrayList<>();
                    new GroupTree(services.view()).gone(path, targets, removed);
                    return new Rollout.Wish(targets, removed, List.of());
                })
                .thenApply(GroupsHandler::deployment);
    }

    private CompletionStage<Answer> rollback(Request request, String path, Instant at) {
        return rollout.runLater(request, () -> stored(path, at).thenApply(then -> {
                    List<Rollout.Target> targets = new ArrayList<>();
                    for (AppSnapshot app : known(path).appsUnder(path)) {
                        AppVersion old = then.get(app.appId());
                        targets.add(
                                old == null ? Rollout.Target.gone(app.appId()) : Rollout.Target.of(old.definition()));
                    }
                    return Rollout.Wish.of(targets);
                }))
                .thenApply(GroupsHandler::deployment);
    }

    /** The apps of a group as they were at a time the group was changed; those that are gone since are not known any more. */
    private CompletionStage<Map<String, AppVersion>> stored(String path, Instant at) {
        GroupTree tree = known(path);
        if (!tree.versions(path).contains(at)) {
            throw ApiFailure.of(404, "Group '" + path + "' does not exist in version '" + Json.time(at) + "'");
        }
        CompletionStage<Map<String, AppVersion>> found = CompletableFuture.completedFuture(new TreeMap<>());
        for (AppSnapshot app : tree.appsUnder(path)) {
            Optional<Instant> then =
                    app.versions().stream().filter(v -> !v.isAfter(at)).findFirst();
            if (then.isPresent()) {
                found = found.thenCombine(rollout.version(app.appId(), then.get()), (map, version) -> {
                    map.put(app.appId(), version);
                    return map;
                });
            }
        }
        return found;
    }

    private static void tree(ObjectNode node, String path, Map<String, AppVersion> apps) {
        ArrayNode list = node.putArray("apps");
        ArrayNode pods = node.putArray("pods");
        Set<String> children = new TreeSet<>();
        int depth = AppPath.segments(path).size();
        apps.forEach((id, version) -> {
            List<String> segments = AppPath.segments(id);
            if (AppPath.inside(path, id) && segments.size() == depth + 1) {
                if (version.definition().pod().isPresent()) {
                    pods.add(PodWriter.version(version));
                } else {
                    list.add(AppWriter.version(version));
                }
            } else if (AppPath.inside(path, id)) {
                children.add("/" + String.join("/", segments.subList(0, depth + 1)));
            }
        });
        ArrayNode groups = node.putArray("groups");
        for (String child : children) {
            tree(groups.addObject().put("id", child), child, apps);
        }
        node.putArray("dependencies");
    }

    private ObjectNode json(Request request, GroupTree tree, String path) {
        List<String> embed = request.query().getOrDefault("embed", List.of());
        boolean all = embed.isEmpty();
        boolean groups = all || embed.contains("group.groups");
        boolean pods = all || embed.contains("group.pods");
        boolean apps = all || embed.stream().anyMatch(e -> e.startsWith("group.apps"));
        Set<String> appEmbed = all ? APP_EMBED : appEmbed(request);
        Function<AppSnapshot, ObjectNode> writer = app -> AppWriter.app(app, appEmbed);
        return tree.json(path, groups, pods, apps ? Optional.of(writer) : Optional.empty());
    }

    private static Set<String> appEmbed(Request request) {
        Set<String> embed = new TreeSet<>();
        for (String value : request.query().getOrDefault("embed", List.of())) {
            String name = value.substring(value.lastIndexOf('.') + 1);
            embed.add(name);
            if (name.equals("tasks")) {
                embed.add("deployments");
            }
        }
        return embed;
    }

    private void mustExist(String path) {
        var unused = known(path);
    }

    private GroupTree known(String path) {
        GroupTree tree = new GroupTree(services.view());
        if (!tree.exists(path)) {
            throw ApiFailure.of(404, "Group '" + path + "' does not exist");
        }
        return tree;
    }

    private static Answer deployment(DeploymentPlan plan) {
        return Answer.deployment(200, plan.id(), plan.version());
    }
}
