package io.finback.nodeagent.oversubscription;

/**
 * Says how much may be lent: offered as revocable, to frameworks that can live with losing it. A class of this type with a public
 * constructor without parameters may be named in {@code finback.agent.oversubscription.estimator}. Called by one thread, must not block.
 */
@FunctionalInterface
public interface ResourceEstimator {
    /** Processors beyond those lent already; 0 for none. Negative and absurd answers count as none. */
    double moreCpus(AgentUsage usage);
}
