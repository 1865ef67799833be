package io.finback.nodeagent.oversubscription;

import io.finback.resources.Resources;

/**
 * Lends a part of what tasks hold and do not use: of a task that nobody measured, nothing. What the lent part itself keeps busy is not
 * lent again.
 *
 * @param fraction of the slack, 0 to 1
 */
public record SlackEstimator(double fraction) implements ResourceEstimator {
    @Override
    public double moreCpus(AgentUsage usage) {
        double slack = 0;
        for (AgentUsage.Running task : usage.tasks()) {
            if (!task.isRevocable()) {
                double held = task.held().quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
                slack += task.cpus().map(used -> Math.max(0, held - used)).orElse(0.0);
            }
        }
        return slack * fraction - usage.lent().quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
    }
}
