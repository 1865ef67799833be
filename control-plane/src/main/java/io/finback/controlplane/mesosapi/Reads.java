package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Principal;
import io.finback.security.Rules;
import io.finback.security.Sight;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/** Where answers out of the view are written: threads of their own, few, with a bounded number of answers waiting; and who may see what. Thread-safe. */
final class Reads {
    private final Supplier<ClusterSnapshot> view;
    private final Executor threads;
    private final int mostWaiting;
    private final Rules rules;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();

    Reads(Supplier<ClusterSnapshot> view, Executor threads, int mostWaiting, Rules rules) {
        this.view = view;
        this.threads = threads;
        this.mostWaiting = mostWaiting;
        this.rules = rules;
    }

    /** What who asks may see. */
    Sight sight(HttpRequest request) {
        return sight(Guard.principal(request));
    }

    /** As the rules are now. */
    Sight sight(Optional<Principal> principal) {
        return rules.sight(principal);
    }

    /** 403 for what is seen as a whole or not at all. */
    void require(HttpRequest request, Action action, String object) {
        if (!rules.allows(Guard.principal(request), action, object)) {
            throw ApiFailure.of(403, "not allowed to " + action.key());
        }
    }

    /** The view as it is. */
    ClusterSnapshot now() {
        return view.get();
    }

    /** The view once it is whole; before, 503 as Mesos. */
    ClusterSnapshot whole() {
        ClusterSnapshot snapshot = view.get();
        if (!snapshot.complete()) {
            throw ApiFailure.of(503, "Master has not finished recovery");
        }
        return snapshot;
    }

    void checkWhole() {
        var unused = whole();
    }

    Rendering rendering(Function<ClusterSnapshot, Rope> write) {
        return new Rendering(view, write, this::execute);
    }

    /** Does some work of reading away from the caller. */
    <T> CompletionStage<T> run(Supplier<T> work) {
        CompletableFuture<T> future = new CompletableFuture<>();
        try {
            execute(() -> {
                try {
                    future.complete(work.get());
                } catch (RuntimeException e) {
                    future.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            future.completeExceptionally(ApiFailure.of(503, "too many reads wait; ask again later"));
        }
        return future;
    }

    int waiting() {
        return waiting.get();
    }

    long refused() {
        return refused.get();
    }

    private void execute(Runnable work) {
        if (waiting.incrementAndGet() > mostWaiting) {
            waiting.decrementAndGet();
            refused.incrementAndGet();
            throw new RejectedExecutionException("reads");
        }
        threads.execute(() -> {
            waiting.decrementAndGet();
            work.run();
        });
    }
}
