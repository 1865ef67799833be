package io.finback.meshrouter.rpc;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions come from: a pool, an endpoint, many endpoints behind a balancer. A session is a {@link Service} that whoever acquired
 * it has to close once, which gives it back. Thread-safe.
 */
public interface ServiceFactory<Q extends @Nullable Object, R extends @Nullable Object> {
    /** A session for the call (or calls) of {@code context}. Interrupting it gives the place in the queue back. */
    Reply<Service<Q, R>> acquire(Context context);

    default Status status() {
        return Status.OPEN;
    }

    /** No session is given any more; those given end by themselves, or after {@code grace}. */
    default CompletionStage<@Nullable Void> close(Duration grace) {
        return Reply.of(null);
    }

    /** One whose every session is {@code service}, which stays open when a session ends. */
    static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> of(Service<Q, R> service) {
        Service<Q, R> session = new Service<>() {
            @Override
            public CompletionStage<R> apply(Q request, Context context) {
                return service.apply(request, context);
            }

            @Override
            public Status status() {
                return service.status();
            }
        };
        Reply<Service<Q, R>> always = Reply.of(session);
        return new ServiceFactory<>() {
            @Override
            public Reply<Service<Q, R>> acquire(Context context) {
                return always;
            }

            @Override
            public Status status() {
                return service.status();
            }

            @Override
            public CompletionStage<@Nullable Void> close(Duration grace) {
                return service.close(grace);
            }
        };
    }
}
