package io.finback.meshrouter.traffic;

import io.finback.meshrouter.resilience.RetryBudget;

/** A logical name: what is counted for it, its policy, and its budget of retries. Thread-safe. */
public final class Service {
    private final Stats stats = new Stats();
    private final ServicePolicy policy;
    private final RetryBudget retries;

    public Service(ServicePolicy policy) {
        this.policy = policy;
        this.retries = new RetryBudget(policy.retries());
    }

    public Stats stats() {
        return stats;
    }

    public ServicePolicy policy() {
        return policy;
    }

    public RetryBudget retries() {
        return retries;
    }
}
