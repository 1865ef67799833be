package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.Timer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Closing waits until the sessions that were given have come back, or for the grace. Finagle's RefcountedFactory. */
final class Draining<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private final ServiceFactory<Q, R> next;
    private final LongAdder given = new LongAdder();
    private final LongAdder returned = new LongAdder();
    private final Reply<@Nullable Void> drained = new Reply<>();
    private volatile boolean closing;

    Draining(ServiceFactory<Q, R> next) {
        this.next = next;
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        given.increment();
        // Counted before it is looked whether it is closed, so that closing cannot miss it.
        if (closing) {
            back();
            return Reply.failed(new Failure.Closed("client"));
        }
        Reply<Service<Q, R>> session = next.acquire(context);
        if (session.isSuccess()) {
            return Reply.of(new Counted(session.value()));
        }
        return session.transform((service, failure) -> {
            if (failure == null) {
                return Reply.of(new Counted(service));
            }
            back();
            return Reply.failed(failure);
        });
    }

    private void back() {
        returned.increment();
        if (closing && returned.sum() == given.sum()) {
            drained.complete(null);
        }
    }

    @Override
    public Status status() {
        return closing ? Status.CLOSED : next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        closing = true;
        if (returned.sum() == given.sum()) {
            drained.complete(null);
        } else {
            Timer.Task task = Timer.SHARED.after(grace.toNanos(), () -> drained.complete(null));
            drained.onDone((done, failure) -> task.cancel());
        }
        return drained.transform((done, failure) -> next.close(Duration.ZERO));
    }

    private final class Counted extends AtomicBoolean implements Service<Q, R> {
        private static final long serialVersionUID = 1L;

        private final transient Service<Q, R> service;

        Counted(Service<Q, R> service) {
            this.service = service;
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            return service.apply(request, context);
        }

        @Override
        public Status status() {
            return service.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            if (!compareAndSet(false, true)) {
                return Reply.of(null);
            }
            CompletionStage<@Nullable Void> closed = service.close(grace);
            back();
            return closed;
        }
    }
}
