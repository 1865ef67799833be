package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.StatsFilter;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Parameters of clients; the defaults are Finagle's unless said otherwise. Durations above 0; empty: no limit. */
public final class ClientParams {
    /** Where calls go. Set by whoever makes the client. */
    static final Params.Key<Replicas> REPLICAS = Params.Key.made("destination", () -> Replicas.of(List.of()));

    static final Params.Key<String> DESTINATION = Params.Key.of("destination text", "");

    /** The endpoint that a stack below the balancer is for. */
    public static final Params.Key<Address> ENDPOINT = Params.Key.of("endpoint", new Address("none.invalid", 0, 1));

    /** Whether the endpoint is the only one: failing fast on it would help nobody. */
    static final Params.Key<BooleanSupplier> ALONE = Params.Key.of("alone", () -> false);

    /** From the call until an endpoint's name is known. */
    public static final Params.Key<Optional<Duration>> NAME_TIMEOUT = Params.Key.of("name timeout", Optional.empty());

    /** From the choice of an endpoint until there is a session. */
    public static final Params.Key<Optional<Duration>> ACQUISITION_TIMEOUT =
            Params.Key.of("acquisition timeout", Optional.empty());

    /** Of one attempt. */
    public static final Params.Key<Optional<Duration>> REQUEST_TIMEOUT =
            Params.Key.of("request timeout", Optional.empty());

    /** Of all attempts together. */
    public static final Params.Key<Optional<Duration>> TOTAL_TIMEOUT = Params.Key.of("total timeout", Optional.empty());

    /** Whether endpoints learn the deadline. */
    public static final Params.Key<Boolean> PROPAGATE_DEADLINES = Params.Key.of("propagate deadlines", true);

    public static final Params.Key<Duration> CONNECT_TIMEOUT = Params.Key.of("connect timeout", Duration.ofSeconds(1));

    public static final Params.Key<Balancer.Spec> BALANCER = Params.Key.of("balancer", Balancer.Spec.P2C);

    /** Whether members of an aperture are connected before a call needs them. */
    public static final Params.Key<Boolean> EAGER_CONNECTIONS = Params.Key.of("eager connections", true);

    public static final Params.Key<AccrualPolicy.Spec> ACCRUAL = Params.Key.of("failure accrual", hybrid());

    public static final Params.Key<Boolean> FAIL_FAST = Params.Key.of("fail fast", true);

    /** One for a client: requeues and retries share it. */
    public static final Params.Key<RetryBudget.Spec> RETRY_BUDGET =
            Params.Key.of("retry budget", RetryBudget.Spec.DEFAULT);

    /** The budget itself, of the client that is made. */
    static final Params.Key<RetryBudget> BUDGET =
            Params.Key.made("budget", () -> new RetryBudget(RetryBudget.Spec.DEFAULT));

    /** Counts the calls of all endpoints of the client that is made. */
    static final Params.Key<Filter.Simple<?, ?>> STATS_FILTER = Params.Key.made(
            "stats filter", () -> new StatsFilter<>(StatsReceiver.NONE, Verdict.Classifier.ofFailures()));

    public static final Params.Key<Retries> RETRIES = Params.Key.of("retries", Retries.NONE);

    /** Extra copies of slow calls, as a share of all; empty: none. */
    public static final Params.Key<Optional<Double>> BACKUPS = Params.Key.of("backup requests", Optional.empty());

    public static final Params.Key<Pool> POOL = Params.Key.of("pool", Pool.DEFAULT);

    public static final Params.Key<Optional<Duration>> MAX_LIFE_TIME = Params.Key.of("life time", Optional.empty());

    public static final Params.Key<Optional<Duration>> MAX_IDLE_TIME = Params.Key.of("idle time", Optional.empty());

    /** Calls under way on one connection; more are rejected, and go elsewhere. */
    public static final Params.Key<Optional<Integer>> MAX_PENDING = Params.Key.of("pending limit", Optional.empty());

    /** Whether the client drops calls itself when most are refused. */
    public static final Params.Key<Boolean> NACK_ADMISSION = Params.Key.of("nack admission", false);

    private ClientParams() {}

    /**
     * Repetitions of calls whose answer the classifier calls a retryable failure.
     *
     * @param limit at most, beside the first attempt; 0: none
     */
    public record Retries(int limit, Backoff backoff) {
        public static final Retries NONE = new Retries(0, new Backoff.Constant(Duration.ZERO));

        public Retries {
            if (limit < 0) {
                throw new IllegalArgumentException("retries: " + limit + " (expected: >= 0)");
            }
        }
    }

    /**
     * How sessions of one endpoint are kept.
     *
     * @param shared one session for all calls, as protocols with multiplexing have; the rest is of no meaning then
     * @param low kept open without calls, at least 0
     * @param high at most, at least 1 and {@code low}
     * @param maxWaiters callers that wait for one of them; more are refused
     * @param idle how long those above {@code low} are kept without calls; empty: for ever
     */
    public record Pool(boolean shared, int low, int high, int maxWaiters, Optional<Duration> idle) {
        public static final Pool DEFAULT = new Pool(false, 0, Integer.MAX_VALUE, Integer.MAX_VALUE, Optional.empty());
        public static final Pool SHARED = new Pool(true, 0, 1, Integer.MAX_VALUE, Optional.empty());

        public Pool {
            if (low < 0 || high < Math.max(1, low)) {
                throw new IllegalArgumentException(
                        "pool: low " + low + ", high " + high + " (expected: 0 <= low <= high, high >= 1)");
            }
            if (maxWaiters < 0) {
                throw new IllegalArgumentException("pool: max waiters " + maxWaiters + " (expected: >= 0)");
            }
        }
    }

    private static AccrualPolicy.Spec hybrid() {
        return new AccrualPolicy.Spec(
                () -> AccrualPolicy.any(List.of(
                        AccrualPolicy.successRateWithin(0.8, Duration.ofSeconds(30), 5, System.nanoTime()),
                        AccrualPolicy.consecutiveFailures(5))),
                new Backoff.EqualJittered(Duration.ofSeconds(5), Duration.ofSeconds(300)));
    }
}
