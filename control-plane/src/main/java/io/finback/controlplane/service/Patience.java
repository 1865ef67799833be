package io.finback.controlplane.service;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Asks an entity several times within one limit, because a question that meets an entity while it moves to another master may be lost. The first
 * answer counts. Only for what may be asked twice without harm.
 */
final class Patience {
    /** Asked again after these parts of the limit. A lost question costs little; who is slow is not asked more and more. */
    private static final List<Integer> PARTS = List.of(32, 16, 8, 4, 2);

    private Patience() {}

    /** @param ask one question with its own limit, at whose end it fails */
    static <T> CompletionStage<T> ask(Duration limit, Function<Duration, CompletionStage<T>> ask) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Consumer<Duration> asked = left -> ask.apply(left).whenComplete((value, failure) -> {
            if (failure == null) {
                answer.complete(value);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        asked.accept(limit);
        later(limit, answer, 0, asked);
        return answer;
    }

    /** As {@link #ask}, of one question that is said again as it is to the same asker: for what names itself, such as a deployment's id. */
    static <T> CompletionStage<T> repeat(Duration limit, CompletionStage<T> answer, Runnable again) {
        later(limit, answer.toCompletableFuture(), 0, left -> again.run());
        return answer;
    }

    /** @param again is told what is left of the limit */
    private static void later(Duration limit, CompletableFuture<?> answer, int time, Consumer<Duration> again) {
        if (time == PARTS.size()) {
            return;
        }
        Duration after = limit.dividedBy(PARTS.get(time));
        Duration before = time == 0 ? Duration.ZERO : limit.dividedBy(PARTS.get(time - 1));
        CompletableFuture.delayedExecutor(after.minus(before).toNanos(), TimeUnit.NANOSECONDS)
                .execute(() -> {
                    if (!answer.isDone()) {
                        again.accept(limit.minus(after));
                        later(limit, answer, time + 1, again);
                    }
                });
    }
}
