package io.finback.nodeagent.probe;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Lets so many pieces of work run at once; the others wait in order, without a thread. Thread-safe. */
final class Turnstile {
    private final int most;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int running;

    Turnstile(int most) {
        this.most = most;
    }

    /** The outcome of {@code work}, which begins now or when its turn comes. */
    <T> CompletionStage<T> pass(Supplier<CompletionStage<T>> work) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        Runnable begin = () -> begin(work, outcome);
        synchronized (this) {
            if (running >= most) {
                waiting.add(begin);
                return outcome;
            }
            running++;
        }
        begin.run();
        return outcome;
    }

    private <T> void begin(Supplier<CompletionStage<T>> work, CompletableFuture<T> outcome) {
        CompletionStage<T> begun;
        try {
            begun = work.get();
        } catch (RuntimeException e) {
            begun = CompletableFuture.failedFuture(e);
        }
        CompletionStage<?> done = begun.whenComplete((result, failure) -> {
            left();
            if (failure == null) {
                outcome.complete(result);
            } else {
                outcome.completeExceptionally(failure);
            }
        });
        Objects.requireNonNull(done);
    }

    private void left() {
        Runnable next;
        synchronized (this) {
            next = waiting.poll();
            if (next == null) {
                running--;
                return;
            }
        }
        next.run();
    }
}
