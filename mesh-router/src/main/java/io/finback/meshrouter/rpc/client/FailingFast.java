package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.Timer;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Marks an endpoint whose connection was refused busy, fails whoever takes it all the same, and tries it in the background until it
 * answers. An endpoint that is the only one is never marked. Source: twitter/finagle {@code service/FailFastFactory.scala}.
 */
final class FailingFast<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private static final Backoff PAUSES =
            new Backoff.ExponentialJittered(Duration.ofSeconds(1), Duration.ofSeconds(32));

    /** Netty's, which the library has anyway: SLF4J where there is one, else the JDK's. */
    private static final InternalLogger log = InternalLoggerFactory.getInstance(FailingFast.class);

    private final ServiceFactory<Q, R> next;
    private final String client;
    private final String endpoint;
    private final BooleanSupplier alone;
    private final StatsReceiver.Counter markedDead;
    private final StatsReceiver.Counter markedAvailable;
    private volatile boolean marked;
    private volatile boolean closed;

    /** {@code client}: its label, for the log. */
    FailingFast(String client, String endpoint, BooleanSupplier alone, StatsReceiver stats, ServiceFactory<Q, R> next) {
        this.client = client;
        this.endpoint = endpoint;
        this.alone = alone;
        this.next = next;
        StatsReceiver scope = stats.scope("failfast");
        markedDead = scope.counter("marked_dead");
        markedAvailable = scope.counter("marked_available");
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        if (marked && !alone.getAsBoolean()) {
            return Reply.failed(new Failure.FailedFast(endpoint));
        }
        return next.acquire(context).tapped((service, failure) -> {
            if (failure instanceof Failure.NotConnected && !alone.getAsBoolean()) {
                mark();
            }
        });
    }

    private void mark() {
        synchronized (this) {
            if (marked || closed) {
                return;
            }
            marked = true;
        }
        markedDead.increment();
        log.warn("rpc.endpoint_unreachable client={} endpoint={} next=probe", client, endpoint);
        probeLater(0, Duration.ZERO);
    }

    private void probeLater(int tries, Duration last) {
        Duration pause = PAUSES.next(tries, last, ThreadLocalRandom.current());
        Timer.SHARED.after(pause.toNanos(), () -> {
            if (closed) {
                return;
            }
            next.acquire(Context.EMPTY).onDone((service, failure) -> {
                if (failure != null) {
                    probeLater(tries + 1, pause);
                    return;
                }
                marked = false;
                markedAvailable.increment();
                log.info("rpc.endpoint_reachable client={} endpoint={}", client, endpoint);
                var unused = service.close(Duration.ZERO);
            });
        });
    }

    @Override
    public Status status() {
        return marked && !alone.getAsBoolean() ? Status.worst(Status.BUSY, next.status()) : next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        closed = true;
        return next.close(grace);
    }
}
