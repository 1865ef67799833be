package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.Verdict;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Marks an endpoint that fails too much busy for a while, by the classifier's verdict and by failed connections.
 * {@link FailureAccrual} decides.
 */
final class Accrual<Q extends @Nullable Object, R extends @Nullable Object>
        implements ServiceFactory<Q, R>, Filter.Simple<Q, R> {
    /** Netty's, which the library has anyway: SLF4J where there is one, else the JDK's. */
    private static final InternalLogger log = InternalLoggerFactory.getInstance(Accrual.class);

    private final String client;
    private final String endpoint;
    private final ServiceFactory<Q, R> next;
    private final FailureAccrual accrual;
    private final Verdict.Classifier<Q, R> classifier;
    private final Totals totals;

    /** What all endpoints of a client have in common. */
    static final class Totals {
        private final StatsReceiver.Counter removals;
        private final StatsReceiver.Counter revivals;
        private final StatsReceiver.Counter probes;

        Totals(StatsReceiver stats) {
            StatsReceiver scope = stats.scope("failure_accrual");
            removals = scope.counter("removals");
            revivals = scope.counter("revivals");
            probes = scope.counter("probes");
        }
    }

    /** {@code client}: its label; with {@code endpoint} for the log. */
    Accrual(
            String client,
            String endpoint,
            AccrualPolicy.Spec spec,
            Verdict.Classifier<Q, R> classifier,
            StatsReceiver stats,
            ServiceFactory<Q, R> next) {
        this.client = client;
        this.endpoint = endpoint;
        this.next = next;
        this.classifier = classifier;
        totals = new Totals(stats);
        accrual = new FailureAccrual(spec, () -> ThreadLocalRandom.current().nextLong());
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        Reply<Service<Q, R>> session = next.acquire(context);
        if (session.isSuccess()) {
            return Reply.of(andThen(session.value()));
        }
        return session.transform((service, failure) -> {
            if (failure == null) {
                return Reply.of(andThen(service));
            }
            if (Failure.flagsOf(failure) == 0 || Failure.retryable(failure)) {
                begun();
                ended(Outcome.FAILURE);
            }
            return Reply.failed(failure);
        });
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        begun();
        return service.call(request, context)
                .tapped((response, failure) ->
                        ended(outcome(classifier.classify(request, response, failure), failure)));
    }

    private static Outcome outcome(Verdict verdict, @Nullable Throwable failure) {
        return switch (verdict) {
            case SUCCESS -> Outcome.SUCCESS;
            case IGNORED -> Outcome.IGNORED;
            // Given up by the caller: the endpoint may be well. (A timeout below this place is a failure, and not
            // interrupted.)
            default ->
                failure != null && (Failure.flagsOf(failure) & Failure.INTERRUPTED) != 0
                        ? Outcome.IGNORED
                        : Outcome.FAILURE;
        };
    }

    private void begun() {
        long before = accrual.probes();
        accrual.begin(System.nanoTime());
        if (accrual.probes() != before) {
            totals.probes.increment();
        }
    }

    private void ended(Outcome outcome) {
        switch (accrual.end(outcome, System.nanoTime())) {
            case REMOVED -> {
                log.warn("rpc.endpoint_left_alone client={} endpoint={} reason=failures next=probe", client, endpoint);
                totals.removals.increment();
            }
            case REVIVED -> {
                log.info("rpc.endpoint_back client={} endpoint={}", client, endpoint);
                totals.revivals.increment();
            }
            case NONE -> {}
        }
    }

    @Override
    public Status status() {
        return accrual.isOpen(System.nanoTime()) ? next.status() : Status.worst(Status.BUSY, next.status());
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        return next.close(grace);
    }
}
