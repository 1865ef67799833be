package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Sends again, at once, what was provably not processed: refused, never written, no connection. Never more often than a fifth of what is
 * left of the budget, and not when the attempts before have taken as long as three connects may: instances that swallow connects would
 * hold a call for a minute otherwise. Source: twitter/finagle {@code service/RequeueFilter.scala}.
 */
final class Requeue<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private static final double MOST_OF_BUDGET = 0.2;
    private static final int MOST_CONNECTS = 3;

    private final RetryBudget budget;
    private final long mostLostNanos;
    private final StatsReceiver.Counter requeues;
    private final StatsReceiver.Counter exhausted;
    private final StatsReceiver.Counter limited;
    private final StatsReceiver.Counter cannot;
    private final StatsReceiver.Stat perRequest;

    Requeue(RetryBudget budget, Duration connectTimeout, StatsReceiver stats) {
        this.budget = budget;
        mostLostNanos = connectTimeout.multipliedBy(MOST_CONNECTS).toNanos();
        StatsReceiver scope = stats.scope("retries");
        requeues = scope.counter("requeues");
        exhausted = scope.counter("budget_exhausted");
        limited = scope.counter("request_limit");
        cannot = scope.counter("cannot_retry");
        perRequest = scope.stat("requeues_per_request");
        scope.gauge("budget", () -> budget.balance(System.nanoTime()));
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        long begun = System.nanoTime();
        budget.deposit(begun);
        return attempt(request, context, service, 0, -1, begun);
    }

    private Reply<R> attempt(Q request, Context context, Service<Q, R> service, int attempt, long most, long begun) {
        Reply<R> reply = service.call(request, context.withRetries(attempt));
        if (reply.isSuccess()) {
            perRequest.add(attempt);
            return reply;
        }
        return reply.transform((response, failure) -> {
            if (failure == null || !Failure.retryable(failure)) {
                perRequest.add(attempt);
                return failure == null ? Reply.of(response) : Reply.failed(failure);
            }
            long now = System.nanoTime();
            long limit = most >= 0 ? most : (long) Math.ceil(MOST_OF_BUDGET * budget.balance(now));
            if (service.status() != Status.OPEN) {
                cannot.increment();
            } else if (attempt >= limit || now - begun >= mostLostNanos) {
                limited.increment();
            } else if (!budget.tryWithdraw(now)) {
                exhausted.increment();
                perRequest.add(attempt);
                return Reply.failed(notAgain(failure));
            } else {
                requeues.increment();
                return attempt(request, context, service, attempt + 1, limit, begun);
            }
            perRequest.add(attempt);
            return Reply.failed(failure);
        });
    }

    private static Throwable notAgain(Throwable failure) {
        return failure instanceof Failure known
                ? known.flagged((known.flags() & ~Failure.RETRYABLE) | Failure.NON_RETRYABLE)
                : failure;
    }
}
