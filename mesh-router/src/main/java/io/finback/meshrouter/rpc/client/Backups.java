package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.LatencyWindow;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Timer;
import io.finback.meshrouter.rpc.Verdict;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends a second copy of a call that takes longer than most, and takes the answer that comes first. For calls that may be made twice.
 * "Longer than most": longer than the share of calls that is to have no copy, of late. Source: twitter/finagle
 * {@code client/BackupRequestFilter.scala}.
 */
final class Backups<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** Which failures mean that the other copy won. */
    static final String SUPERSEDED = "Request was superseded by another in BackupRequestFilter";

    private final double maxExtraLoad;
    private final Verdict.Classifier<Q, R> classifier;
    private final Consumer<@Nullable Object> discard;
    private final RetryBudget budget;
    private final LatencyWindow window = new LatencyWindow(WINDOW, System.nanoTime());
    private final StatsReceiver.Counter sent;
    private final StatsReceiver.Counter won;
    private final StatsReceiver.Counter exhausted;
    private volatile long after;
    private volatile long refreshed = System.nanoTime() - REFRESH_NANOS;

    /** @param maxExtraLoad above 0, below 1 */
    Backups(
            double maxExtraLoad,
            Verdict.Classifier<Q, R> classifier,
            Consumer<@Nullable Object> discard,
            StatsReceiver stats) {
        this.discard = discard;
        if (!(maxExtraLoad > 0 && maxExtraLoad < 1)) {
            throw new IllegalArgumentException("backup requests: " + maxExtraLoad + " (expected: > 0 and < 1)");
        }
        this.maxExtraLoad = maxExtraLoad;
        this.classifier = classifier;
        budget = new RetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, maxExtraLoad));
        StatsReceiver scope = stats.scope("backups");
        sent = scope.counter("backups_sent");
        won = scope.counter("backups_won");
        exhausted = scope.counter("budget_exhausted");
        scope.gauge("send_backup_after_ms", () -> TimeUnit.NANOSECONDS.toMillis(after));
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        long start = System.nanoTime();
        budget.deposit(start);
        Reply<R> first = service.call(request, context);
        long wait = threshold(start);
        first.onDone((response, failure) -> {
            if (!Failure.ignorable(failure)) {
                long now = System.nanoTime();
                window.record(now - start, now);
            }
        });
        if (first.isDone() || wait == 0) {
            return first;
        }
        return new Race(request, context, service, first).begin(wait);
    }

    /** 0: not known yet. */
    private long threshold(long now) {
        if (now - refreshed >= REFRESH_NANOS || after == 0) {
            refreshed = now;
            long percentile = window.percentile(1 - maxExtraLoad);
            after = percentile == 0 ? 0 : Math.max(LEAST_NANOS, percentile);
        }
        return after;
    }

    private final class Race {
        private final Q request;
        private final Context context;
        private final Service<Q, R> service;
        private final Reply<R> first;
        private final Reply<R> out = new Reply<>();
        private volatile @Nullable Reply<R> second;
        private volatile @Nullable Throwable firstFailure;

        Race(Q request, Context context, Service<Q, R> service, Reply<R> first) {
            this.request = request;
            this.context = context;
            this.service = service;
            this.first = first;
        }

        Reply<R> begin(long wait) {
            Timer.Task task = Timer.SHARED.after(wait, this::sendSecond);
            out.onInterrupt(why -> {
                task.cancel();
                first.interrupt(why);
                Reply<R> backup = second;
                if (backup != null) {
                    backup.interrupt(why);
                }
            });
            first.onDone((response, failure) -> {
                task.cancel();
                ended(first, response, failure);
            });
            return out;
        }

        private void sendSecond() {
            if (out.isDone()) {
                return;
            }
            if (!budget.tryWithdraw(System.nanoTime())) {
                exhausted.increment();
                return;
            }
            sent.increment();
            Reply<R> backup = service.call(request, context.asBackup());
            second = backup;
            if (out.isDone()) {
                backup.interrupt(superseded());
            }
            backup.onDone((response, failure) -> ended(backup, response, failure));
        }

        @SuppressWarnings("ReferenceEquality") // which of the two
        private void ended(Reply<R> which, R response, @Nullable Throwable failure) {
            Reply<R> backup = second;
            Reply<R> other = which == first ? backup : first;
            boolean good = classifier.classify(request, response, failure) == Verdict.SUCCESS;
            if (!good && other != null && !other.isDone()) {
                firstFailure = failure;
                if (failure == null) {
                    discard.accept(response);
                }
                return;
            }
            boolean mine = failure == null ? out.complete(response) : out.fail(failure);
            if (!mine && failure == null) {
                discard.accept(response);
            }
            if (mine && other != null) {
                if (which != first) {
                    won.increment();
                }
                other.interrupt(superseded());
            }
        }

        private Failure superseded() {
            return new Failure(SUPERSEDED, Failure.IGNORABLE | Failure.INTERRUPTED, firstFailure);
        }
    }
}
