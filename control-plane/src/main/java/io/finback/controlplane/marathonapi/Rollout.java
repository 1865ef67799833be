package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.GroupMessage;
import io.finback.controlplane.app.GroupsSnapshot;
import io.finback.controlplane.scheduler.AppChange.Refusal;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Dependencies;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.scheduler.Member;
import io.finback.controlplane.scheduler.PlanBuilder;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesView;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Changes of several apps and groups at once: what differs becomes one deployment, which all apps take part in or none. */
final class Rollout {
    private static final int ATTEMPTS = 5;

    private final Services services;
    private final ServicesView view;
    private final Announcements announcements;
    private final Roles roles;

    Rollout(Services services) {
        this.roles = new Roles(services.view(), services.settings().role());
        this.services = services;
        this.view = services.view();
        this.announcements = new Announcements(services);
    }

    /** What one app shall be; no definition: gone. {@code doomed}: task ids to end. */
    record Target(String appId, Optional<AppDefinition> wanted, List<String> doomed) {
        static Target of(AppDefinition definition) {
            return new Target(definition.id(), Optional.of(definition), List.of());
        }

        static Target gone(String appId) {
            return new Target(appId, Optional.empty(), List.of());
        }
    }

    /** Everything a request wants. {@code kept}: groups with what they depend on; {@code removed}: groups that go. */
    record Wish(List<Target> targets, List<String> removed, List<GroupBook.Group> kept) {
        Wish {
            targets = List.copyOf(targets);
            removed = List.copyOf(removed);
            kept = List.copyOf(kept);
        }

        static Wish of(List<Target> targets) {
            return new Wish(targets, List.of(), List.of());
        }
    }

    private record Draft(DeploymentPlan plan, List<Member> members, Wish wish) {}

    Roles roles() {
        return roles;
    }

    /** {@code wish} is asked again when an app has changed meanwhile: it reads the view anew. */
    CompletionStage<DeploymentPlan> run(Request request, Supplier<Wish> wish) {
        return runLater(request, () -> CompletableFuture.completedFuture(wish.get()));
    }

    CompletionStage<DeploymentPlan> runLater(Request request, Supplier<CompletionStage<Wish>> wish) {
        return attempt(request, request.flag("force", false), wish, ATTEMPTS);
    }

    /** The plan that {@code wish} would become. */
    DeploymentPlan dryRun(Wish wish) {
        return draft(wish, true).plan();
    }

    /** {@code {"steps":[{"actions":[{"action","app"}]}]}}. */
    static Answer steps(DeploymentPlan plan) {
        ObjectNode body = Json.object();
        body.set("steps", stepsOf(plan));
        return Answer.ok(body);
    }

    static ArrayNode stepsOf(DeploymentPlan plan) {
        ArrayNode steps = Json.object().arrayNode();
        for (DeploymentPlan.Step step : plan.steps()) {
            ArrayNode actions = steps.addObject().putArray("actions");
            step.actions().forEach(a -> actions.add(PodWriter.action(a)));
        }
        return steps;
    }

    /** Undoes a deployment over several apps by a new one. */
    CompletionStage<DeploymentPlan> revert(String deploymentId) {
        List<AppSnapshot> held = view.heldBy(deploymentId);
        CompletionStage<Map<String, AppVersion>> old = CompletableFuture.completedFuture(new TreeMap<>());
        for (AppSnapshot app : held) {
            Optional<Instant> back = app.lock().flatMap(l -> l.revertTo());
            if (back.isPresent()) {
                old = old.thenCombine(version(app.appId(), back.get()), (map, version) -> {
                    map.put(app.appId(), version);
                    return map;
                });
            }
        }
        return old.thenCompose(versions -> {
            List<PlanBuilder.Change> changes = new ArrayList<>();
            List<Member> members = new ArrayList<>();
            Map<String, AppDefinition> definitions = definitions();
            for (AppSnapshot app : held) {
                AppVersion before = versions.get(app.appId());
                members.add(Member.revert(app.appId(), deploymentId));
                if (before == null) {
                    definitions.remove(app.appId());
                    changes.add(change(
                            app.appId(),
                            Kind.STOP,
                            false,
                            app.current().orElseThrow().definition()));
                } else {
                    definitions.put(app.appId(), before.definition());
                    boolean mixed = before.definition().instances() > 0 && mixed(app, before.configAt());
                    changes.add(change(app.appId(), mixed ? Kind.RESTART : Kind.SCALE, false, before.definition()));
                }
            }
            DeploymentPlan plan =
                    plan(changes, definitions.values(), view.groups().dependencies());
            return services.begin(plan, members, true).thenApply(refused -> {
                if (!refused.isEmpty()) {
                    throw Refusals.of(refused.get(0));
                }
                return plan;
            });
        });
    }

