package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.marathonapi.GroupReader.GroupUpdate;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppRules;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.scheduler.PodRules;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** The tree of groups, of apps and pods, as the view has it at one moment: those made as such, and those that ids of apps imply. */
final class GroupTree {
    private final Map<String, AppSnapshot> apps = new TreeMap<>();
    private final Map<String, List<AppSnapshot>> appsOf = new TreeMap<>();
    private final Map<String, Set<String>> groupsOf = new TreeMap<>();
    private final GroupBook book;
    private final Predicate<String> enforcing;

    GroupTree(ServicesView view) {
        this(view.all(), view.groups(), view::enforcesRole);
    }

    private GroupTree(List<AppSnapshot> all, GroupBook book, Predicate<String> enforcing) {
        this.book = book;
        this.enforcing = enforcing;
        groupsOf.put("/", new TreeSet<>());
        for (AppSnapshot app : all) {
            apps.put(app.appId(), app);
            List<String> above = AppPath.ancestors(app.appId());
            String parent = above.get(above.size() - 1);
            appsOf.computeIfAbsent(parent, p -> new ArrayList<>()).add(app);
            add(parent);
        }
        book.groups().keySet().forEach(this::add);
    }

    private void add(String path) {
        String child = path;
        while (groupsOf.putIfAbsent(child, new TreeSet<>()) == null || !child.equals("/")) {
            List<String> above = AppPath.ancestors(child);
            if (above.isEmpty()) {
                return;
            }
            String parent = above.get(above.size() - 1);
            groupsOf.computeIfAbsent(parent, p -> new TreeSet<>()).add(child);
            child = parent;
        }
    }

    boolean exists(String path) {
        return path.equals("/") || groupsOf.containsKey(path);
    }

    boolean isApp(String path) {
        return apps.containsKey(path);
    }

    List<AppSnapshot> appsUnder(String path) {
        return apps.values().stream()
                .filter(a -> AppPath.inside(path, a.appId()))
                .toList();
    }

    /** When the group or anything in it was changed, newest first. */
    List<Instant> versions(String path) {
        TreeSet<Instant> versions = new TreeSet<>(java.util.Comparator.reverseOrder());
        appsUnder(path).forEach(a -> versions.addAll(a.versions()));
        book.groups().values().stream()
                .filter(g -> g.path().equals(path) || AppPath.inside(path, g.path()))
                .forEach(g -> versions.addAll(g.versions()));
        return List.copyOf(versions);
    }

    /** What {@code update} asks for, compared with what is there. */
    Rollout.Wish wish(GroupUpdate update, Roles roles) {
        List<Rollout.Target> targets = new ArrayList<>();
        List<String> removed = new ArrayList<>();
        List<GroupBook.Group> kept = new ArrayList<>();
        if (isApp(update.path())) {
            throw ApiFailure.rule("/id", "Groups and Applications may not have the same identifier: " + update.path());
        }
        if (update.scaleBy().isPresent()) {
            double by = update.scaleBy().get();
            for (AppSnapshot app : appsUnder(update.path())) {
                AppDefinition now = app.current().orElseThrow().definition();
                AppDefinition scaled =
                        now.withInstances((int) Math.min(Integer.MAX_VALUE, Math.ceil(now.instances() * by)));
                Problems problems = new Problems();
                problems.rules(app.isPod() ? PodRules.check(scaled) : AppRules.check(scaled));
                problems.check();
                targets.add(Rollout.Target.of(scaled));
            }
            return Rollout.Wish.of(targets);
        }
        var unused = collect(update, update.enforceRole(), roles, targets, removed, kept);
        return new Rollout.Wish(targets, removed, kept);
    }

