package io.finback.meshrouter.resilience;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Whether one endpoint may be called: <i>alive</i>, <i>dead</i> for a while after too many failures, then open for a single request that
 * shows whether it is well, the <i>probe</i>. It only advises: when every endpoint is marked, a balancer takes one all the same.
 * Thread-safe; {@link #isOpen} of one that is alive is a single read. Source: twitter/finagle {@code FailureAccrualFactory.scala}.
 */
public final class FailureAccrual {
    private enum Phase {
        ALIVE,
        DEAD,
        PROBING
    }

    /** How a request ended, as far as the endpoint is concerned. */
    public enum Outcome {
        SUCCESS,
        FAILURE,
        /** Says nothing: nobody waited for the answer. */
        IGNORED
    }

    private final AccrualPolicy policy;
    private final Backoff backoff;
    private final RandomGenerator random;
    private volatile Phase phase = Phase.ALIVE;
    private volatile long until;
    private Duration lastWait = Duration.ZERO;
    private int waits;
    private final AtomicLong removals = new AtomicLong();
    private final AtomicLong revivals = new AtomicLong();
    private final AtomicLong probes = new AtomicLong();

    /** @param random for the length of pauses; thread-safe */
    public FailureAccrual(AccrualPolicy.Spec spec, RandomGenerator random) {
        this.policy = spec.policy().get();
        this.backoff = spec.backoff();
        this.random = random;
    }

    /** Whether a balancer should take it. */
    public boolean isOpen(long now) {
        Phase current = phase;
        return current == Phase.ALIVE || (current == Phase.DEAD && now - until >= 0);
    }

    /** A request begins. The first one behind the pause is the probe, and keeps others away until it has ended. */
    public void begin(long now) {
        if (phase == Phase.ALIVE) {
            return;
        }
        synchronized (this) {
            if (phase == Phase.DEAD && now - until >= 0) {
                phase = Phase.PROBING;
                probes.incrementAndGet();
            }
        }
    }

    /** What {@link #end} has changed. */
    public enum Change {
        NONE,
        /** It is left alone now. */
        REMOVED,
        /** A probe went well. */
        REVIVED
    }

    /** A request has ended. One that went well, of an endpoint that is alive and has no failures behind it, takes no lock. */
    @CanIgnoreReturnValue
    public Change end(Outcome outcome, long now) {
        if (phase == Phase.ALIVE && (outcome == Outcome.IGNORED || (outcome == Outcome.SUCCESS && policy.isCalm()))) {
            return Change.NONE;
        }
        return guarded(outcome, now);
    }

    private synchronized Change guarded(Outcome outcome, long now) {
        long removed = removals.get();
        long revived = revivals.get();
        ended(outcome, now);
        return removals.get() != removed ? Change.REMOVED : revivals.get() != revived ? Change.REVIVED : Change.NONE;
    }

    private void ended(Outcome outcome, long now) {
        switch (outcome) {
            case SUCCESS -> {
                if (phase == Phase.PROBING) {
                    phase = Phase.ALIVE;
                    revivals.incrementAndGet();
                    waits = 0;
                    policy.onRevived(now);
                }
                policy.onSuccess(now);
            }
            case FAILURE -> {
                if (phase == Phase.PROBING || (phase == Phase.ALIVE && policy.onFailure(now))) {
                    markDead(now);
                }
            }
            case IGNORED -> {
                if (phase == Phase.PROBING) {
                    phase = Phase.DEAD;
                    until = now;
                }
            }
        }
    }

    private void markDead(long now) {
        if (phase == Phase.ALIVE) {
            removals.incrementAndGet();
        }
        lastWait = backoff.next(waits, lastWait, random);
        waits++;
        until = now + lastWait.toNanos();
        phase = Phase.DEAD;
    }

    /** How often it was marked. */
    public long removals() {
        return removals.get();
    }

    /** How often a probe went well. */
    public long revivals() {
        return revivals.get();
    }

    public long probes() {
        return probes.get();
    }
}
