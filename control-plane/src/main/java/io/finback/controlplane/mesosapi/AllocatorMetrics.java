package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The allocator's numbers under Mesos' names. Source: apache/mesos {@code src/master/allocator/mesos/metrics.cpp}. */
final class AllocatorMetrics {
    private static final String PREFIX = "allocator/mesos/";
    private static final Map<String, Double> PERCENTILES =
            new TreeMap<>(Map.of("p50", 0.5, "p90", 0.9, "p95", 0.95, "p99", 0.99, "p999", 0.999, "p9999", 0.9999));

    private AllocatorMetrics() {}

    static Map<String, Double> mesos(ClusterSnapshot view, AllocatorMeter meter) {
        Map<String, Double> values = new TreeMap<>();
        RoleTally tally = RoleTally.of(view);
        runs(values, meter);
        Amounts given = new Amounts();
        tally.roles().forEach(role -> given.add(tally.allocated(role)).add(tally.offered(role)));
        Amounts total = Metrics.total(view);
        for (String name : List.of(Resources.CPUS, Resources.MEM, Resources.DISK, Resources.GPUS)) {
            values.put(PREFIX + "resources/" + name + "/total", total.scalar(name));
            values.put(PREFIX + "resources/" + name + "/offered_or_allocated", given.scalar(name));
        }
        view.pool().quotas().forEach(quota -> quota(values, tally, quota));
        return values;
    }

    private static void runs(Map<String, Double> values, AllocatorMeter meter) {
        double[] sorted = meter.recentMillis();
        values.put(PREFIX + "allocation_runs", (double) meter.passes());
        values.put(PREFIX + "allocation_run_ms/count", (double) sorted.length);
        if (sorted.length > 0) {
            values.put(PREFIX + "allocation_run_ms/min", sorted[0]);
            values.put(PREFIX + "allocation_run_ms/max", sorted[sorted.length - 1]);
            PERCENTILES.forEach((name, part) ->
                    values.put(PREFIX + "allocation_run_ms/" + name, sorted[(int) (part * (sorted.length - 1))]));
        }
    }

    private static void quota(Map<String, Double> values, RoleTally tally, Quota quota) {
        Amounts has = new Amounts().add(tally.consumed(quota.role())).add(tally.offered(quota.role()));
        Set<String> names = new TreeSet<>(quota.guarantees().keySet());
        names.addAll(quota.limits().keySet());
        for (String name : names) {
            String path = PREFIX + "quota/roles/" + quota.role() + "/resources/" + name + "/";
            values.put(path + "offered_or_allocated", has.scalar(name));
            put(values, path + "guarantee", quota.guarantees().get(name));
            put(values, path + "limit", quota.limits().get(name));
        }
    }

    private static void put(
            Map<String, Double> values, String name, @org.jspecify.annotations.Nullable Long thousandths) {
        if (thousandths != null) {
            values.put(name, thousandths / 1000.0);
        }
    }
}
