package io.finback.controlplane.allocator;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * How offers are made.
 *
 * @param timeout how long a framework may sit on an offer before it is withdrawn
 * @param minCpusMilli an agent with less free cpu (thousandths of a core) and less free memory than the next is not worth an offer
 * @param minMemMilli thousandths of a MiB
 * @param region where the masters are: agents of other regions are offered to region-aware frameworks only; empty: anywhere
 * @param gpusForGpuFrameworks whether agents with GPUs are offered only to frameworks that say they can use them, so that the others do not
 *     fill these agents. Source: Mesos {@code --filter_gpu_resources}
 * @param unsharedScalars scalars that count for nobody's share. Source: Mesos {@code --fair_sharing_excluded_resource_names}
 */
public record OfferPolicy(
        Duration timeout,
        long minCpusMilli,
        long minMemMilli,
        Optional<String> region,
        boolean gpusForGpuFrameworks,
        Set<String> unsharedScalars) {
    public OfferPolicy {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("offer-timeout: " + timeout + " (expected: > 0)");
        }
        unsharedScalars = Set.copyOf(unsharedScalars);
    }

    public OfferPolicy(Duration timeout, long minCpusMilli, long minMemMilli) {
        this(timeout, minCpusMilli, minMemMilli, Optional.empty(), true, Set.of());
    }

    /** Source: Mesos {@code --min_allocatable_resources}, {@code cpus:0.01|mem:32}. */
    boolean isWorthOffering(long cpusMilli, long memMilli) {
        return (cpusMilli > 0 && cpusMilli >= minCpusMilli) || (memMilli > 0 && memMilli >= minMemMilli);
    }
}
