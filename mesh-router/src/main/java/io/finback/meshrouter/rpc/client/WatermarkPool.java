package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of one endpoint, one call at a time on each: at most {@code high}, of which {@code low} are kept for ever and the others for
 * {@code idle}; callers beyond that wait in order. The one used last is used next, so that those not needed grow old. Source:
 * twitter/finagle {@code pool/{WatermarkPool,CachingPool}.scala}, both in one.
 */
final class WatermarkPool<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private static final long SWEEP_NANOS = Duration.ofSeconds(1).toNanos();

    private record Idle<Q extends @Nullable Object, R extends @Nullable Object>(Service<Q, R> service, long since) {}

    private final ServiceFactory<Q, R> next;
    private final ClientParams.Pool settings;
    private final StatsReceiver stats;
    private final Map<String, DoubleSupplier> gauges;
    private final StatsReceiver.Counter tooMany;
    private final StatsReceiver.Counter waited;
    private final ArrayDeque<Idle<Q, R>> idle = new ArrayDeque<>();
    private final ArrayDeque<Reply<Service<Q, R>>> waiters = new ArrayDeque<>();
    private int size;
    private boolean closed;
    private boolean sweeping;

    WatermarkPool(ClientParams.Pool settings, ServiceFactory<Q, R> next, StatsReceiver stats) {
        this.settings = settings;
        this.next = next;
        tooMany = stats.counter("pool_num_too_many_waiters");
        waited = stats.counter("pool_num_waited");
        this.stats = stats;
        gauges = Map.of("pool_size", () -> size, "pool_waiters", waiters::size, "pool_cached", idle::size);
        gauges.forEach(stats::gauge);
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        List<Service<Q, R>> stale = new ArrayList<>();
        Reply<Service<Q, R>> reply;
        synchronized (this) {
            if (closed) {
                return Reply.failed(new Failure.Closed("pool"));
            }
            Service<Q, R> found = poll(stale);
            if (found != null) {
                reply = Reply.of(new Lease(found));
            } else if (size < settings.high()) {
                size++;
                reply = null;
            } else if (waiters.size() >= settings.maxWaiters()) {
                tooMany.increment();
                reply = Reply.failed(new Failure.TooManyWaiters(settings.maxWaiters()));
            } else {
                waited.increment();
                Reply<Service<Q, R>> waiter = new Reply<>();
                waiters.add(waiter);
                waiter.onInterrupt(why -> {
                    forget(waiter);
                    waiter.fail(why);
                });
                reply = waiter;
            }
        }
        closeAll(stale);
        return reply != null ? reply : create(context);
    }

    private Reply<Service<Q, R>> create(Context context) {
        return next.acquire(context).transform((service, failure) -> {
            if (failure != null) {
                disposed(context);
                return Reply.failed(failure);
            }
            return Reply.of(new Lease(service));
        });
    }

    /** One session less: somebody who waits may have one made. */
    private void disposed(Context context) {
        Reply<Service<Q, R>> waiter;
        synchronized (this) {
            waiter = waiters.poll();
            if (waiter == null) {
                size--;
            }
        }
        if (waiter != null) {
            hand(waiter, create(context));
        }
    }

    private void hand(Reply<Service<Q, R>> waiter, Reply<Service<Q, R>> session) {
        session.onDone((service, failure) -> {
            boolean taken = failure == null ? waiter.complete(service) : waiter.fail(failure);
            if (!taken && failure == null) {
                var unused = service.close(Duration.ZERO);
            }
        });
    }

    private void release(Service<Q, R> service) {
        if (service.status() == Status.CLOSED) {
            var unused = service.close(Duration.ZERO);
            disposed(Context.EMPTY);
            return;
        }
        Reply<Service<Q, R>> waiter;
        boolean kept = false;
        synchronized (this) {
            waiter = waiters.poll();
            if (waiter == null) {
                kept = !closed
                        && (size <= settings.low()
                                || settings.idle().map(time -> !time.isZero()).orElse(true));
                if (kept) {
                    idle.addLast(new Idle<>(service, System.nanoTime()));
                    sweepLater();
                } else {
                    size--;
                }
            }
        }
        if (waiter != null) {
            hand(waiter, Reply.of(new Lease(service)));
        } else if (!kept) {
            var unused = service.close(Duration.ZERO);
        }
    }

    private @Nullable Service<Q, R> poll(List<Service<Q, R>> stale) {
        for (Idle<Q, R> entry = idle.pollLast(); entry != null; entry = idle.pollLast()) {
            if (entry.service().status() == Status.OPEN) {
                return entry.service();
            }
            stale.add(entry.service());
            size--;
        }
        return null;
    }

    private synchronized void forget(Reply<Service<Q, R>> waiter) {
        waiters.remove(waiter);
    }

    private void sweepLater() {
        if (!sweeping && settings.idle().isPresent()) {
            sweeping = true;
            long time = Math.min(SWEEP_NANOS, settings.idle().get().toNanos());
            Timer.SHARED.after(time, this::sweep);
        }
    }

    private void sweep() {
        List<Service<Q, R>> stale = new ArrayList<>();
        synchronized (this) {
            sweeping = false;
            long now = System.nanoTime();
            long limit = settings.idle().map(Duration::toNanos).orElse(Long.MAX_VALUE);
            while (size > settings.low()
                    && !idle.isEmpty()
                    && now - idle.getFirst().since() >= limit) {
                stale.add(idle.removeFirst().service());
                size--;
            }
            if (size > settings.low() && !idle.isEmpty()) {
                sweepLater();
            }
        }
        closeAll(stale);
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> void closeAll(
            List<Service<Q, R>> services) {
        for (Service<Q, R> service : services) {
            var unused = service.close(Duration.ZERO);
        }
    }

    @Override
    public synchronized Status status() {
        return closed ? Status.CLOSED : next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        List<Service<Q, R>> all = new ArrayList<>();
        List<Reply<Service<Q, R>>> waiting;
        synchronized (this) {
            closed = true;
            idle.forEach(entry -> all.add(entry.service()));
            size -= idle.size();
            idle.clear();
            waiting = new ArrayList<>(waiters);
            waiters.clear();
        }
        gauges.forEach(stats::removeGauge);
        closeAll(all);
        waiting.forEach(waiter -> waiter.fail(new Failure.Closed("pool")));
        return next.close(grace);
    }

    private final class Lease extends AtomicBoolean implements Service<Q, R> {
        private static final long serialVersionUID = 1L;

        private final transient Service<Q, R> service;

        Lease(Service<Q, R> service) {
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
            if (compareAndSet(false, true)) {
                release(service);
            }
            return Reply.of(null);
        }
    }
}
