package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Refuses calls whose deadline is over, but never more than a fifth of them, lest clocks that differ stop everything. Source:
 * twitter/finagle {@code filter/DeadlineFilter.scala}.
 */
final class DeadlineFilter<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private final boolean enforces;
    private final RetryBudget budget = new RetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0.2));
    private final StatsReceiver.Counter exceeded;
    private final StatsReceiver.Counter rejected;
    private final StatsReceiver.Stat transit;
    private final StatsReceiver.Stat budgetLeft;

    DeadlineFilter(boolean enforces, StatsReceiver stats) {
        this.enforces = enforces;
        StatsReceiver scope = stats.scope("admission_control/deadline");
        exceeded = scope.counter("exceeded");
        rejected = scope.counter("rejected");
        transit = scope.stat("transit_latency_ms");
        budgetLeft = scope.stat("deadline_budget_ms");
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        Deadline deadline = context.deadlineOrNull();
        if (deadline == null) {
            return service.apply(request, context);
        }
        long epoch = Deadline.now();
        long now = System.nanoTime();
        budget.deposit(now);
        transit.add(Math.max(0, epoch - deadline.timestampNanos()) / 1_000_000);
        long left = deadline.remainingNanos(epoch);
        budgetLeft.add(Math.max(0, left) / 1_000_000);
        if (left >= 0) {
            return service.apply(request, context);
        }
        exceeded.increment();
        if (budget.tryWithdraw(now)) {
            rejected.increment();
            if (enforces) {
                return Reply.failed(new Failure.DeadlineExceeded(Duration.ofNanos(-left)));
            }
        }
        return service.apply(request, context);
    }
}
