package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** {@code service_creation/service_acquisition_latency_ms} and {@code service_creation/failures}. */
final class AcquisitionStats<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private final StatsReceiver.Stat latency;
    private final StatsReceiver.Counter failures;
    private final ServiceFactory<Q, R> next;

    AcquisitionStats(StatsReceiver stats, ServiceFactory<Q, R> next) {
        this.next = next;
        StatsReceiver scope = stats.scope("service_creation");
        latency = scope.stat("service_acquisition_latency_ms");
        failures = scope.counter("failures");
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        Reply<Service<Q, R>> session = next.acquire(context);
        if (session.isSuccess()) {
            latency.add(0);
            return session;
        }
        long start = System.nanoTime();
        return session.tapped((service, failure) -> {
            if (failure == null) {
                latency.add((System.nanoTime() - start) / 1_000_000);
            } else {
                failures.increment();
            }
        });
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
