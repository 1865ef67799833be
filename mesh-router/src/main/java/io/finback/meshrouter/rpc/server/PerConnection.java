package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A filter of its own for each session. */
record PerConnection<Q extends @Nullable Object, R extends @Nullable Object>(
        ServiceFactory<Q, R> next, Supplier<Filter.Simple<Q, R>> filter) implements ServiceFactory<Q, R> {
    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        return next.acquire(context).map(session -> filter.get().andThen(session));
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
