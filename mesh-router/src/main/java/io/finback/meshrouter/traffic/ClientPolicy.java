package io.finback.meshrouter.traffic;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.RetryBudget;
import java.time.Duration;
import java.util.Optional;

/**
 * How one bound name is called. Source: the {@code client} block of linkerd.yaml.
 *
 * @param balancer chooses among its endpoints
 * @param accrual when one of them is left alone
 * @param requeues for what was provably not processed: connects that failed
 * @param failFast an endpoint that refuses a connection is passed over for a while
 * @param attemptTimeout for one attempt until its response begins; empty: none
 * @param pool connections to one instance
 * @param tls when instances speak TLS
 * @param wire how HTTP/2 and Thrift are spoken
 */
public record ClientPolicy(
        Balancer.Spec balancer,
        AccrualPolicy.Spec accrual,
        RetryBudget.Spec requeues,
        boolean failFast,
        Optional<Duration> attemptTimeout,
        PoolPolicy pool,
        Optional<Tls.Client> tls,
        WirePolicy wire) {
    public ClientPolicy {
        attemptTimeout.ifPresent(limit -> {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("requestAttemptTimeoutMs: " + limit.toMillis() + " (expected: > 0)");
            }
        });
    }
}
