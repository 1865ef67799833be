package io.finback.controlplane.scheduler;

import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Everything an app's entity knows. No versions: the app does not exist.
 *
 * @param versions oldest first, the last one is wanted; at most {@link #MAX_VERSIONS}
 * @param instances by task id, oldest first
 * @param lock the deployment that owns the app now
 * @param order what that deployment last told the app to do
 * @param homes of a resident app: the volumes of its instances, oldest first, also those nobody uses now
 */
public record AppState(
        String appId,
        List<AppVersion> versions,
        Map<String, Instance> instances,
        Optional<Backoff> backoff,
        Optional<Lock> lock,
        Optional<Order> order,
        Optional<TaskFailure> lastFailure,
        List<Home> homes) {
    /** As Marathon's {@code zk_max_versions}. */
    public static final int MAX_VERSIONS = 50;

    /**
     * A running deployment.
     *
     * @param revertTo the version that was wanted before; empty when the deployment creates the app
     * @param removes the app is gone when the deployment is done
     * @param reverts it undoes another deployment, and is not held by labels
     * @param conduct what people have told it; empty: nothing
     */
    public record Lock(
            DeploymentPlan plan,
            Optional<Instant> revertTo,
            boolean removes,
            Optional<Boolean> reverts,
            Optional<DeploymentConduct> conduct) {
        public Lock(DeploymentPlan plan, Optional<Instant> revertTo, boolean removes) {
            this(plan, revertTo, removes, Optional.empty(), Optional.empty());
        }

        Lock reverting() {
            return new Lock(plan, revertTo, removes, Optional.of(true), conduct);
        }

        Lock conducted(DeploymentConduct now) {
            return new Lock(plan, revertTo, removes, reverts, Optional.of(now));
        }
    }

    /** The action in force. {@code step} counts from 0. */
    public record Order(String deploymentId, int step, DeploymentPlan.Kind kind) {}

    /** The last instance that ended badly. */
    public record TaskFailure(
            String taskId,
            TaskState state,
            String message,
            Optional<Instance.Place> place,
            Instant version,
            Instant at) {}

    /** The homes may be missing in what an earlier version has written. */
    public AppState {
        versions = List.copyOf(versions);
        instances = InstanceMap.of(instances);
        homes = List.copyOf(Objects.requireNonNullElse(homes, List.of()));
    }

    public static AppState empty(String appId) {
        return new AppState(
                appId,
                List.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    Census census() {
        return InstanceMap.of(instances).census();
    }

    /**
     * Names every instance of {@code before} that is not here as it was, and then every one here that was not as it is, in order. One
     * that changed is named both times. Costs as much as has changed, where this state came from that one.
     */
    public void difference(AppState before, Consumer<Instance> gone, Consumer<Instance> come) {
        InstanceMap.difference(InstanceMap.of(before.instances), InstanceMap.of(instances), gone, come);
    }

    /** None is on its way anywhere: each runs and is wanted. */
    public boolean atRest() {
        return !census().any(kind -> kind.doomed() || kind.phase() != Instance.Phase.RUNNING);
    }

    public boolean exists() {
        return !versions.isEmpty();
    }

    /** The wanted version; empty when the app does not exist. */
    public Optional<AppVersion> current() {
        return exists() ? Optional.of(versions.get(versions.size() - 1)) : Optional.empty();
    }

    public Optional<AppVersion> version(Instant at) {
        return versions.stream().filter(v -> v.version().equals(at)).findFirst();
    }

    public Optional<Instance> instance(String taskId) {
        return Optional.ofNullable(instances.get(taskId));
    }

    /** The home this instance has; empty: none yet, or it needs none. */
    public Optional<Home> homeOf(String taskId) {
        return homes.stream()
                .filter(home -> home.taskId().equals(taskId) && !home.leaving())
                .findFirst();
    }

    /** Those that another instance may have. */
    List<Home> vacant() {
        return homes.stream()
                .filter(home -> !home.leaving() && !instances.containsKey(home.taskId()))
                .toList();
    }

    /** Those that no task uses now: nobody has them, or who has them waits. */
    public List<Home> detached() {
        return homes.stream()
                .filter(home -> !home.leaving()
                        && instance(home.taskId()).filter(Instance::launched).isEmpty())
                .toList();
    }

    /** Given up, and no task is there any more: what is reserved goes back. */
    public List<Home> toRelease() {
        return homes.stream()
                .filter(home -> home.leaving() && !instances.containsKey(home.taskId()))
                .toList();
    }

    /** False also for what waits with a configuration that is no longer wanted: offers were chosen for the needs of the old one. */
    public boolean mayLaunch(String taskId) {
        return !removing()
                && current()
                        .flatMap(c -> instance(taskId)
                                .filter(i -> !i.launched()
                                        && !i.doomed()
                                        && i.configAt().equals(c.configAt())))
                        .isPresent();
    }

    public boolean removing() {
        return lock.map(Lock::removes).orElse(false);
    }

    /** Some instance runs a configuration that is no longer wanted. */
    boolean mixed() {
        return current()
                .map(c -> census().any(i -> !i.doomed() && !i.configAt().equals(c.configAt())))
                .orElse(false);
    }

    /** Ports still to be assigned; the app launches nothing before. */
    public boolean portsMissing() {
        return current()
                .map(c -> c.definition().ports().stream().anyMatch(p -> p.port() == 0))
                .orElse(false);
    }

    AppState withVersion(AppVersion added) {
        List<AppVersion> list = new ArrayList<>(versions);
        list.add(added);
        List<AppVersion> kept = list.subList(Math.max(0, list.size() - MAX_VERSIONS), list.size());
        Optional<Backoff> still = backoff.filter(b -> b.configAt().equals(added.configAt()));
        return new AppState(appId, kept, instances, still, lock, order, lastFailure, homes);
    }

    AppState withCurrent(AppVersion replaced) {
        List<AppVersion> list = new ArrayList<>(versions);
        list.set(list.size() - 1, replaced);
        return new AppState(appId, list, instances, backoff, lock, order, lastFailure, homes);
    }

    /** With what {@code change} makes of the instances. */
    AppState withInstances(Consumer<InstanceMap.Editor> change) {
        InstanceMap.Editor editor = InstanceMap.of(instances).edit();
        change.accept(editor);
        return new AppState(appId, versions, editor.done(), backoff, lock, order, lastFailure, homes);
    }

    /** With what {@code change} makes of each home; nothing: it is gone. */
    AppState withHomes(Function<Home, Optional<Home>> change) {
        return homes.isEmpty()
                ? this
                : withHomes(homes.stream()
                        .flatMap(home -> change.apply(home).stream())
                        .toList());
    }

    AppState withHomes(List<Home> changed) {
        return new AppState(appId, versions, instances, backoff, lock, order, lastFailure, changed);
    }

    AppState withBackoff(Optional<Backoff> changed) {
        return new AppState(appId, versions, instances, changed, lock, order, lastFailure, homes);
    }

    AppState withLock(Optional<Lock> changed) {
        return new AppState(appId, versions, instances, backoff, changed, Optional.empty(), lastFailure, homes);
    }

    /** Without the version that {@code undone} brought; an app that it created is gone. */
    AppState withoutLockedChange(Lock undone) {
        if (undone.revertTo().isEmpty()) {
            return empty(appId);
        }
        List<AppVersion> kept = undone.removes() ? versions : versions.subList(0, versions.size() - 1);
        return new AppState(appId, kept, instances, backoff, Optional.empty(), Optional.empty(), lastFailure, homes);
    }

    AppState withConduct(DeploymentConduct conduct) {
        return new AppState(
                appId, versions, instances, backoff, lock.map(l -> l.conducted(conduct)), order, lastFailure, homes);
    }

    AppState withOrder(Order begun) {
        return new AppState(appId, versions, instances, backoff, lock, Optional.of(begun), lastFailure, homes);
    }

    AppState withFailure(TaskFailure failure) {
        return new AppState(appId, versions, instances, backoff, lock, order, Optional.of(failure), homes);
    }
}
