package io.finback.controlplane.service;

import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.DrainsSnapshot;
import io.finback.controlplane.app.GroupsSnapshot;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.GroupBook;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * The apps as this master knows them: immutable snapshots, each replaced when a newer one comes, so that reading never waits for a
 * decision. Eventually what the entities say; after a write made through this master at once. Thread-safe.
 */
public final class ServicesView {
    /** Revisions of removed apps, kept so that a late snapshot does not bring one back. */
    private static final int MAX_GONE = 10_000;

    private final ConcurrentHashMap<String, AppSnapshot> apps = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, QueueReport> queue = new ConcurrentHashMap<>();
    private final SnapshotParts parts = new SnapshotParts();
    private final Map<String, Long> gone = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_GONE;
        }
    };

    private final AtomicReference<DrainsSnapshot> drains =
            new AtomicReference<>(new DrainsSnapshot(-1, DrainBook.EMPTY, false));

    private final boolean groupsEnforceRole;

    /** @param groupsEnforceRole top-level groups that say nothing enforce their role */
    public ServicesView(boolean groupsEnforceRole) {
        this.groupsEnforceRole = groupsEnforceRole;
    }

    private final AtomicReference<GroupsSnapshot> groups =
            new AtomicReference<>(new GroupsSnapshot(-1, GroupBook.EMPTY, false));

    /**
     * What of this moment is of these apps and pods; of groups, those that are meant and those above what is. Why an app waits names no others.
     *
     * @param roles those whose reservations are shown in offers
     */
    ServicesView seen(Predicate<String> paths, Predicate<String> roles) {
        ServicesView some = new ServicesView(groupsEnforceRole);
        apps.values().stream().filter(app -> paths.test(app.appId())).forEach(app -> some.apps.put(app.appId(), app));
        some.apps.keySet().forEach(id -> queue(id).ifPresent(report -> some.queue.put(id, report.seen(roles))));
        GroupsSnapshot all = groups.get();
        some.groups.set(new GroupsSnapshot(all.revision(), all.book().seen(paths, some.apps.keySet()), all.full()));
        some.drains.set(drains.get());
        return some;
    }

    public void apply(GroupsSnapshot snapshot) {
        groups.accumulateAndGet(snapshot, (old, next) -> next.revision() >= old.revision() ? next : old);
    }

    public void apply(DrainsSnapshot snapshot) {
        drains.accumulateAndGet(snapshot, (old, next) -> next.revision() >= old.revision() ? next : old);
    }

    /** The hosts that services are to leave. */
    public DrainBook drains() {
        return drains.get().book();
    }

    /** The groups that were made as such. */
    public GroupBook groups() {
        return groups.get().book();
    }

    /** What is created in this top-level group, or below it, has the group's role. */
    public boolean enforcesRole(String group) {
        boolean top = AppPath.segments(group).size() == 1;
        return top && groups().enforcesRole(group, groupsEnforceRole);
    }

    /** False until this view has heard from the owner of groups. */
    boolean groupsKnown() {
        return groups.get().revision() >= 0;
    }

    public void apply(AppSnapshot snapshot) {
        if (snapshot.isWhole()) {
            applyWhole(snapshot);
        } else if (snapshot.slice().count() == 0) {
            Optional.ofNullable(apps.get(snapshot.appId()))
                    .filter(known -> known.revision() <= snapshot.revision())
                    .ifPresent(known -> applyWhole(snapshot.withInstancesOf(known)));
        } else {
            parts.add(snapshot).ifPresent(this::applyWhole);
        }
    }

    private void applyWhole(AppSnapshot snapshot) {
        String id = snapshot.appId();
        if (snapshot.current().isEmpty()) {
            synchronized (gone) {
                gone.merge(id, snapshot.revision(), Math::max);
            }
            apps.computeIfPresent(id, (key, old) -> old.revision() > snapshot.revision() ? old : null);
            queue.remove(id);
            parts.forget(id);
            return;
        }
        long removedAt;
        synchronized (gone) {
            removedAt = gone.getOrDefault(id, -1L);
        }
        if (snapshot.revision() > removedAt) {
            apps.merge(id, snapshot, (old, next) -> next.revision() >= old.revision() ? next.after(old) : old);
        }
    }

    void apply(HealthReport report) {
        apps.computeIfPresent(report.appId(), (id, app) -> app.seeing(report.seen()));
    }

    void apply(QueueReport report) {
        if (apps.containsKey(report.appId())) {
            queue.merge(report.appId(), report, (old, next) -> next.at().isBefore(old.at()) ? old : next);
        }
    }

    /** An app, no pod, that exists and is not being removed. */
    public Optional<AppSnapshot> app(String appId) {
        return listed(appId).filter(app -> !app.isPod());
    }

    public Optional<AppSnapshot> pod(String id) {
        return listed(id).filter(AppSnapshot::isPod);
    }

    /** An app or a pod that exists and is not being removed. */
    public Optional<AppSnapshot> listed(String id) {
        return any(id).filter(AppSnapshot::listed);
    }

    /** Also one that is being removed. */
    public Optional<AppSnapshot> any(String appId) {
        return Optional.ofNullable(apps.get(appId));
    }

    /** All listed apps by id, without pods. */
    public List<AppSnapshot> apps() {
        return sorted(app -> !app.isPod());
    }

    public List<AppSnapshot> pods() {
        return sorted(AppSnapshot::isPod);
    }

    /** All listed apps and pods by id. */
    public List<AppSnapshot> all() {
        return sorted(app -> true);
    }

    private List<AppSnapshot> sorted(Predicate<AppSnapshot> which) {
        return apps.values().stream()
                .filter(AppSnapshot::listed)
                .filter(which)
                .sorted(Comparator.comparing(AppSnapshot::appId))
                .toList();
    }

    public Optional<QueueReport> queue(String appId) {
        return Optional.ofNullable(queue.get(appId));
    }

    /** The apps a deployment holds now, by id. */
    public List<AppSnapshot> heldBy(String deploymentId) {
        return apps.values().stream()
                .filter(a ->
                        a.lock().filter(l -> l.plan().id().equals(deploymentId)).isPresent())
                .sorted(Comparator.comparing(AppSnapshot::appId))
                .toList();
    }

    /** Running deployments with the step (from 0) each is at, oldest first. */
    public Collection<Running> deployments() {
        Map<String, Running> running = new TreeMap<>();
        for (AppSnapshot app : apps.values()) {
            app.lock().ifPresent(lock -> {
                int step = app.order().map(o -> o.step()).orElse(0);
                running.merge(lock.plan().id(), new Running(lock.plan(), step), Running::joined);
            });
        }
        return running.values().stream()
                .sorted(Comparator.comparing(r -> r.plan().version()))
                .toList();
    }

    /** How many deployments run; at least as fast as {@link #deployments()}. */
    public long running() {
        return apps.values().stream()
                .flatMap(app -> app.lock().stream())
                .map(lock -> lock.plan().id())
                .distinct()
                .count();
    }

    /** How many service ports from the assigned range are in use. */
    public long assignedPorts(int first, int last) {
        return apps.values().stream()
                .flatMap(a -> a.current().stream())
                .flatMap(v -> v.definition().ports().stream())
                .filter(p -> p.port() >= first && p.port() <= last)
                .count();
    }

    /** A deployment and the step it is at. */
    public record Running(DeploymentPlan plan, int step) {
        /** Each app knows its own part of the plan. */
        Running joined(Running other) {
            return new Running(plan.joined(other.plan), Math.max(step, other.step));
        }
    }
}
