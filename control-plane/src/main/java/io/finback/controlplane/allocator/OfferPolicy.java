package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.time.Duration;

/**
 * How offers are made.
 *
 * @param timeout how long a framework may sit on an offer before it is withdrawn
 * @param minCpusMilli an agent with less free cpu (thousandths of a core) and less free memory than the next is not worth an offer
 * @param minMemMilli thousandths of a MiB
 */
public record OfferPolicy(Duration timeout, long minCpusMilli, long minMemMilli) {
    public OfferPolicy {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("offer-timeout: " + timeout + " (expected: > 0)");
        }
    }

    /** Source: Mesos {@code --min_allocatable_resources}, {@code cpus:0.01|mem:32}. */
    boolean isWorthOffering(Resources free) {
        long cpus = free.milli(Resources.CPUS);
        long mem = free.milli(Resources.MEM);
        return (cpus > 0 && cpus >= minCpusMilli) || (mem > 0 && mem >= minMemMilli);
    }
}
