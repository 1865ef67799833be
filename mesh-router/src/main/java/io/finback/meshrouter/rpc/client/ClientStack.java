package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.NackRate;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Expiring;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.PendingLimit;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Spans;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.Stack.Module;
import io.finback.meshrouter.rpc.Stack.Role;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.TimeoutFilter;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.Tracer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The modules of a client, outermost first, each with the reason for its place. Those below {@link #BALANCER} exist once for each endpoint.
 * Source: twitter/finagle {@code client/StackClient.scala}.
 */
public final class ClientStack {
    public static final Role TRACE =
            new Role("TraceInitializerFilter", "first, so that everything below belongs to the new span");
    public static final Role SPANS =
            new Role("ClientTracingFilter", "sees the whole call, all attempts and waits of it");
    public static final Role FAILURES = new Role(
            "ProcessFailures",
            "what was safe to repeat below must not look so to who serves somebody else with it: repetitions would multiply");
    public static final Role TOTAL_TIMEOUT =
            new Role("TotalTimeout", "outside of everything that tries again: one time for all attempts");
    public static final Role RETRIES = new Role(
            "ClassifiedRetries", "outside of requeues, which know better: it sees an answer only when those gave up");
    public static final Role BACKUPS = new Role(
            "BackupRequestFilter",
            "inside of retries: a copy is not an answer, and each attempt may have one of its own");
    public static final Role REQUEUES =
            new Role("Retries", "above the balancer, so that each repetition chooses an endpoint anew");
    public static final Role NAME_TIMEOUT = new Role(
            "BindingTimeout",
            "outside of the balancer, where callers wait for endpoints; inside of requeues, which would only prolong that");
    public static final Role NACKS = new Role(
            "NackAdmissionFilter",
            "below requeues, because it counts every refusal, and what it drops is not sent again");
    public static final Role ACQUISITION_TIMEOUT =
            new Role("TimeoutFactory", "above balancer and pool: both may make a caller wait");
    public static final Role DRAINING = new Role("RequestDraining", "closing waits for the sessions given out above");
    public static final Role ACQUISITION_STATS =
            new Role("StatsFactoryWrapper", "counts how long sessions take and why there is none, for all endpoints");
    public static final Role BALANCER =
            new Role("LoadBalancerFactory", "chooses an endpoint; below, everything is its own");
    public static final Role STATS =
            new Role("StatsFilter", "below requeues and retries: it counts what endpoints were really sent");
    public static final Role ACCRUAL = new Role(
            "FailureAccrualFactory", "above the timeout, so that an endpoint that never answers is one that fails");
    public static final Role REQUEST_TIMEOUT =
            new Role("TimeoutFilter", "above the pool: the time of one attempt begins when it waits for a connection");
    public static final Role POOL = new Role("DefaultPool", "keeps connections; above those that watch each of them");
    public static final Role PENDING =
            new Role("PendingRequestFilter", "counts calls of one connection: below the pool");
    public static final Role FAIL_FAST =
            new Role("FailFastFactory", "next to what connects: a failed connect is all it wants to see");
    public static final Role EXPIRATION = new Role("ExpiringService", "innermost: it closes the connection itself");

    private ClientStack() {}

    /** All of them, above what connects. */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Stack<Q, R> of(Stack.Leaf<Q, R> transport) {
        List<Module<Q, R>> modules = List.of(
                Module.filter(TRACE, params -> traces(params.get(Common.TRACER))),
                Module.filter(
                        SPANS,
                        params -> new Spans<>(params.get(Common.TRACER), Tracer.Side.CLIENT, params.get(Common.LABEL))),
                Module.filter(FAILURES, params -> masked()),
                optional(TOTAL_TIMEOUT, params -> timeout("call", ClientParams.TOTAL_TIMEOUT, params)),
                optional(RETRIES, ClientStack::retries),
                optional(BACKUPS, params -> params.get(ClientParams.BACKUPS)
                        .map(share -> new Backups<>(
                                share,
                                Common.classifier(params),
                                params.get(Common.DISCARD),
                                params.get(Common.STATS)))),
                Module.of(
                        REQUEUES,
                        (params, next) -> perCall(
                                new Requeue<Q, R>(
                                        params.get(ClientParams.BUDGET),
                                        params.get(ClientParams.CONNECT_TIMEOUT),
                                        params.get(Common.STATS)),
                                next)),
                Module.of(NAME_TIMEOUT, ClientStack::nameTimeout),
                optional(
                        NACKS,
                        params -> params.get(ClientParams.NACK_ADMISSION)
                                ? Optional.of(nacks(params.get(Common.STATS)))
                                : Optional.empty()),
                Module.of(ACQUISITION_TIMEOUT, ClientStack::acquisitionTimeout),
                Module.of(DRAINING, (params, next) -> new Draining<>(next)),
                Module.of(ACQUISITION_STATS, (params, next) -> new AcquisitionStats<>(params.get(Common.STATS), next)),
                new Module<>(BALANCER, Balancing::new),
                Module.filter(STATS, ClientStack::stats),
                Module.of(
                        ACCRUAL,
                        (params, next) -> new Accrual<>(
                                params.get(Common.LABEL),
                                params.get(ClientParams.ENDPOINT).toString(),
                                params.get(ClientParams.ACCRUAL),
                                Common.classifier(params),
                                params.get(Common.STATS),
                                next)),
                optional(REQUEST_TIMEOUT, params -> timeout("request", ClientParams.REQUEST_TIMEOUT, params)),
                Module.of(POOL, ClientStack::pool),
                Module.of(PENDING, ClientStack::pending),
                Module.of(FAIL_FAST, ClientStack::failFast),
                Module.of(EXPIRATION, ClientStack::expiring));
        return Stack.of(modules, transport);
    }

    /** What keeps the connections of one endpoint, above what connects: for who chooses endpoints and judges them himself. */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Stack<Q, R> connections(
            Stack.Leaf<Q, R> transport) {
        return Stack.of(
                List.of(
                        Module.of(POOL, ClientStack::pool),
                        Module.of(PENDING, ClientStack::pending),
                        Module.of(EXPIRATION, ClientStack::expiring)),
                transport);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Module<Q, R> optional(
            Role role, Function<Params, Optional<Filter.Simple<Q, R>>> filter) {
        return Module.of(role, (params, next) -> filter.apply(params)
                .map(present -> present.andThen(next))
                .orElse(next));
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Filter.Simple<Q, R> traces(Tracer tracer) {
        return (request, context, service) -> {
            TraceId parent = context.traceOrNull();
            ThreadLocalRandom random = ThreadLocalRandom.current();
            TraceId id = parent == null ? TraceId.root(random) : parent.child(random);
            Optional<Boolean> sampled = id.isSamplingKnown() ? Optional.empty() : tracer.sample(id);
            return service.apply(request, context.withTrace(sampled.isPresent() ? id.withSampled(sampled.get()) : id));
        };
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Filter.Simple<Q, R> masked() {
        return (request, context, service) -> {
            Reply<R> reply = service.call(request, context);
            return reply.isSuccess()
                    ? reply
                    : reply.transform((response, failure) -> {
                        if (failure == null) {
                            return Reply.of(response);
                        }
                        return Reply.failed(
                                failure instanceof Failure known
                                        ? known.flagged(known.flags() & ~(Failure.RETRYABLE | Failure.REJECTED))
                                        : failure);
                    });
        };
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Optional<Filter.Simple<Q, R>> timeout(
            String what, Params.Key<Optional<Duration>> limit, Params params) {
        return params.get(limit)
                .map(time -> new TimeoutFilter<>(
                        what, params.get(Common.LABEL), time, params.get(ClientParams.PROPAGATE_DEADLINES)));
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Optional<Filter.Simple<Q, R>> retries(
            Params params) {
        ClientParams.Retries retries = params.get(ClientParams.RETRIES);
        return retries.limit() == 0
                ? Optional.empty()
                : Optional.of(new ClassifiedRetry<>(
                        retries,
                        params.get(ClientParams.BUDGET),
                        Common.classifier(params),
                        params.get(Common.DISCARD),
                        params.get(Common.STATS)));
    }

    /** A filter before sessions that are acquired for each call. */
    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> perCall(
            Filter.Simple<Q, R> filter, ServiceFactory<Q, R> next) {
        return ServiceFactory.of(filter.andThen(new PerCall<>(next)));
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> nameTimeout(
            Params params, ServiceFactory<Q, R> next) {
        Replicas replicas = params.get(ClientParams.REPLICAS);
        return params.get(ClientParams.NAME_TIMEOUT)
                .<ServiceFactory<Q, R>>map(limit -> new Acquiring<>(
                        "name resolution", limit, 0, () -> replicas.current().isEmpty(), params, next))
                .orElse(next);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> acquisitionTimeout(
            Params params, ServiceFactory<Q, R> next) {
        return params.get(ClientParams.ACQUISITION_TIMEOUT)
                .<ServiceFactory<Q, R>>map(limit ->
                        new Acquiring<>("session acquisition", limit, Failure.RETRYABLE, () -> true, params, next))
                .orElse(next);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Filter.Simple<Q, R> nacks(
            StatsReceiver stats) {
        StatsReceiver scope = stats.scope("nack_admission_control");
        StatsReceiver.Counter dropped = scope.counter("dropped_requests");
        NackRate rate = new NackRate(System.nanoTime());
        scope.gauge("ema_value", rate::value);
        return (request, context, service) -> {
            if (rate.drops(ThreadLocalRandom.current().nextDouble(), System.nanoTime())) {
                dropped.increment();
                return Reply.failed(new Failure(
                        "most calls are being refused: dropped before it was sent",
                        Failure.REJECTED | Failure.NON_RETRYABLE));
            }
            return service.call(request, context)
                    .tapped((response, failure) -> rate.ended(
                            failure != null && (Failure.flagsOf(failure) & Failure.REJECTED) != 0, System.nanoTime()));
        };
    }

    /** One of all endpoints, so that they are counted together. */
    @SuppressWarnings("unchecked") // of the client that is made
    private static <Q extends @Nullable Object, R extends @Nullable Object> Filter.Simple<Q, R> stats(Params params) {
        return (Filter.Simple<Q, R>) params.get(ClientParams.STATS_FILTER);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> pool(
            Params params, ServiceFactory<Q, R> next) {
        ClientParams.Pool pool = params.get(ClientParams.POOL);
        StatsReceiver stats = params.get(Common.STATS);
        return pool.shared() ? new SharedPool<>(next, stats) : new WatermarkPool<>(pool, next, stats);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> pending(
            Params params, ServiceFactory<Q, R> next) {
        StatsReceiver stats = params.get(Common.STATS);
        return params.get(ClientParams.MAX_PENDING)
                .<ServiceFactory<Q, R>>map(
                        limit -> new Sessions<>(next, session -> new PendingLimit<Q, R>(limit, stats).andThen(session)))
                .orElse(next);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> failFast(
            Params params, ServiceFactory<Q, R> next) {
        return params.get(ClientParams.FAIL_FAST)
                ? new FailingFast<>(
                        params.get(Common.LABEL),
                        params.get(ClientParams.ENDPOINT).toString(),
                        params.get(ClientParams.ALONE),
                        params.get(Common.STATS),
                        next)
                : next;
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> expiring(
            Params params, ServiceFactory<Q, R> next) {
        Optional<Duration> life = params.get(ClientParams.MAX_LIFE_TIME);
        Optional<Duration> idle = params.get(ClientParams.MAX_IDLE_TIME);
        return life.isEmpty() && idle.isEmpty()
                ? next
                : new Sessions<>(next, session -> Expiring.of(session, life, idle, params.get(Common.STATS)));
    }
}
