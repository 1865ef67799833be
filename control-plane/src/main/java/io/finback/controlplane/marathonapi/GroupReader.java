package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads changes of groups. Ids are seen from the group they stand in; null is absent, unknown keys are ignored. */
final class GroupReader {
    /** Deeper groups are refused: ids are not that long. */
    private static final int MAX_DEPTH = 30;

    private GroupReader() {}

    /**
     * What a group shall be; what is absent stays as it is.
     *
     * @param scaleBy the instances of all its apps times this; nothing else is given then
     * @param version back to what the group was then; nothing else is given then
     * @param enforceRole of a top-level group
     */
    record GroupUpdate(
            String path,
            Optional<List<AppDefinition>> apps,
            Optional<List<AppDefinition>> pods,
            Optional<List<GroupUpdate>> groups,
            Optional<List<String>> dependencies,
            Optional<Double> scaleBy,
            Optional<Instant> version,
            Optional<Boolean> enforceRole) {
        /** Its apps and pods, as far as they are given. */
        List<AppDefinition> specs() {
            List<AppDefinition> all = new ArrayList<>(apps.orElse(List.of()));
            all.addAll(pods.orElse(List.of()));
            return all;
        }
    }

    /** {@code at}: the group that the request's path names. */
    static GroupUpdate read(JsonNode body, String at) {
        if (!body.isObject()) {
            throw ApiFailure.badJson("error.expected.jsobject");
        }
        Problems problems = new Problems();
        Optional<String> id = new Fields(body, "", problems).text("id");
        problems.check();
        // The id may name the very group of the path, or one inside it.
        String path = id.filter(i -> !AppPath.absolute(i).equals(at))
                .map(i -> AppPath.resolve(at, i))
                .orElse(at);
        GroupUpdate update = group(body, path, "", 0);
        unique(update, new HashSet<>());
        return update;
    }

    private static GroupUpdate group(JsonNode node, String path, String at, int depth) {
        Problems problems = new Problems();
        Fields fields = new Fields(node, at, problems);
        problems.check();
        if (depth > MAX_DEPTH) {
            throw ApiFailure.rule(at, "groups are more than " + MAX_DEPTH + " deep");
        }
        if (!path.equals("/")) {
            AppPath.problem(path).ifPresent(why -> problems.rule(at + "/id", why));
        }
        Optional<Double> scaleBy = fields.number("scaleBy");
        Optional<String> version = fields.text("version");
        Optional<List<String>> dependencies = fields.texts("dependencies")
                .map(list -> list.stream().map(d -> AppPath.resolve(path, d)).toList());
        if (dependencies.filter(d -> d.contains(path)).isPresent()) {
            problems.rule(at + "/dependencies", "must not contain the group itself: " + path);
        }
        Optional<Boolean> enforce = fields.bool("enforceRole").filter(e -> e || Roles.isTop(path));
        if (enforce.orElse(false) && !Roles.isTop(path)) {
            problems.rule(at + "/enforceRole", "true (expected: false, but for top-level groups)");
        }
        scaleBy.filter(s -> !(s >= 0 && s <= 1e6))
                .ifPresent(s -> problems.rule(at + "/scaleBy", "got " + s + ", expected 0 to 1000000"));
        problems.check();
        alone(node, scaleBy.isPresent(), "scaleBy", at);
        boolean back = version.isPresent() && !node.hasNonNull("apps") && !node.hasNonNull("groups");
        return new GroupUpdate(
                path,
                specs(node, "apps", path, at),
                specs(node, "pods", path, at),
                groups(node, path, at, depth),
                dependencies,
                scaleBy,
                back ? version.map(v -> Json.instant(at + "/version", v)) : Optional.empty(),
                enforce);
    }

    private static void alone(JsonNode node, boolean given, String name, String at) {
        for (String other : List.of("apps", "pods", "groups", "dependencies", "version")) {
            if (given && node.hasNonNull(other)) {
                throw ApiFailure.rule(
                        at.isEmpty() ? "/" : at, "'" + name + "' cannot be combined with '" + other + "'");
            }
        }
    }

    /** {@code kind}: {@code apps} or {@code pods}. */
    private static Optional<List<AppDefinition>> specs(JsonNode node, String kind, String path, String at) {
        if (!node.hasNonNull(kind)) {
            return Optional.empty();
        }
        List<AppDefinition> apps = new ArrayList<>();
        int index = 0;
        for (JsonNode one : array(node, kind, at)) {
            String place = at + "/" + kind + "(" + index++ + ")";
            apps.add(spec(one, kind, path, place));
        }
        return Optional.of(apps);
    }

    private static AppDefinition spec(JsonNode node, String kind, String group, String place) {
        try {
            if (!(node instanceof ObjectNode given) || !given.path("id").isTextual()) {
                return read(kind, node);
            }
            ObjectNode copy = given.deepCopy();
            String id = AppPath.resolve(group, given.path("id").textValue());
            copy.put("id", id);
            List<String> segments = AppPath.segments(id);
            String parent = "/" + String.join("/", segments.subList(0, Math.max(0, segments.size() - 1)));
            if (!parent.equals(group)) {
                throw ApiFailure.rule("/id", "identifier " + id + " is not child of '" + group + "'");
            }
            return read(kind, copy);
        } catch (ApiFailure failure) {
            throw failure.below(place);
        }
    }

    private static AppDefinition read(String kind, JsonNode node) {
        return kind.equals("pods") ? PodReader.read(node, Optional.empty()) : AppReader.read(node, Optional.empty());
    }

    private static Optional<List<GroupUpdate>> groups(JsonNode node, String path, String at, int depth) {
        if (!node.hasNonNull("groups")) {
            return Optional.empty();
        }
        List<GroupUpdate> groups = new ArrayList<>();
        int index = 0;
        for (JsonNode one : array(node, "groups", at)) {
            String place = at + "/groups(" + index++ + ")";
            Problems problems = new Problems();
            Fields fields = new Fields(one, place, problems);
            problems.check();
            Optional<String> id = fields.text("id");
            if (id.isEmpty() && !fields.has("id")) {
                problems.type(place + "/id", "error.path.missing");
            }
            problems.check();
            String child = AppPath.resolve(path, id.orElseThrow());
            if (!AppPath.inside(path, child)) {
                throw ApiFailure.rule(place + "/id", "identifier " + child + " is not child of '" + path + "'");
            }
            groups.add(group(one, child, place, depth + 1));
        }
        return Optional.of(groups);
    }

    private static JsonNode array(JsonNode node, String name, String at) {
        JsonNode value = node.get(name);
        if (!value.isArray()) {
            Problems problems = new Problems();
            problems.type(at + "/" + name, "error.expected.jsarray");
            problems.check();
        }
        return value;
    }

    private static void unique(GroupUpdate update, Set<String> seen) {
        for (AppDefinition app : update.specs()) {
            if (!seen.add(app.id())) {
                throw ApiFailure.rule("/apps", "the id " + app.id() + " is there more than once");
            }
        }
        for (GroupUpdate group : update.groups().orElse(List.of())) {
            if (!seen.add(group.path())) {
                throw ApiFailure.rule(
                        "/groups", "Groups and Applications may not have the same identifier: " + group.path());
            }
            unique(group, seen);
        }
    }
}
