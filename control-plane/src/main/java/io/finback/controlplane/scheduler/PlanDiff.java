package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a deployment would do to one app's instances, if nothing fails.
 *
 * @param start instances that would be started
 * @param kill task ids that would be ended, the first one first
 * @param keep task ids that would stay as they are
 * @param moved of those in {@code kill} that would be replaced, the ones whose machine the new version may not use, and why
 */
public record PlanDiff(Kind kind, int start, List<String> kill, List<String> keep, Map<String, String> moved) {
    public PlanDiff {
        kill = List.copyOf(kill);
        keep = List.copyOf(keep);
        moved = Map.copyOf(moved);
    }

    /** {@code wanted}: empty for an app that would go. {@code state}: as it is now; of no instances for a new app. */
    public static PlanDiff of(Kind kind, Optional<AppDefinition> wanted, AppState state) {
        List<Instance> all =
                state.instances().values().stream().filter(i -> !i.doomed()).toList();
        if (wanted.isEmpty()) {
            return new PlanDiff(kind, 0, ids(all), List.of(), Map.of());
        }
        AppDefinition target = wanted.get();
        boolean restart = kind == Kind.RESTART;
        int surplus = restart ? all.size() : Math.max(0, all.size() - target.instances());
        List<Instance> ended = KillOrder.first(surplus, all, target, Instance::ready);
        Set<Instance> going = new HashSet<>(ended);
        List<Instance> kept = all.stream().filter(i -> !going.contains(i)).toList();
        Map<String, String> moved = new TreeMap<>();
        if (restart) {
            ended.forEach(i -> i.place().ifPresent(place -> unfit(target, place)
                    .ifPresent(why -> moved.put(i.taskId(), place.host() + ": " + why))));
        }
        return new PlanDiff(kind, Math.max(0, target.instances() - kept.size()), ids(ended), ids(kept), moved);
    }

    /** After which numbers of new instances a restart has come to the end of a batch; the last is all. */
    public static List<Integer> stages(AppDefinition wanted) {
        return DeploymentConduct.ends(wanted);
    }

    private static Optional<String> unfit(AppDefinition target, Instance.Place place) {
        Spot spot = new Spot(place.host(), place.attributes());
        return target.constraints().stream()
                .map(Constraints::rule)
                .filter(rule -> !rule.allowsFirst(spot))
                .findFirst()
                .map(rule -> "constraint " + rule);
    }

    private static List<String> ids(List<Instance> instances) {
        return instances.stream().map(Instance::taskId).toList();
    }
}
