package io.finback.cli;

import io.finback.runtime.Node;
import io.finback.runtime.StartFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Started nodes of one process, by name, in the order they were planned. Not thread-safe: one thread starts and stops them. */
final class Nodes {
    private static final Logger log = LoggerFactory.getLogger(Nodes.class);
    private static final Duration STOP_TAKES = Duration.ofSeconds(40);

    private final Map<String, Node> started = new LinkedHashMap<>();

    /**
     * Starts all at once, each on a thread of its own (they wait for each other, not for us). Throws the first {@link StartFailure}
     * after every start has ended; what did start is then in here, to be stopped.
     */
    void startAll(Map<String, Supplier<Node>> starts) {
        Map<String, CompletableFuture<Node>> pending = new LinkedHashMap<>();
        starts.forEach((name, start) -> {
            CompletableFuture<Node> future = new CompletableFuture<>();
            pending.put(name, future);
            Thread thread = new Thread(
                    () -> {
                        try {
                            future.complete(start.get());
                        } catch (RuntimeException | Error e) {
                            future.completeExceptionally(e);
                        }
                    },
                    "finback-start-" + name);
            thread.start();
        });
        List<StartFailure> failures = new ArrayList<>();
        pending.forEach((name, future) -> {
            try {
                started.put(name, future.join());
            } catch (CompletionException e) {
                failures.add(failure(name, e));
            }
        });
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    /** Completes when all are ready; fails with {@link StartFailure}. */
    CompletableFuture<Void> ready() {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        started.forEach((name, node) -> all.add(node.ready()
                .exceptionallyCompose(e -> CompletableFuture.failedFuture(failure(name, e)))
                .toCompletableFuture()));
        CompletableFuture<Void> together = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
        // allOf waits for the slowest; a failure should be told at once.
        for (CompletableFuture<Void> each : all) {
            var unused = each.whenComplete((done, e) -> {
                if (e != null) {
                    together.completeExceptionally(e);
                }
            });
        }
        return together;
    }

    /** Completes with {@code name: reason} when the first node ends by itself. */
    CompletableFuture<String> anyTerminated() {
        return anyTerminated(node -> true, end -> {});
    }

    /** As {@link #anyTerminated()}, but the end of a node that is not {@code vital} only goes to {@code told}. */
    CompletableFuture<String> anyTerminated(Predicate<Node> vital, Consumer<String> told) {
        CompletableFuture<String> first = new CompletableFuture<>();
        started.forEach((name, node) -> node.terminated().whenComplete((reason, e) -> {
            String end = name + ": " + (e == null ? reason : String.valueOf(e.getMessage()));
            if (vital.test(node)) {
                first.complete(end);
            } else {
                told.accept(end);
            }
        }));
        return first;
    }

    /** Stops those that match, at the same time, and returns when they have stopped or the limit has passed. */
    void stop(Predicate<Node> which) {
        List<CompletableFuture<?>> stopping = new ArrayList<>();
        started.values().stream()
                .filter(which)
                .forEach(node -> stopping.add(node.stop().toCompletableFuture()));
        try {
            CompletableFuture.allOf(stopping.toArray(CompletableFuture[]::new))
                    .get(STOP_TAKES.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            log.warn("node.stop_failed", e.getCause());
        } catch (TimeoutException e) {
            log.warn("node.stop_timed_out afterSeconds={}", STOP_TAKES.toSeconds());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is expected goes to the screen as it is; anything else leaves its trace in the log and says where. */
    static StartFailure failure(String name, Throwable e) {
        boolean wrapped = e instanceof CompletionException || e instanceof ExecutionException;
        Throwable cause = wrapped && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof StartFailure expected) {
            return expected;
        }
        log.error("node.start_failed name={}", name, cause);
        return new StartFailure(name + ": " + cause + " (its trace is in the log)", cause);
    }
}
