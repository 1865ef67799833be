package io.finback.controlplane.service;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Asks an entity several times within one limit, because a question that meets an entity while it moves to another master may be lost. The first
 * answer counts. Only for what may be asked twice without harm.
 */
final class Patience {
    /** A lost question costs a quarter of the limit. */
    private static final int TIMES = 4;

    private Patience() {}

    /** @param ask one question with its own limit, at whose end it fails */
    static <T> CompletionStage<T> ask(Duration limit, Function<Duration, CompletionStage<T>> ask) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        for (int time = 0; time < TIMES; time++) {
            Duration after = limit.multipliedBy(time).dividedBy(TIMES);
            Executor then = time == 0
                    ? Runnable::run
                    : CompletableFuture.delayedExecutor(after.toNanos(), TimeUnit.NANOSECONDS);
            then.execute(() -> {
                if (!answer.isDone()) {
                    ask.apply(limit.minus(after)).whenComplete((value, failure) -> {
                        if (failure == null) {
                            answer.complete(value);
                        } else {
                            answer.completeExceptionally(failure);
                        }
                    });
                }
            });
        }
        return answer;
    }

    /** As {@link #ask}, of one question that is said again as it is to the same asker: for what names itself, such as a deployment's id. */
    static <T> CompletionStage<T> repeat(Duration limit, CompletionStage<T> answer, Runnable again) {
        CompletableFuture<T> first = answer.toCompletableFuture();
        for (int time = 1; time < TIMES; time++) {
            Duration after = limit.multipliedBy(time).dividedBy(TIMES);
            CompletableFuture.delayedExecutor(after.toNanos(), TimeUnit.NANOSECONDS)
                    .execute(() -> {
                        if (!first.isDone()) {
                            again.run();
                        }
                    });
        }
        return answer;
    }
}
