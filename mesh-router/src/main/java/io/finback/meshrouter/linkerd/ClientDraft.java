package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.PoolPolicy;
import io.finback.meshrouter.traffic.Tls;
import io.finback.meshrouter.traffic.WirePolicy;
import java.time.Duration;
import java.util.Optional;

/** A client's settings while they are put together; begins with Linkerd's defaults. */
final class ClientDraft {
    Balancer.Spec balancer = Balancer.Spec.P2C;
    AccrualPolicy.Spec accrual = AccrualPolicy.Spec.DEFAULT;
    RetryBudget.Spec requeues = RetryBudget.Spec.DEFAULT;
    boolean failFast;
    Optional<Duration> attemptTimeout = Optional.empty();
    PoolPolicy pool = PoolPolicy.UNLIMITED;
    Optional<Duration> idle = Optional.empty();
    Optional<Duration> life = Optional.empty();
    Optional<Tls.Client> tls = Optional.empty();

    WirePolicy wire;

    ClientDraft(WirePolicy wire) {
        this.wire = wire;
    }

    ClientPolicy policy() {
        PoolPolicy all = new PoolPolicy(
                pool.maxConnections(), pool.maxWaiters(), idle.or(pool::idleTime), life.or(pool::lifeTime));
        return new ClientPolicy(balancer, accrual, requeues, failFast, attemptTimeout, all, tls, wire);
    }
}
