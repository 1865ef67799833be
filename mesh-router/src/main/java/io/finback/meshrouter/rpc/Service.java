package io.finback.meshrouter.rpc;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something that can be called: an application behind a server, or a client's way to one. Thread-safe.
 *
 * <p>Implementations write {@link #apply}; callers use {@link #call}, which never throws and whose reply can be interrupted. A service
 * that returns a plain {@code CompletableFuture} has it cancelled when nobody waits any more.
 */
@FunctionalInterface
public interface Service<Q extends @Nullable Object, R extends @Nullable Object> {
    /** Begins one call. {@code context}: what travels with it; pass it on to the calls this one makes. */
    CompletionStage<R> apply(Q request, Context context);

    /** {@link #apply}, with what it throws as the failure. */
    default Reply<R> call(Q request, Context context) {
        try {
            return Reply.from(apply(request, context));
        } catch (Throwable e) {
            return Reply.failed(e);
        }
    }

    /** A call that belongs to no other. */
    default Reply<R> call(Q request) {
        return call(request, Context.EMPTY);
    }

    /** Whether it should be called now. */
    default Status status() {
        return Status.OPEN;
    }

    /** Ends it: of a session of a factory, gives it back; else closes, after calls under way or {@code grace}. */
    default CompletionStage<@Nullable Void> close(Duration grace) {
        return Reply.of(null);
    }

    /** One that answers at once, and ignores what travels with calls. */
    static <Q extends @Nullable Object, R extends @Nullable Object> Service<Q, R> of(
            Function<? super Q, ? extends R> f) {
        return (request, context) -> Reply.of(f.apply(request));
    }
}
