package io.finback.meshrouter.rpc;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Waiting for a {@link Reply}, and the methods of {@link CompletionStage} for it: those of one stage on the completing thread are made of
 * its own, so that interrupts flow through them; the others go by way of a {@code CompletableFuture}, without an executor on the common
 * pool: the JDK's default would start a thread for each on a machine of two processors.
 */
@SuppressWarnings({"NullAway", "unchecked"}) // the JDK's signatures say nothing of null
abstract class StageMethods<T extends @Nullable Object> implements CompletionStage<T> {
    abstract Reply<T> self();

    /** The failure itself, without the wrappers of CompletableFuture. */
    public static Throwable unwrapped(Throwable failure) {
        Throwable inner = failure;
        while ((inner instanceof CompletionException || inner instanceof ExecutionException)
                && inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner;
    }

    /** Waits. Throws what it failed with, wrapped in a CompletionException if that is checked. */
    @CanIgnoreReturnValue
    public T join() {
        try {
            return toCompletableFuture().join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }

    /** Waits, at most {@code limit}; the reply is not interrupted when that is over. */
    @CanIgnoreReturnValue
    public T get(Duration limit) throws InterruptedException, ExecutionException, TimeoutException {
        return toCompletableFuture().get(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** A copy; cancelling it interrupts this. */
    @Override
    public CompletableFuture<T> toCompletableFuture() {
        CompletableFuture<T> future = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                boolean cancelled = super.cancel(mayInterruptIfRunning);
                if (cancelled) {
                    self().interrupt(new CancellationException("cancelled by the caller"));
                }
                return cancelled;
            }
        };
        self().onDone((value, failure) -> {
            boolean unused = failure == null ? future.complete(value) : future.completeExceptionally(failure);
        });
        return future;
    }

    @Override
    public <U extends @Nullable Object> Reply<U> thenApply(Function<? super T, ? extends U> fn) {
        return self().map(fn);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(Function<? super T, ? extends U> fn) {
        return toCompletableFuture().thenApplyAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(
            Function<? super T, ? extends U> fn, Executor executor) {
        return toCompletableFuture().thenApplyAsync(fn, executor);
    }

    @Override
    public Reply<Void> thenAccept(Consumer<? super T> fn) {
        return self().map(value -> {
            fn.accept(value);
            return null;
        });
    }

    @Override
    public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> fn) {
        return toCompletableFuture().thenAcceptAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> fn, Executor executor) {
        return toCompletableFuture().thenAcceptAsync(fn, executor);
    }

    @Override
    public Reply<Void> thenRun(Runnable fn) {
        return self().map(value -> {
            fn.run();
            return null;
        });
    }

    @Override
    public CompletionStage<Void> thenRunAsync(Runnable fn) {
        return toCompletableFuture().thenRunAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<Void> thenRunAsync(Runnable fn, Executor executor) {
        return toCompletableFuture().thenRunAsync(fn, executor);
    }

    @Override
    public <U extends @Nullable Object> Reply<U> thenCompose(Function<? super T, ? extends CompletionStage<U>> fn) {
        return self().flatMap(fn);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
            Function<? super T, ? extends CompletionStage<U>> fn) {
        return toCompletableFuture().thenComposeAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
            Function<? super T, ? extends CompletionStage<U>> fn, Executor executor) {
        return toCompletableFuture().thenComposeAsync(fn, executor);
    }

    @Override
    public <U extends @Nullable Object> Reply<U> handle(BiFunction<? super T, Throwable, ? extends U> fn) {
        return self().transform((value, failure) -> Reply.of(fn.apply(value, failure)));
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> handleAsync(
            BiFunction<? super T, Throwable, ? extends U> fn) {
        return toCompletableFuture().handleAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> handleAsync(
            BiFunction<? super T, Throwable, ? extends U> fn, Executor executor) {
        return toCompletableFuture().handleAsync(fn, executor);
    }

    @Override
    public Reply<T> whenComplete(BiConsumer<? super T, ? super Throwable> fn) {
        return self().transform((value, failure) -> {
            fn.accept(value, failure);
            return self();
        });
    }

    @Override
    public CompletionStage<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> fn) {
        return toCompletableFuture().whenCompleteAsync(fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> fn, Executor executor) {
        return toCompletableFuture().whenCompleteAsync(fn, executor);
    }

    @Override
    public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombine(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn) {
        return toCompletableFuture().thenCombine(other, fn);
    }

    @Override
    public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombineAsync(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn) {
        return toCompletableFuture().thenCombineAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombineAsync(
            CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> fn, Executor executor) {
        return toCompletableFuture().thenCombineAsync(other, fn, executor);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBoth(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> fn) {
        return toCompletableFuture().thenAcceptBoth(other, fn);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> fn) {
        return toCompletableFuture().thenAcceptBothAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(
            CompletionStage<? extends U> other, BiConsumer<? super T, ? super U> fn, Executor executor) {
        return toCompletableFuture().thenAcceptBothAsync(other, fn, executor);
    }

    @Override
    public CompletionStage<Void> runAfterBoth(CompletionStage<?> other, Runnable fn) {
        return toCompletableFuture().runAfterBoth(other, fn);
    }

    @Override
    public CompletionStage<Void> runAfterBothAsync(CompletionStage<?> other, Runnable fn) {
        return toCompletableFuture().runAfterBothAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<Void> runAfterBothAsync(CompletionStage<?> other, Runnable fn, Executor executor) {
        return toCompletableFuture().runAfterBothAsync(other, fn, executor);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> applyToEither(
            CompletionStage<? extends T> other, Function<? super T, U> fn) {
        return toCompletableFuture().applyToEither(other, fn);
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(
            CompletionStage<? extends T> other, Function<? super T, U> fn) {
        return toCompletableFuture().applyToEitherAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(
            CompletionStage<? extends T> other, Function<? super T, U> fn, Executor executor) {
        return toCompletableFuture().applyToEitherAsync(other, fn, executor);
    }

    @Override
    public CompletionStage<Void> acceptEither(CompletionStage<? extends T> other, Consumer<? super T> fn) {
        return toCompletableFuture().acceptEither(other, fn);
    }

    @Override
    public CompletionStage<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> fn) {
        return toCompletableFuture().acceptEitherAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<Void> acceptEitherAsync(
            CompletionStage<? extends T> other, Consumer<? super T> fn, Executor executor) {
        return toCompletableFuture().acceptEitherAsync(other, fn, executor);
    }

    @Override
    public CompletionStage<Void> runAfterEither(CompletionStage<?> other, Runnable fn) {
        return toCompletableFuture().runAfterEither(other, fn);
    }

    @Override
    public CompletionStage<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable fn) {
        return toCompletableFuture().runAfterEitherAsync(other, fn, ForkJoinPool.commonPool());
    }

    @Override
    public CompletionStage<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable fn, Executor executor) {
        return toCompletableFuture().runAfterEitherAsync(other, fn, executor);
    }

    @Override
    public Reply<T> exceptionally(Function<Throwable, ? extends T> fn) {
        return self().transform((value, failure) -> failure == null ? self() : Reply.of(fn.apply(failure)));
    }
}
