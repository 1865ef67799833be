package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A service that acquires a session for each call, and gives it back behind the answer. Finagle's FactoryToService. */
final class PerCall<Q extends @Nullable Object, R extends @Nullable Object> implements Service<Q, R> {
    private final ServiceFactory<Q, R> factory;

    PerCall(ServiceFactory<Q, R> factory) {
        this.factory = factory;
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context) {
        Reply<Service<Q, R>> session = factory.acquire(context);
        return session.isSuccess()
                ? call(session.value(), request, context)
                : session.flatMap(service -> call(service, request, context));
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Reply<R> call(
            Service<Q, R> session, Q request, Context context) {
        return session.call(request, context).tapped((response, failure) -> {
            var unused = session.close(Duration.ZERO);
        });
    }

    @Override
    public Status status() {
        return factory.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        return factory.close(grace);
    }
}
