package io.finback.meshrouter.traffic;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.FailFast;
import io.finback.meshrouter.balance.Node;
import io.finback.meshrouter.balance.PeakEwma;
import io.finback.meshrouter.resilience.FailureAccrual;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One address of a destination: what is under way there, how it does, and whether it is to be left alone. Thread-safe. */
public final class Endpoint implements Node {
    private static final Logger log = LoggerFactory.getLogger(Endpoint.class);

    /** The generator of whatever thread asks. */
    private static final RandomGenerator RANDOM =
            () -> ThreadLocalRandom.current().nextLong();

    private final String host;
    private final int port;
    private final AtomicInteger outstanding = new AtomicInteger();
    private final FailureAccrual accrual;
    private final Optional<PeakEwma> latency;
    private final boolean failsFast;
    private final PoolPolicy pool;
    private final Optional<Tls.Client> tls;
    private final Permits permits;
    private final double weight;
    private volatile FailFast failFast = FailFast.HEALTHY;
    private volatile boolean gone;
    private final List<Runnable> onRetired = new ArrayList<>(0);

    /** {@code weight}: its share among its neighbours, >= 0; 1.0 is usual. */
    public Endpoint(String host, int port, double weight, ClientPolicy policy) {
        this.weight = weight;
        this.pool = policy.pool();
        this.tls = policy.tls();
        this.permits = new Permits(policy.pool());
        this.host = host;
        this.port = port;
        this.accrual = new FailureAccrual(policy.accrual(), RANDOM);
        this.failsFast = policy.failFast();
        this.latency = policy.balancer().metric() == Balancer.Metric.PEAK_EWMA
                ? Optional.of(new PeakEwma(policy.balancer().decay()))
                : Optional.empty();
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    @Override
    public double weight() {
        return weight;
    }

    public PoolPolicy pool() {
        return pool;
    }

    public Optional<Tls.Client> tls() {
        return tls;
    }

    public Permits permits() {
        return permits;
    }

    /** Requests that wait for a connection. */
    public int waiting() {
        return permits.waiting();
    }

    /** Requests under way. */
    public int outstanding() {
        return outstanding.get();
    }

    @Override
    public double load(long nowNanos) {
        return latency.isPresent() ? latency.get().load(nowNanos) : outstanding.get();
    }

    @Override
    public boolean isOpen(long nowNanos) {
        return failFast.isOpen(nowNanos) && accrual.isOpen(nowNanos);
    }

    /** What its failures have led to. */
    public FailureAccrual accrual() {
        return accrual;
    }

    /** It left its destination: idle connections to it are closed, those in use finish. */
    public void retire() {
        List<Runnable> told;
        synchronized (this) {
            gone = true;
            told = List.copyOf(onRetired);
            onRetired.clear();
        }
        told.forEach(Runnable::run);
    }

    /** Runs {@code then} once it has left its destination; at once if it has. */
    public void whenRetired(Runnable then) {
        synchronized (this) {
            if (!gone) {
                onRetired.add(then);
                return;
            }
        }
        then.run();
    }

    public boolean isGone() {
        return gone;
    }

    public void begin(long nowNanos) {
        outstanding.incrementAndGet();
        latency.ifPresent(PeakEwma::start);
        accrual.begin(nowNanos);
    }

    public void end(FailureAccrual.Outcome outcome, long tookNanos, long nowNanos) {
        outstanding.decrementAndGet();
        latency.ifPresent(metric -> metric.end(tookNanos, nowNanos));
        switch (accrual.end(outcome, nowNanos)) {
            case REMOVED -> log.warn("mesh.endpoint_left_alone endpoint={} reason=failures next=probe", this);
            case REVIVED -> log.info("mesh.endpoint_back endpoint={}", this);
            case NONE -> {}
        }
    }

    public void connectFailed(long nowNanos) {
        if (failsFast) {
            if (failFast.failures() == 0) {
                log.warn("mesh.endpoint_unreachable endpoint={} next=pass_over", this);
            }
            failFast = failFast.onFailure(nowNanos);
        }
    }

    public void connected() {
        if (failFast.failures() != 0) {
            failFast = FailFast.HEALTHY;
            log.info("mesh.endpoint_reachable endpoint={}", this);
        }
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
