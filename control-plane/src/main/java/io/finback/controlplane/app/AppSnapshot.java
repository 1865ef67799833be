package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Backoff;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An app as the read view shows it.
 *
 * @param revision the entity's sequence number: the larger one is newer
 * @param current the wanted version; empty: there is no such app
 * @param versions times of the stored versions, newest first
 * @param health what checks have seen, by task id; of those that were judged just now, the view knows the rest
 * @param slice which part of the instances this one has
 * @param detached homes of a resident app that no task uses now; empty: none
 */
public record AppSnapshot(
        String appId,
        long revision,
        Optional<AppVersion> current,
        List<Instant> versions,
        List<Instance> instances,
        Optional<Backoff> backoff,
        Optional<AppState.Lock> lock,
        Optional<AppState.Order> order,
        Optional<AppState.TaskFailure> lastFailure,
        Optional<Map<String, HealthReport.Seen>> health,
        Slice slice,
        Optional<List<Home>> detached)
        implements WireMessage {
    /** Instances in one message: some 400 bytes each, well below a remote frame. */
    private static final int PART = 2000;

    /** Of the parts of one snapshot the one with this index, from 0; without parts: nothing is said of the instances. */
    public record Slice(int index, int count) {
        static final Slice WHOLE = new Slice(0, 1);
        static final Slice NONE = new Slice(0, 0);
    }

    public AppSnapshot {
        versions = List.copyOf(versions);
        instances = List.copyOf(instances);
    }

    static AppSnapshot of(AppState state, long revision) {
        List<Instant> versions = state.versions().stream()
                .map(AppVersion::version)
                .sorted(java.util.Comparator.reverseOrder())
                .toList();
        return new AppSnapshot(
                state.appId(),
                revision,
                state.current(),
                versions,
                List.copyOf(state.instances().values()),
                state.backoff(),
                state.lock(),
                state.order(),
                state.lastFailure(),
                Optional.empty(),
                Slice.WHOLE,
                Optional.of(state.detached()).filter(homes -> !homes.isEmpty()));
    }

    /** The home that no task uses now and that this task had last, or waits for. */
    public Optional<Home> detachedFrom(String taskId) {
        return detached.orElse(List.of()).stream()
                .filter(home -> home.taskId().equals(taskId))
                .findFirst();
    }

    /** As many messages as it takes. */
    List<AppSnapshot> parts() {
        if (!isLarge()) {
            return List.of(this);
        }
        int count = (instances.size() + PART - 1) / PART;
        List<AppSnapshot> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(
                    with(instances.subList(i * PART, Math.min(instances.size(), (i + 1) * PART)), new Slice(i, count)));
        }
        return parts;
    }

    /** For an answer, which is one message: of a large app nothing about its instances. */
    AppSnapshot brief() {
        return isLarge() ? with(List.of(), Slice.NONE) : this;
    }

    static boolean isLarge(AppState state) {
        return state.instances().size() > PART;
    }

    /** One that goes to views in parts. */
    boolean isLarge() {
        return instances.size() > PART;
    }

    /** Everything but its instances, which are those of {@code other}: they are older, and that is made up for soon. */
    public AppSnapshot withInstancesOf(AppSnapshot other) {
        return with(other.instances, Slice.WHOLE);
    }

    /** The whole of parts that belong together, in order. */
    public static AppSnapshot joined(List<AppSnapshot> parts) {
        List<Instance> all = new ArrayList<>();
        parts.forEach(part -> all.addAll(part.instances));
        return parts.get(0).with(all, Slice.WHOLE);
    }

    public boolean isWhole() {
        return slice.equals(Slice.WHOLE);
    }

    private AppSnapshot with(List<Instance> others, Slice which) {
        return new AppSnapshot(
                appId, revision, current, versions, others, backoff, lock, order, lastFailure, health, which, detached);
    }

    /** With what checks have seen of its instances before, where it says nothing newer itself. */
    public AppSnapshot after(AppSnapshot older) {
        Map<String, HealthReport.Seen> all = new HashMap<>(older.health.orElse(Map.of()));
        health.orElse(Map.of()).forEach((id, seen) -> all.merge(id, seen, (a, b) -> a.at().isAfter(b.at()) ? a : b));
        return seeing(all);
    }

    /** With what checks have seen besides what is known already; only of instances that are there. */
    public AppSnapshot seeing(Map<String, HealthReport.Seen> more) {
        if (more.isEmpty()) {
            return this;
        }
        Map<String, HealthReport.Seen> all = new HashMap<>(health.orElse(Map.of()));
        all.putAll(more);
        Set<String> there = instances.stream().map(Instance::taskId).collect(Collectors.toSet());
        all.keySet().retainAll(there);
        return new AppSnapshot(
                appId,
                revision,
                current,
                versions,
                instances,
                backoff,
                lock,
                order,
                lastFailure,
                all.isEmpty() ? Optional.empty() : Optional.of(Map.copyOf(all)),
                slice,
                detached);
    }

    public Optional<HealthReport.Seen> seen(String taskId) {
        return health.map(h -> h.get(taskId));
    }

    /** Some check has said something of it. */
    public boolean judged(Instance instance) {
        return seen(instance.taskId()).filter(s -> !s.checks().isEmpty()).isPresent();
    }

    public String entityId() {
        return AppPath.entityId(appId);
    }

    /** The state as far as it is known here: of all versions the wanted one alone. */
    public AppState state() {
        Map<String, Instance> byId = new LinkedHashMap<>();
        instances.forEach(i -> byId.put(i.taskId(), i));
        return new AppState(
                appId, current.map(List::of).orElse(List.of()), byId, backoff, lock, order, lastFailure, List.of());
    }

    public boolean isPod() {
        return current.filter(c -> c.definition().pod().isPresent()).isPresent();
    }

    /** Shown as an app: it exists and nobody has asked for its removal. */
    public boolean listed() {
        return current.isPresent() && !lock.map(AppState.Lock::removes).orElse(false);
    }
}
