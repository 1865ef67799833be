package io.finback.meshrouter.traffic;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.resilience.RetryBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one request, one at a time, whatever its protocol: which endpoint each goes to, whether there may be another one, and
 * what is counted of it. Instances that do not even answer to a connect take only so much of a caller's time. Each goes to an endpoint not tried yet while there is one. Not thread-safe.
 */
public final class Tries {
    private final Routing.To to;
    private final int limit;
    private final long mostLostNanos;
    private long lostNanos;
    private final List<Endpoint> tried = new ArrayList<>(2);
    private @Nullable Endpoint endpoint;
    private long begunNanos;
    private Duration lastPause = Duration.ZERO;
    private long requeuesLeft = -1;

    /** What one request may take of the budget of requeues as it finds it. Finagle's. */
    private static final double MOST_OF_BUDGET = 0.2;

    /** How many connect timeouts one request may spend on instances that do not answer. */
    private static final int MOST_TIMEOUTS = 3;

    /**
     * @param limit attempts after the first
     * @param connectTimeout of one attempt: three of them together are the most that attempts may take that were not processed
     */
    public Tries(Routing.To to, int limit, Duration connectTimeout) {
        this.to = to;
        this.limit = limit;
        this.mostLostNanos = connectTimeout.multipliedBy(MOST_TIMEOUTS).toNanos();
    }

    /** Begins an attempt; null when there is no endpoint at all. */
    public @Nullable Endpoint next(long now) {
        Destination destination = to.destination();
        List<Endpoint> ready = destination.endpoints();
        if (ready.isEmpty()) {
            return null;
        }
        List<Endpoint> untried = tried.isEmpty()
                ? ready
                : ready.stream().filter(e -> !tried.contains(e)).toList();
        Endpoint picked = destination.pick(untried.isEmpty() ? ready : untried, now);
        tried.add(picked);
        endpoint = picked;
        begunNanos = now;
        picked.begin(now);
        destination.stats().request();
        return picked;
    }

    /** How many there have been; the number of the one under way. */
    public int count() {
        return tried.size();
    }

    /** Where the attempt under way goes; null between attempts. */
    public @Nullable Endpoint endpoint() {
        return endpoint;
    }

    public boolean hasTakenLongerThan(Duration time, long now) {
        return endpoint != null && now - begunNanos > time.toNanos();
    }

    /**
     * Whether what was provably not processed may be sent again; takes one from the budget of requeues, and of what was in that at the
     * first time a fifth at most (rounded up), so that one request leaves something for others.
     */
    public boolean requeues(long now) {
        lostNanos += now - begunNanos;
        RetryBudget budget = to.destination().requeues();
        if (requeuesLeft < 0) {
            requeuesLeft = (long) Math.ceil(MOST_OF_BUDGET * budget.balance(now));
        }
        return isLeft() && lostNanos < mostLostNanos && requeuesLeft-- > 0 && budget.tryWithdraw(now) && counted();
    }

    /** Whether what failed may be tried again; takes one from the budget of retries. */
    public boolean retries(long now) {
        return isLeft() && to.service().retries().tryWithdraw(now) && counted();
    }

    /** Whether the limit on attempts allows another one. */
    public boolean isLeft() {
        return tried.size() <= limit;
    }

    private boolean counted() {
        to.service().stats().retry();
        return true;
    }

    /** How long to wait before the next attempt, after {@link #retries}. */
    public Duration pause() {
        lastPause = to.service().policy().backoff().next(tried.size() - 1, lastPause, ThreadLocalRandom.current());
        return lastPause;
    }

    /**
     * Ends the attempt under way, if there is one.
     *
     * @param answered the status of what it brought; 0 for none, negative of a protocol without
     * @param tookNanos what its latency is, when that is not all its time; negative: all of it
     */
    public void end(FailureAccrual.Outcome outcome, int answered, long tookNanos, long now) {
        Endpoint current = endpoint;
        if (current != null) {
            long took = tookNanos < 0 ? now - begunNanos : tookNanos;
            current.end(outcome, took, now);
            to.destination().stats().answer(answered, outcome == FailureAccrual.Outcome.SUCCESS, took);
        }
        endpoint = null;
    }
}
