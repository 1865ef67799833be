package io.finback.meshrouter.rpc;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What stands before a service: sees every call and its answer, may change either, call twice, or not at all. Thread-safe.
 *
 * @param <Q> what it takes
 * @param <R> what it answers
 * @param <Q2> what the service behind it takes
 * @param <R2> what the service behind it answers
 */
@FunctionalInterface
public interface Filter<
        Q extends @Nullable Object,
        R extends @Nullable Object,
        Q2 extends @Nullable Object,
        R2 extends @Nullable Object> {
    CompletionStage<R> apply(Q request, Context context, Service<Q2, R2> service);

    /** A filter that changes no types. */
    @FunctionalInterface
    interface Simple<Q extends @Nullable Object, R extends @Nullable Object> extends Filter<Q, R, Q, R> {}

    /** This one outside, {@code service} inside. */
    default Service<Q, R> andThen(Service<Q2, R2> service) {
        Filter<Q, R, Q2, R2> filter = this;
        return new Service<>() {
            @Override
            public CompletionStage<R> apply(Q request, Context context) {
                return filter.apply(request, context, service);
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

    /** This one outside, {@code inner} inside. */
    default <Q3 extends @Nullable Object, R3 extends @Nullable Object> Filter<Q, R, Q3, R3> andThen(
            Filter<Q2, R2, Q3, R3> inner) {
        return (request, context, service) -> apply(request, context, inner.andThen(service));
    }

    /** This one before every session of {@code factory}. */
    default ServiceFactory<Q, R> andThen(ServiceFactory<Q2, R2> factory) {
        Filter<Q, R, Q2, R2> filter = this;
        return new ServiceFactory<>() {
            @Override
            public Reply<Service<Q, R>> acquire(Context context) {
                return factory.acquire(context).map(filter::andThen);
            }

            @Override
            public Status status() {
                return factory.status();
            }

            @Override
            public CompletionStage<@Nullable Void> close(Duration grace) {
                return factory.close(grace);
            }
        };
    }
}
