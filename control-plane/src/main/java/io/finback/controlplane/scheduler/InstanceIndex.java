package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which instances of an app wait, which shall end, and where the others stand, kept from state to state at the price of what changes.
 * Confined to one thread.
 */
public final class InstanceIndex {
    private AppState seen;
    private final Set<String> waiting = new LinkedHashSet<>();
    private final Set<String> doomed = new LinkedHashSet<>();
    private final Map<Spot, Integer> placed = new LinkedHashMap<>();
    private Set<String> fields = Set.of();
    private long serving;

    public InstanceIndex(String appId) {
        seen = AppState.empty(appId);
    }

    /** Takes {@code state} as the one that all questions are about. */
    public void observe(AppState state) {
        Set<String> wanted = state.current()
                .map(c -> c.definition().constraints().stream()
                        .map(Constraint::field)
                        .collect(Collectors.toSet()))
                .orElse(Set.of());
        if (!wanted.equals(fields)) {
            fields = wanted;
            placed.clear();
            waiting.clear();
            doomed.clear();
            seen = AppState.empty(state.appId());
        }
        state.difference(seen, this::gone, this::come);
        seen = state;
    }

    /** Task ids, the oldest first: neither launched nor to end. */
    Set<String> waiting() {
        return waiting;
    }

    /** Task ids: launched, and to end. */
    public Set<String> doomed() {
        return doomed;
    }

    /** Where those that stay stand, with the attributes alone that constraints name. */
    List<Demand.Standing> placed() {
        return placed.entrySet().stream()
                .map(entry -> new Demand.Standing(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** Grows whenever another instance is ready or shall end, or one is not any more. */
    public long serving() {
        return serving;
    }

    private void gone(Instance instance) {
        waiting.remove(instance.taskId());
        doomed.remove(instance.taskId());
        count(instance, -1);
    }

    private void come(Instance instance) {
        if (instance.doomed() && instance.launched()) {
            doomed.add(instance.taskId());
        } else if (!instance.doomed() && !instance.launched()) {
            waiting.add(instance.taskId());
        }
        count(instance, 1);
    }

    private void count(Instance instance, int one) {
        serving += instance.ready() || instance.doomed() ? 1 : 0;
        if (!instance.doomed()) {
            instance.place()
                    .ifPresent(place -> placed.compute(spot(place), (spot, old) -> {
                        int now = (old == null ? 0 : old) + one;
                        return now == 0 ? null : now;
                    }));
        }
    }

    private Spot spot(Instance.Place place) {
        Map<String, String> named = new HashMap<>(place.attributes());
        named.keySet().retainAll(fields);
        return new Spot(place.host(), named);
    }
}
