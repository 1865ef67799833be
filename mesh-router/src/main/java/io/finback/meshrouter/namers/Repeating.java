package io.finback.meshrouter.namers;

import io.finback.meshrouter.resilience.Backoff;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that is done again and again, with pauses that grow while it fails, and how many of it there is. Thread-safe. */
final class Repeating {
    private static final Logger log = LoggerFactory.getLogger(Repeating.class);

    private final ScheduledExecutorService executor;
    private final Set<Again> loops = ConcurrentHashMap.newKeySet();
    private final LongAdder failed = new LongAdder();

    Repeating(ScheduledExecutorService executor) {
        this.executor = executor;
    }

    /**
     * Begins to do {@code step}: again after the pause it names, and after one of {@code backoff} when it fails.
     *
     * @param what it is, for the log
     * @param step is given what to call when something good has come, before the step is over; completes with the pause before the next; its
     *     future is cancelled when the loop is closed
     */
    AutoCloseable begin(String what, Backoff backoff, Function<Runnable, CompletableFuture<Duration>> step) {
        Again loop = new Again(what, backoff, step);
        loops.add(loop);
        executor.execute(loop);
        return loop;
    }

    /** Loops there are now. */
    int count() {
        return loops.size();
    }

    /** Of these, those whose last try failed. */
    long failing() {
        return loops.stream().filter(loop -> loop.failures > 0).count();
    }

    /** Tries that failed, ever. */
    long failures() {
        return failed.sum();
    }

    private final class Again implements Runnable, AutoCloseable {
        private final String what;
        private final Backoff backoff;
        private final Function<Runnable, CompletableFuture<Duration>> step;
        private volatile boolean closed;
        private volatile @Nullable CompletableFuture<Duration> running;
        private volatile int failures;
        private Duration pause = Duration.ZERO;

        Again(String what, Backoff backoff, Function<Runnable, CompletableFuture<Duration>> step) {
            this.what = what;
            this.backoff = backoff;
            this.step = step;
        }

        @Override
        public void run() {
            if (closed) {
                return;
            }
            CompletableFuture<Duration> now;
            try {
                now = step.apply(this::works);
            } catch (RuntimeException e) {
                now = CompletableFuture.failedFuture(e);
            }
            running = now;
            if (closed) {
                // Closed since it was asked above: nobody else ends this step.
                now.cancel(true);
            }
            var next = now.whenComplete((pause, failure) -> {
                if (!closed) {
                    schedule(failure == null ? succeeded(pause) : failed(failure));
                }
            });
            Objects.requireNonNull(next);
        }

        private void works() {
            if (failures > 0) {
                log.info("namer.works_again what={}", what);
            }
            failures = 0;
        }

        private Duration succeeded(Duration next) {
            works();
            return next;
        }

        private Duration failed(Throwable failure) {
            if (failures == 0) {
                log.warn(
                        "namer.watch_failed what={} reason={} next=keep_what_is_known_and_retry",
                        what,
                        Streams.reason(failure));
            }
            failed.increment();
            pause = backoff.next(failures, pause, ThreadLocalRandom.current());
            failures = Math.min(failures + 1, 1_000);
            return pause;
        }

        private void schedule(Duration pause) {
            if (!executor.isShutdown()) {
                var soon = executor.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
                Objects.requireNonNull(soon);
            }
        }

        @Override
        public void close() {
            closed = true;
            loops.remove(this);
            CompletableFuture<Duration> current = running;
            if (current != null) {
                current.cancel(true);
            }
        }
    }
}
