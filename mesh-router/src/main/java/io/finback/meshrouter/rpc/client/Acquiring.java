package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.TimeoutFilter;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Bounds how long the acquisition of a session takes. Finagle's TimeoutFactory. */
final class Acquiring<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private final String what;
    private final Duration limit;
    private final long flags;
    private final BooleanSupplier applies;
    private final String label;
    private final ServiceFactory<Q, R> next;

    /**
     * @param flags of the failure
     * @param applies asked for each acquisition
     */
    Acquiring(
            String what,
            Duration limit,
            long flags,
            BooleanSupplier applies,
            Params params,
            ServiceFactory<Q, R> next) {
        this.what = what;
        this.limit = limit;
        this.flags = flags;
        this.applies = applies;
        this.label = params.get(Common.LABEL);
        this.next = next;
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        if (!applies.getAsBoolean()) {
            return next.acquire(context);
        }
        Reply<Service<Q, R>> session = next.acquire(context);
        Reply<Service<Q, R>> limited = TimeoutFilter.limited(session, limit, what, label, flags);
        if (!limited.isDone()) {
            // One that comes too late must not be lost to the pool.
            session.onDone((service, failure) -> {
                if (failure == null && limited.failure() != null) {
                    var unused = service.close(Duration.ZERO);
                }
            });
        }
        return limited;
    }

    @Override
    public Status status() {
        return next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        return next.close(grace);
    }
}
