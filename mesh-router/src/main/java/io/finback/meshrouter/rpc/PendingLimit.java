package io.finback.meshrouter.rpc;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Refuses calls beyond a number under way, as not processed: they may go elsewhere. Finagle's PendingRequestFilter. */
public final class PendingLimit<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private final int limit;
    private final StatsReceiver.Counter rejected;
    private final AtomicInteger underWay = new AtomicInteger();

    /** @param limit at least 1 */
    public PendingLimit(int limit, StatsReceiver stats) {
        if (limit < 1) {
            throw new IllegalArgumentException("calls under way: " + limit + " (expected: >= 1)");
        }
        this.limit = limit;
        rejected = stats.counter("pending_requests/rejected");
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        if (underWay.incrementAndGet() > limit) {
            underWay.decrementAndGet();
            rejected.increment();
            return Reply.failed(Failure.rejected("more than " + limit + " calls under way"));
        }
        return service.call(request, context).tapped((response, failure) -> underWay.decrementAndGet());
    }
}
