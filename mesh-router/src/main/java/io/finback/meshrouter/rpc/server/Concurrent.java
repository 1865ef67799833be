package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Lets so many calls through at a time; some more wait in order, and the rest is refused as not processed. Finagle's RequestSemaphoreFilter. */
final class Concurrent<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private final int max;
    private final int maxWaiters;
    private final StatsReceiver.Counter rejected;
    private final ArrayDeque<Reply<@Nullable Void>> waiters = new ArrayDeque<>();
    private int underWay;

    Concurrent(ServerParams.Concurrency limit, StatsReceiver stats) {
        max = limit.max();
        maxWaiters = limit.waiters();
        rejected = stats.counter("pending_requests/rejected");
        stats.gauge("request_concurrency", () -> underWay);
        stats.gauge("request_queue_size", waiters::size);
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        Reply<@Nullable Void> turn;
        synchronized (this) {
            if (underWay < max) {
                underWay++;
                turn = null;
            } else if (waiters.size() < maxWaiters) {
                turn = new Reply<>();
                waiters.add(turn);
            } else {
                rejected.increment();
                return Reply.failed(Failure.rejected("max waiters exceeded: " + max + " calls under way"));
            }
        }
        if (turn == null) {
            return service.call(request, context).tapped((response, failure) -> next());
        }
        Reply<@Nullable Void> mine = turn;
        mine.onInterrupt(why -> {
            if (forget(mine)) {
                mine.fail(why);
            }
        });
        return mine.flatMap(now -> service.call(request, context).tapped((response, failure) -> next()));
    }

    private synchronized boolean forget(Reply<@Nullable Void> waiter) {
        return waiters.remove(waiter);
    }

    private void next() {
        Reply<@Nullable Void> waiter;
        synchronized (this) {
            waiter = waiters.poll();
            if (waiter == null) {
                underWay--;
            }
        }
        if (waiter != null) {
            waiter.complete(null);
        }
    }
}
