package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.StatsFilter;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Tracer;
import io.finback.meshrouter.rpc.Verdict;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes clients of one protocol. An immutable value: every {@code with} is another one. What is not set is as {@link ClientParams} says:
 * no timeouts, power-of-two balancing, failure accrual, fail fast, requeues of what was not processed, no other repetitions.
 */
public final class Client<Q extends @Nullable Object, R extends @Nullable Object> {
    private final Stack<Q, R> stack;
    private final Params params;

    private Client(Stack<Q, R> stack, Params params) {
        this.stack = stack;
        this.params = params;
    }

    /**
     * One of a protocol.
     *
     * @param transport makes sessions of {@link ClientParams#ENDPOINT}
     */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Client<Q, R> of(
            Stack.Leaf<Q, R> transport, Params params) {
        return new Client<>(ClientStack.of(transport), params);
    }

    public <T> Client<Q, R> with(Params.Key<T> key, T value) {
        return new Client<>(stack, params.with(key, value));
    }

    /** With modules added, replaced, or taken away; {@link ClientStack} has the roles. */
    public Client<Q, R> withStack(UnaryOperator<Stack<Q, R>> change) {
        return new Client<>(change.apply(stack), params);
    }

    public Stack<Q, R> stack() {
        return stack;
    }

    public Params params() {
        return params;
    }

    /** Of one attempt; above 0. */
    public Client<Q, R> withRequestTimeout(Duration limit) {
        return with(ClientParams.REQUEST_TIMEOUT, Optional.of(positive("request timeout", limit)));
    }

    /** Of a call with all its repetitions; above 0. */
    public Client<Q, R> withTotalTimeout(Duration limit) {
        return with(ClientParams.TOTAL_TIMEOUT, Optional.of(positive("total timeout", limit)));
    }

    /** Until there is a connection; above 0. */
    public Client<Q, R> withAcquisitionTimeout(Duration limit) {
        return with(ClientParams.ACQUISITION_TIMEOUT, Optional.of(positive("acquisition timeout", limit)));
    }

    /** Until endpoints are known; above 0. */
    public Client<Q, R> withNameTimeout(Duration limit) {
        return with(ClientParams.NAME_TIMEOUT, Optional.of(positive("name timeout", limit)));
    }

    public Client<Q, R> withConnectTimeout(Duration limit) {
        return with(ClientParams.CONNECT_TIMEOUT, positive("connect timeout", limit));
    }

    /** Repeats what the classifier calls a retryable failure, at most {@code limit} times, at Finagle's pace: 5 to 200 ms. */
    public Client<Q, R> withRetries(int limit) {
        return withRetries(limit, new Backoff.DecorrelatedJittered(Duration.ofMillis(5), Duration.ofMillis(200)));
    }

    public Client<Q, R> withRetries(int limit, Backoff backoff) {
        return with(ClientParams.RETRIES, new ClientParams.Retries(limit, backoff));
    }

    public Client<Q, R> withRetryBudget(RetryBudget.Spec budget) {
        return with(ClientParams.RETRY_BUDGET, budget);
    }

    /**
     * Sends second copies of slow calls: only for calls that may be made twice.
     *
     * @param share of calls that may have one: above 0, below 1
     */
    public Client<Q, R> withBackups(double share) {
        if (!(share > 0 && share < 1)) {
            throw new IllegalArgumentException("backup requests: " + share + " (expected: > 0 and < 1)");
        }
        return with(ClientParams.BACKUPS, Optional.of(share));
    }

    public Client<Q, R> withBalancer(Balancer.Spec balancer) {
        return with(ClientParams.BALANCER, balancer);
    }

    public Client<Q, R> withFailureAccrual(AccrualPolicy.Spec accrual) {
        return with(ClientParams.ACCRUAL, accrual);
    }

    public Client<Q, R> withClassifier(Verdict.Classifier<Q, R> classifier) {
        return with(Common.CLASSIFIER, classifier);
    }

    public Client<Q, R> withStats(StatsReceiver stats) {
        return with(Common.STATS, stats);
    }

    public Client<Q, R> withTracer(Tracer tracer) {
        return with(Common.TRACER, tracer);
    }

    public Client<Q, R> withPool(ClientParams.Pool pool) {
        return with(ClientParams.POOL, pool);
    }

    /**
     * A service that chooses an endpoint for each call.
     *
     * @param destination {@code host:port,host:port}, or with a scheme, see {@link Destinations}
     * @param label what it is called in statistics ({@code clnt/<label>/...}) and errors
     */
    public Service<Q, R> newService(String destination, String label) {
        return newService(Destinations.resolve(destination), label);
    }

    /** The same, of endpoints that may change. */
    public Service<Q, R> newService(Replicas endpoints, String label) {
        return new PerCall<>(newClient(endpoints, label));
    }

    /** A factory whose sessions the caller acquires and closes. */
    public ServiceFactory<Q, R> newClient(Replicas endpoints, String label) {
        StatsReceiver stats = params.get(Common.STATS).scope("clnt").scope(label);
        Params own = params.with(Common.LABEL, label)
                .with(Common.STATS, stats)
                .with(ClientParams.REPLICAS, endpoints)
                .with(
                        ClientParams.DESTINATION,
                        endpoints.current().map(Object::toString).orElse("pending"))
                .with(ClientParams.BUDGET, new RetryBudget(params.get(ClientParams.RETRY_BUDGET)))
                .with(ClientParams.STATS_FILTER, new StatsFilter<>(stats, Common.<Q, R>classifier(params)));
        return stack.make(own);
    }

    private static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
        return value;
    }
}
