package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.controlplane.scheduler.AppDefinition.KillSelection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which instances go first: those never launched; then, where GROUP_BY asks for even groups, those of the largest group; then unreachable,
 * staging, starting, running; then by age. Source: Marathon's ScalingProposition, Constraints.selectInstancesToKill.
 */
final class KillOrder {
    private KillOrder() {}

    /** The first {@code count} of {@code instances}; those that {@code serves} holds for go last. */
    static List<Instance> first(int count, List<Instance> instances, AppDefinition app, Predicate<Instance> serves) {
        if (count == 0) {
            return List.of();
        }
        List<Instance> order = sorted(instances, app.killSelection(), serves);
        return app.constraints().stream()
                .filter(c -> c.operator().equals("GROUP_BY"))
                .findFirst()
                .map(even -> evenly(count, order, even))
                .orElse(order)
                .subList(0, count);
    }

    private static List<Instance> sorted(
            List<Instance> instances, KillSelection selection, Predicate<Instance> serves) {
        Comparator<Instance> age = Comparator.comparing(KillOrder::born).thenComparing(Instance::taskId);
        Comparator<Instance> order = Comparator.comparing(serves::test)
                .thenComparing(Instance::phase)
                .thenComparing(selection == KillSelection.YOUNGEST_FIRST ? age.reversed() : age);
        return instances.stream().sorted(order).toList();
    }

    private static List<Instance> evenly(int count, List<Instance> order, Constraint even) {
        List<Instance> chosen = new ArrayList<>();
        Map<String, Deque<Instance>> groups = new LinkedHashMap<>();
        Map<String, Integer> rank = new HashMap<>();
        for (Instance instance : order) {
            rank.put(instance.taskId(), rank.size());
            Optional<String> group =
                    instance.place().flatMap(place -> new Spot(place.host(), place.attributes()).field(even.field()));
            if (group.isEmpty()) {
                chosen.add(instance);
            } else {
                groups.computeIfAbsent(group.get(), g -> new ArrayDeque<>()).add(instance);
            }
        }
        while (chosen.size() < count) {
            // The first of equals: its next instance comes first in the order of all.
            Deque<Instance> largest = groups.values().stream()
                    .max(Comparator.<Deque<Instance>>comparingInt(Deque::size)
                            .thenComparingInt(
                                    group -> -rank.getOrDefault(group.getFirst().taskId(), 0)))
                    .orElseThrow();
            chosen.add(largest.removeFirst());
            groups.values().removeIf(Deque::isEmpty);
        }
        return chosen;
    }

    private static java.time.Instant born(Instance instance) {
        return instance.startedAt().orElse(instance.createdAt());
    }
}