    /** True when something in the group is another than before. */
    private boolean collect(
            GroupUpdate update,
            Optional<Boolean> enforced,
            Roles roles,
            List<Rollout.Target> targets,
            List<String> removed,
            List<GroupBook.Group> kept) {
        UnaryOperator<AppDefinition> resolve = app -> roles.resolved(app, enforced);
        String path = update.path();
        boolean changes = !book.groups().containsKey(path);
        changes |= replaced(update, update.apps(), false, resolve, targets);
        changes |= replaced(update, update.pods(), true, resolve, targets);
        if (update.groups().isPresent()) {
            Set<String> wanted = new TreeSet<>();
            update.groups().get().forEach(g -> wanted.add(g.path()));
            for (String child : groupsOf.getOrDefault(path, Set.of())) {
                boolean goesOn = wanted.stream().anyMatch(w -> w.equals(child) || AppPath.inside(child, w));
                if (!goesOn) {
                    gone(child, targets, removed);
                    changes = true;
                }
            }
            for (GroupUpdate child : update.groups().get()) {
                Optional<Boolean> inner = path.equals("/") ? child.enforceRole() : enforced;
                changes |= collect(child, inner, roles, targets, removed, kept);
            }
        }
        List<String> before = dependencies(path);
        List<String> dependencies = update.dependencies().orElse(before);
        changes |= update.enforceRole()
                .filter(enforce -> enforce != enforcing.test(path))
                .isPresent();
        if (changes || !dependencies.equals(before)) {
            kept.add(new GroupBook.Group(path, dependencies, List.of(), update.enforceRole()));
            return true;
        }
        return false;
    }

    /** Puts {@code given} in the place of the group's apps, or of its pods; absent ones stay. */
    private boolean replaced(
            GroupUpdate update,
            Optional<List<AppDefinition>> given,
            boolean pods,
            UnaryOperator<AppDefinition> resolve,
            List<Rollout.Target> targets) {
        if (given.isEmpty()) {
            return false;
        }
        boolean changes = false;
        Map<String, AppDefinition> wanted = new TreeMap<>();
        given.get().forEach(a -> wanted.put(a.id(), a));
        for (AppSnapshot app : appsOf.getOrDefault(update.path(), List.of())) {
            if (app.isPod() == pods && !wanted.containsKey(app.appId())) {
                targets.add(Rollout.Target.gone(app.appId()));
                changes = true;
            }
        }
        for (AppDefinition read : wanted.values()) {
            AppDefinition app = resolve.apply(read);
            String kind = pods ? "/pods" : "/apps";
            if (groupsOf.containsKey(app.id()) && update.groups().isEmpty()) {
                throw ApiFailure.rule(kind, "Groups and Applications may not have the same identifier: " + app.id());
            }
            if (Optional.ofNullable(apps.get(app.id()))
                    .filter(a -> a.isPod() != pods)
                    .isPresent()) {
                throw ApiFailure.rule(kind, "Applications and Pods may not have the same identifier: " + app.id());
            }
            targets.add(Rollout.Target.of(app));
            changes |= changed(app);
        }
        return changes;
    }

    private boolean changed(AppDefinition wanted) {
        return Optional.ofNullable(apps.get(wanted.id()))
                .flatMap(AppSnapshot::current)
                .map(c -> !wanted.reusingPortsOf(c.definition()).equals(c.definition()))
                .orElse(true);
    }

    /** Removes a group with everything in it. */
    void gone(String path, List<Rollout.Target> targets, List<String> removed) {
        appsUnder(path).forEach(a -> targets.add(Rollout.Target.gone(a.appId())));
        if (book.holds(path)) {
            removed.add(path);
        }
    }

    private List<String> dependencies(String path) {
        return Optional.ofNullable(book.groups().get(path))
                .map(GroupBook.Group::dependencies)
                .orElse(List.of());
    }

    /** A group as clients see it. {@code apps} writes one app; no {@code apps} and no {@code groups} where they are not wanted. */
    ObjectNode json(
            String path, boolean withGroups, boolean withPods, Optional<Function<AppSnapshot, ObjectNode>> writer) {
        ObjectNode node = Json.object().put("id", path);
        if (writer.isPresent()) {
            ArrayNode list = node.putArray("apps");
            appsOf.getOrDefault(path, List.of()).stream()
                    .filter(app -> !app.isPod())
                    .forEach(app -> list.add(writer.get().apply(app)));
        }
        if (withPods) {
            ArrayNode list = node.putArray("pods");
            appsOf.getOrDefault(path, List.of()).stream()
                    .filter(AppSnapshot::isPod)
                    .forEach(pod -> list.add(PodWriter.version(pod.current().orElseThrow())));
        }
        if (withGroups) {
            ArrayNode groups = node.putArray("groups");
            groupsOf.getOrDefault(path, Set.of()).forEach(child -> groups.add(json(child, true, withPods, writer)));
        }
        ArrayNode dependencies = node.putArray("dependencies");
        dependencies(path).forEach(dependencies::add);
        Instant version = versions(path).stream().findFirst().orElse(Instant.EPOCH);
        return node.put("version", Json.time(version)).put("enforceRole", enforcing.test(path));
    }
}
