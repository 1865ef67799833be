package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One session for everybody, made when it is first needed and made anew when it is closed; callers that come while it is being made wait
 * for the same one. A session that is no longer wanted is closed when its last call has ended. Finagle's SingletonPool.
 */
final class SharedPool<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    /** A session, and how many hold it: the pool itself is one of them. */
    private final class Held {
        private final Service<Q, R> service;
        private final AtomicInteger holders = new AtomicInteger(1);

        Held(Service<Q, R> service) {
            this.service = service;
        }

        /** False: it is being closed. */
        boolean take() {
            while (true) {
                int now = holders.get();
                if (now == 0) {
                    return false;
                }
                if (holders.compareAndSet(now, now + 1)) {
                    return true;
                }
            }
        }

        void giveBack() {
            if (holders.decrementAndGet() == 0) {
                var unused = service.close(Duration.ZERO);
            }
        }
    }

    private final class Lease extends AtomicBoolean implements Service<Q, R> {
        private static final long serialVersionUID = 1L;

        private final transient Held held;

        Lease(Held held) {
            this.held = held;
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            return held.service.apply(request, context);
        }

        @Override
        public Status status() {
            return held.service.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            if (compareAndSet(false, true)) {
                held.giveBack();
            }
            return Reply.of(null);
        }
    }

    private final ServiceFactory<Q, R> next;
    private final StatsReceiver.Counter failed;
    private final StatsReceiver.Counter dead;
    private volatile @Nullable Held current;
    private @Nullable Reply<Held> making;
    private volatile boolean closed;

    SharedPool(ServiceFactory<Q, R> next, StatsReceiver stats) {
        this.next = next;
        StatsReceiver scope = stats.scope("conn");
        failed = scope.counter("fail");
        dead = scope.counter("dead");
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        Held now = current;
        if (now != null && now.service.status() != Status.CLOSED && now.take()) {
            return Reply.of(new Lease(now));
        }
        return slow(context);
    }

    private Reply<Service<Q, R>> slow(Context context) {
        Reply<Held> wanted;
        boolean mine = false;
        synchronized (this) {
            if (closed) {
                return Reply.failed(new Failure.Closed("pool"));
            }
            Held now = current;
            if (now != null) {
                if (now.service.status() != Status.CLOSED && now.take()) {
                    return Reply.of(new Lease(now));
                }
                current = null;
                dead.increment();
                now.giveBack();
            }
            if (making == null) {
                making = new Reply<>();
                mine = true;
            }
            wanted = making;
        }
        if (mine) {
            next.acquire(context).onDone((service, failure) -> made(wanted, service, failure));
        }
        // A caller that gives up must not take the connection from the others: it waits on a reply of its own.
        Reply<Service<Q, R>> own = new Reply<>();
        own.onInterrupt(own::fail);
        wanted.onDone((held, failure) -> {
            if (failure != null) {
                own.fail(failure);
            } else if (!held.take()) {
                own.fail(new Failure.Closed("session"));
            } else {
                Lease lease = new Lease(held);
                if (!own.complete(lease)) {
                    var unused = lease.close(Duration.ZERO);
                }
            }
        });
        return own;
    }

    private void made(Reply<Held> wanted, Service<Q, R> service, @Nullable Throwable failure) {
        if (failure != null) {
            failed.increment();
            synchronized (this) {
                making = null;
            }
            wanted.fail(failure);
            return;
        }
        Held held = new Held(service);
        boolean late;
        synchronized (this) {
            making = null;
            late = closed;
            if (!late) {
                current = held;
            }
        }
        wanted.complete(held);
        if (late) {
            held.giveBack();
        }
    }

    @Override
    public Status status() {
        if (closed) {
            return Status.CLOSED;
        }
        Held now = current;
        // A closed session is replaced by the next call: the endpoint is as well as what makes sessions.
        return now != null && now.service.status() == Status.BUSY ? Status.BUSY : next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        Held now;
        synchronized (this) {
            closed = true;
            now = current;
            current = null;
        }
        if (now != null) {
            now.giveBack();
        }
        return next.close(grace);
    }
}
