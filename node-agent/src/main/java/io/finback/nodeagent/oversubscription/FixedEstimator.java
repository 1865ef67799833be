package io.finback.nodeagent.oversubscription;

import io.finback.resources.Resources;

/** Lends the same amount always. As Mesos' {@code FixedResourceEstimator}. */
public record FixedEstimator(double cpus) implements ResourceEstimator {
    @Override
    public double moreCpus(AgentUsage usage) {
        return cpus - usage.lent().quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
    }
}
