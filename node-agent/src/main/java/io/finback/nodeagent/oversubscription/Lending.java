package io.finback.nodeagent.oversubscription;

import io.finback.resources.Kind;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Optional;

/** How much is lent in all, from what an estimator says. Pure. */
public final class Lending {
    private static final Kind LENT = new Kind(List.of(), Optional.empty(), true, false);

    private Lending() {}

    /**
     * The revocable resources to tell the masters of: what is lent already and what the estimator adds, never more than the machine
     * has again. What is lent stays in it, so that an offer never takes away what a task is using; to take it back is the QoS
     * controller's business.
     */
    public static Resources offer(AgentUsage usage, double moreCpus) {
        double all = usage.total().quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
        double lent = usage.lent().quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
        double more = moreCpus > 0 ? Math.max(0, Math.min(moreCpus, all - lent)) : 0;
        // Tenths: an estimate is no more exact, and every change of it is news for the masters.
        double cpus = Math.max(lent, Math.floor((lent + more) * 10 + 1e-6) / 10);
        return cpus <= 0 ? Resources.EMPTY : Resources.of(LENT, Resources.EMPTY.withScalar(Resources.CPUS, cpus));
    }
}
