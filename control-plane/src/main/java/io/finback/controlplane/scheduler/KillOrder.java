package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.KillSelection;
import java.util.Comparator;
import java.util.List;

/** Which instances go first: unreachable, staging, starting, running (never launched before all), then by age. */
final class KillOrder {
    private KillOrder() {}

    static List<Instance> sorted(List<Instance> instances, KillSelection selection) {
        Comparator<Instance> age = Comparator.comparing(KillOrder::born).thenComparing(Instance::taskId);
        Comparator<Instance> order = Comparator.comparing(Instance::ready)
                .thenComparing(Instance::phase)
                .thenComparing(selection == KillSelection.YOUNGEST_FIRST ? age.reversed() : age);
        return instances.stream().sorted(order).toList();
    }

    private static java.time.Instant born(Instance instance) {
        return instance.startedAt().orElse(instance.createdAt());
    }
}
