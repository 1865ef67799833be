package io.finback.meshrouter.rpc;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A session that ends when it is old, or when it has had no call for a while: it is closed for new calls at once, and closed for good when
 * those under way have ended. Source: twitter/finagle {@code service/ExpiringService.scala}.
 */
public final class Expiring<Q extends @Nullable Object, R extends @Nullable Object> implements Service<Q, R> {
    private final Service<Q, R> service;
    private final long idleNanos;
    private final StatsReceiver.Counter idled;
    private final StatsReceiver.Counter aged;
    private int underWay;
    private long lastEnd = System.nanoTime();
    private volatile boolean expired;
    private boolean ended;

    private Expiring(Service<Q, R> service, long idleNanos, StatsReceiver stats) {
        this.service = service;
        this.idleNanos = idleNanos;
        idled = stats.counter("idle");
        aged = stats.counter("lifetime");
    }

    /** {@code service} itself when there is no limit. */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Service<Q, R> of(
            Service<Q, R> service, Optional<Duration> lifeTime, Optional<Duration> idleTime, StatsReceiver stats) {
        if (lifeTime.isEmpty() && idleTime.isEmpty()) {
            return service;
        }
        Expiring<Q, R> expiring =
                new Expiring<>(service, idleTime.map(Duration::toNanos).orElse(Long.MAX_VALUE), stats);
        lifeTime.ifPresent(limit -> Timer.SHARED.after(limit.toNanos(), () -> expiring.expire(expiring.aged)));
        idleTime.ifPresent(limit -> expiring.watch(limit.toNanos()));
        return expiring;
    }

    private void watch(long nanos) {
        Timer.SHARED.after(nanos, () -> {
            long left;
            synchronized (this) {
                if (expired) {
                    return;
                }
                left = underWay > 0 ? idleNanos : lastEnd + idleNanos - System.nanoTime();
            }
            if (left <= 0) {
                expire(idled);
            } else {
                watch(left);
            }
        });
    }

    private void expire(StatsReceiver.Counter why) {
        boolean now;
        synchronized (this) {
            if (expired) {
                return;
            }
            expired = true;
            now = underWay == 0 && !ended;
            ended |= now;
        }
        why.increment();
        if (now) {
            var unused = service.close(Duration.ZERO);
        }
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context) {
        synchronized (this) {
            if (expired) {
                return Reply.failed(new Failure.Closed("session"));
            }
            underWay++;
        }
        return service.call(request, context).tapped((response, failure) -> finished());
    }

    private void finished() {
        boolean now;
        synchronized (this) {
            underWay--;
            lastEnd = System.nanoTime();
            now = expired && underWay == 0 && !ended;
            ended |= now;
        }
        if (now) {
            var unused = service.close(Duration.ZERO);
        }
    }

    @Override
    public Status status() {
        return expired ? Status.CLOSED : service.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        synchronized (this) {
            expired = true;
            ended = true;
        }
        return service.close(grace);
    }
}