    CompletionStage<AppVersion> version(String appId, Instant at) {
        return services.ask(appId, replyTo -> new io.finback.controlplane.app.AppCommand.FindVersion(at, replyTo))
                .thenApply(a -> Refusals.expect(AppAnswer.Found.class, a).version());
    }

    private CompletionStage<DeploymentPlan> attempt(
            Request request, boolean force, Supplier<CompletionStage<Wish>> wish, int attempts) {
        return wish.get().thenCompose(wanted -> {
            Draft draft = draft(wanted, force);
            CompletionStage<List<AppAnswer.Refused>> begun =
                    draft.plan().steps().isEmpty()
                            ? CompletableFuture.completedFuture(List.of())
                            : services.begin(draft.plan(), draft.members(), force);
            return begun.thenCompose(refused -> {
                boolean moved = refused.stream()
                        .anyMatch(r ->
                                r.why() == Refusal.STALE || r.why() == Refusal.EXISTS || r.why() == Refusal.MISSING);
                if (moved && attempts > 1) {
                    return attempt(request, force, wish, attempts - 1);
                }
                if (!refused.isEmpty()) {
                    throw Refusals.of(refused.get(0));
                }
                draft.members().forEach(m -> view.any(m.appId()).ifPresent(app -> announcements.app(request, app)));
                announcements.done(draft.plan());
                return groups(draft);
            });
        });
    }

    private CompletionStage<DeploymentPlan> groups(Draft draft) {
        Wish wish = draft.wish();
        if (wish.removed().isEmpty() && wish.kept().isEmpty()) {
            return CompletableFuture.completedFuture(draft.plan());
        }
        Instant at = draft.plan().version();
        List<GroupBook.Group> kept = wish.kept().stream()
                .map(g -> new GroupBook.Group(g.path(), g.dependencies(), List.of(at), g.enforceRole()))
                .toList();
        CompletionStage<GroupsSnapshot> answer =
                services.groups(replyTo -> new GroupMessage.Replace(at, wish.removed(), kept, replyTo));
        return answer.thenApply(snapshot -> {
            kept.forEach(g -> announcements.group(g.path(), at));
            if (snapshot.full()) {
                throw ApiFailure.of(422, "More than " + GroupBook.MAX_GROUPS + " groups");
            }
            return draft.plan();
        });
    }

    private Draft draft(Wish wish, boolean force) {
        List<PlanBuilder.Change> changes = new ArrayList<>();
        List<Member> members = new ArrayList<>();
        Map<String, AppDefinition> definitions = definitions();
        Set<String> locks = new TreeSet<>();
        for (Target target : wish.targets()) {
            Optional<AppSnapshot> known = view.listed(target.appId());
            int before = members.size();
            if (target.wanted().isEmpty()) {
                definitions.remove(target.appId());
                known.flatMap(AppSnapshot::current).ifPresent(c -> {
                    changes.add(change(target.appId(), Kind.STOP, false, c.definition()));
                    members.add(Member.remove(target.appId(), c.version()));
                });
            } else {
                definitions.put(target.appId(), target.wanted().get());
                change(target, known, changes, members);
            }
            if (members.size() > before) {
                view.any(target.appId())
                        .flatMap(AppSnapshot::lock)
                        .ifPresent(lock -> locks.add(lock.plan().id()));
            }
        }
        if (!force && !locks.isEmpty()) {
            throw Refusals.locked(locks);
        }
        members.forEach(services.access()::check);
        wish.removed().forEach(services.access()::delete);
        wish.kept().forEach(this::checkGroup);
        portsLeft(members);
        Map<String, List<String>> groups = new TreeMap<>(view.groups().dependencies());
        wish.removed().forEach(groups::remove);
        wish.kept().forEach(g -> groups.put(g.path(), g.dependencies()));
        return new Draft(plan(changes, definitions.values(), groups), members, wish);
    }

