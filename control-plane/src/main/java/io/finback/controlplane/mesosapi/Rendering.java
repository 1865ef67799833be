package io.finback.controlplane.mesosapi;

import io.finback.controlplane.view.ClusterSnapshot;
import java.lang.ref.SoftReference;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One way to write a snapshot, shared by everybody who asks for it. At any time at most one writing runs; who asks meanwhile
 * gets the next one, together with all the others, and what is then the newest snapshot: an answer is never older than its question,
 * and a hundred pollers cost as much as one. Thread-safe.
 */
final class Rendering {
    private final Supplier<ClusterSnapshot> view;
    private final Function<ClusterSnapshot, Rope> write;
    private final Executor executor;
    private SoftReference<Written> last = new SoftReference<>(null);
    private Optional<CompletableFuture<Written>> running = Optional.empty();
    private Optional<CompletableFuture<Written>> next = Optional.empty();

    Rendering(Supplier<ClusterSnapshot> view, Function<ClusterSnapshot, Rope> write, Executor executor) {
        this.view = view;
        this.write = write;
        this.executor = executor;
    }

    record Written(ClusterSnapshot snapshot, Rope rope) {}

    /** The newest snapshot, written. Fails with 503 when more waits for the executor than it takes. */
    // The same view object, not an equal one: comparing would cost as much as writing.
    @SuppressWarnings("ReferenceEquality")
    synchronized CompletionStage<Written> latest() {
        Written known = last.get();
        if (known != null && known.snapshot() == view.get()) {
            return CompletableFuture.completedFuture(known);
        }
        if (running.isPresent()) {
            CompletableFuture<Written> waiting = next.orElseGet(CompletableFuture::new);
            next = Optional.of(waiting);
            return waiting;
        }
        CompletableFuture<Written> started = new CompletableFuture<>();
        start(started);
        return started;
    }

    private void start(CompletableFuture<Written> future) {
        running = Optional.of(future);
        try {
            executor.execute(() -> run(future));
        } catch (RejectedExecutionException e) {
            running = Optional.empty();
            future.completeExceptionally(ApiFailure.of(503, "too many reads wait; ask again later"));
        }
    }

    private void run(CompletableFuture<Written> future) {
        try {
            ClusterSnapshot snapshot = view.get();
            Written written = new Written(snapshot, write.apply(snapshot));
            done(Optional.of(written));
            future.complete(written);
        } catch (RuntimeException | Error e) {
            // Also when memory runs out: who waits must hear of it, and the next must be able to try.
            done(Optional.empty());
            future.completeExceptionally(e);
        }
    }

    private synchronized void done(Optional<Written> written) {
        written.ifPresent(value -> last = new SoftReference<>(value));
        running = Optional.empty();
        Optional<CompletableFuture<Written>> waiting = next;
        next = Optional.empty();
        waiting.ifPresent(this::start);
    }
}
