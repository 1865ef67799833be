package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.Node;
import io.finback.meshrouter.balance.PeakEwma;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One endpoint as a balancer sees it: its load from the acquisition of a session until it is given back. */
final class EndpointNode<Q extends @Nullable Object, R extends @Nullable Object> implements Node {
    private final Address address;
    private final ServiceFactory<Q, R> factory;
    private final AtomicInteger outstanding = new AtomicInteger();
    private final AtomicBoolean ahead = new AtomicBoolean();
    private final @Nullable PeakEwma ewma;

    EndpointNode(Balancer.Spec spec, Address address, ServiceFactory<Q, R> factory) {
        this.address = address;
        this.factory = factory;
        ewma = spec.metric() == Balancer.Metric.PEAK_EWMA ? new PeakEwma(spec.decay()) : null;
    }

    Reply<Service<Q, R>> acquire(Context context, long now) {
        begin();
        Reply<Service<Q, R>> session = factory.acquire(context);
        if (session.isSuccess()) {
            return Reply.of(new Lent(session.value(), now));
        }
        return session.transform((service, failure) -> {
            if (failure == null) {
                return Reply.of(new Lent(service, now));
            }
            end(now);
            return Reply.failed(failure);
        });
    }

    /** Opens a session that the pool keeps, once for this endpoint; one that cannot be opened is what a call would have met. */
    void connectAhead(long now) {
        if (!ahead.compareAndSet(false, true)) {
            return;
        }
        acquire(Context.EMPTY, now).onDone((session, failure) -> {
            if (failure == null) {
                var unused = session.close(Duration.ZERO);
            }
        });
    }

    private void begin() {
        outstanding.getAndIncrement();
        if (ewma != null) {
            ewma.start();
        }
    }

    private void end(long began) {
        outstanding.getAndDecrement();
        if (ewma != null) {
            long now = System.nanoTime();
            ewma.end(now - began, now);
        }
    }

    Status status() {
        return factory.status();
    }

    @Override
    public boolean isOpen(long now) {
        return factory.status() == Status.OPEN;
    }

    @Override
    public double load(long now) {
        return ewma == null ? outstanding.get() : ewma.load(now);
    }

    @Override
    public double weight() {
        return address.weight();
    }

    /** By this deterministic apertures of several processes agree on an order. */
    @Override
    public String toString() {
        return address.toString();
    }

    CompletionStage<@Nullable Void> close(Duration grace) {
        return factory.close(grace);
    }

    private final class Lent extends AtomicBoolean implements Service<Q, R> {
        private static final long serialVersionUID = 1L;

        private final transient Service<Q, R> service;
        private final long began;

        Lent(Service<Q, R> service, long began) {
            this.service = service;
            this.began = began;
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            return get() ? Reply.failed(new Failure.Closed("session")) : service.apply(request, context);
        }

        @Override
        public Status status() {
            return get() ? Status.CLOSED : service.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            if (!compareAndSet(false, true)) {
                return Reply.of(null);
            }
            end(began);
            return service.close(grace);
        }
    }
}
