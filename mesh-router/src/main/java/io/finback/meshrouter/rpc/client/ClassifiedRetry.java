package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Timer;
import io.finback.meshrouter.rpc.Verdict;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends again, after a pause, what the classifier calls a retryable failure. It only withdraws from the budget: requests have been
 * deposited where they are requeued. Source: twitter/finagle {@code service/RetryFilter.scala}, {@code client/MethodBuilderRetry.scala}.
 */
final class ClassifiedRetry<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private final ClientParams.Retries retries;
    private final RetryBudget budget;
    private final Verdict.Classifier<Q, R> classifier;
    private final Consumer<@Nullable Object> discard;
    private final StatsReceiver.Stat perRequest;
    private final StatsReceiver.Counter exhausted;

    ClassifiedRetry(
            ClientParams.Retries retries,
            RetryBudget budget,
            Verdict.Classifier<Q, R> classifier,
            Consumer<@Nullable Object> discard,
            StatsReceiver stats) {
        this.retries = retries;
        this.budget = budget;
        this.classifier = classifier;
        this.discard = discard;
        perRequest = stats.stat("retries");
        exhausted = stats.counter("retries/budget_exhausted");
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        return attempt(request, context, service, 0, Duration.ZERO);
    }

    private Reply<R> attempt(Q request, Context context, Service<Q, R> service, int attempt, Duration last) {
        return service.call(request, context).transform((response, failure) -> {
            Reply<R> reply = failure == null ? Reply.of(response) : Reply.failed(failure);
            if (classifier.classify(request, response, failure) != Verdict.RETRYABLE_FAILURE
                    || attempt >= retries.limit()) {
                perRequest.add(attempt);
                return reply;
            }
            if (!budget.tryWithdraw(System.nanoTime())) {
                exhausted.increment();
                perRequest.add(attempt);
                return reply;
            }
            if (failure == null) {
                discard.accept(response);
            }
            Duration pause = retries.backoff().next(attempt, last, ThreadLocalRandom.current());
            return pause.isZero()
                    ? attempt(request, context, service, attempt + 1, pause)
                    : later(pause).flatMap(over -> attempt(request, context, service, attempt + 1, pause));
        });
    }

    /** After {@code pause}, unless interrupted. */
    private static Reply<@Nullable Void> later(Duration pause) {
        Reply<@Nullable Void> reply = new Reply<>();
        Timer.Task task = Timer.SHARED.after(pause.toNanos(), () -> reply.complete(null));
        reply.onInterrupt(why -> {
            task.cancel();
            reply.fail(why);
        });
        return reply;
    }
}