    private void checkGroup(GroupBook.Group group) {
        if (view.groups().holds(group.path())
                || view.all().stream().anyMatch(a -> AppPath.inside(group.path(), a.appId()))) {
            services.access().update(group.path());
        } else {
            services.access().create(group.path());
        }
    }

    private static void change(
            Target target, Optional<AppSnapshot> known, List<PlanBuilder.Change> changes, List<Member> members) {
        AppDefinition wanted = target.wanted().orElseThrow();
        if (known.isEmpty()) {
            changes.add(change(target.appId(), Kind.SCALE, true, wanted));
            members.add(Member.create(wanted));
            return;
        }
        AppSnapshot app = known.get();
        AppVersion current = app.current().orElseThrow();
        AppDefinition definition = wanted.reusingPortsOf(current.definition());
        boolean same =
                definition.equals(current.definition()) && target.doomed().isEmpty();
        boolean mixed = mixed(app, current.configAt());
        if (same && (app.lock().isPresent() || !mixed)) {
            return;
        }
        boolean restart = definition.instances() > 0 && (mixed || !definition.sameConfigAs(current.definition()));
        changes.add(change(target.appId(), restart ? Kind.RESTART : Kind.SCALE, false, definition));
        members.add(Member.update(definition, current.version(), target.doomed()));
    }

    private static PlanBuilder.Change change(String id, Kind kind, boolean created, AppDefinition definition) {
        return new PlanBuilder.Change(id, kind, created, definition.pod().isPresent());
    }

    private static boolean mixed(AppSnapshot app, Instant configAt) {
        return app.instances().stream()
                .anyMatch(i -> !i.doomed() && !i.configAt().equals(configAt));
    }

    private DeploymentPlan plan(
            List<PlanBuilder.Change> changes, Collection<AppDefinition> definitions, Map<String, List<String>> groups) {
        Dependencies graph = Dependencies.of(definitions, groups);
        List<String> all = definitions.stream().map(AppDefinition::id).toList();
        Map<String, Integer> layers = graph.layers(all)
                .orElseThrow(() -> ApiFailure.rule("/dependencies", "Dependency graph has cyclic dependencies."));
        return PlanBuilder.plan(services.deploymentId(), now(), changes, layers);
    }

    /** Refuses definitions that, with all other apps as they are, need each other in a circle. */
    void checkCycles(AppDefinition changed) {
        Map<String, List<String>> groups = view.groups().dependencies();
        boolean free =
                changed.dependencies().isEmpty() && groups.values().stream().allMatch(List::isEmpty);
        if (free) {
            return;
        }
        Map<String, AppDefinition> definitions = definitions();
        definitions.put(changed.id(), changed);
        if (Dependencies.of(definitions.values(), groups)
                .layers(List.of(changed.id()))
                .isEmpty()) {
            throw ApiFailure.rule("/dependencies", "Dependency graph has cyclic dependencies.");
        }
    }

    private Map<String, AppDefinition> definitions() {
        Map<String, AppDefinition> definitions = new TreeMap<>();
        view.all()
                .forEach(app ->
                        definitions.put(app.appId(), app.current().orElseThrow().definition()));
        return definitions;
    }

    /** Refuses more ports to be assigned than are free. */
    private void portsLeft(List<Member> members) {
        long zeros = members.stream()
                .flatMap(m -> m.definition().stream())
                .flatMap(d -> d.ports().stream())
                .filter(p -> p.port() == 0)
                .count();
        long used = zeros == 0 ? 0 : view.assignedPorts(PortBook.FIRST, PortBook.LAST);
        if (used + zeros > PortBook.LAST - PortBook.FIRST + 1) {
            throw ApiFailure.of(422, "PortRangeExhausted: " + PortBook.FIRST + " to " + PortBook.LAST);
        }
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Task ids of launched instances among {@code taskIds}. */
    static List<String> known(AppSnapshot app, List<String> taskIds) {
        return taskIds.stream()
                .filter(id -> app.instances().stream()
                        .anyMatch(instance -> instance.taskId().equals(id) && !instance.doomed()))
                .distinct()
                .toList();
    }
}
