package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Puts something around each session that is made. */
record Sessions<Q extends @Nullable Object, R extends @Nullable Object>(
        ServiceFactory<Q, R> next, UnaryOperator<Service<Q, R>> around) implements ServiceFactory<Q, R> {
    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        return next.acquire(context).map(around);
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
