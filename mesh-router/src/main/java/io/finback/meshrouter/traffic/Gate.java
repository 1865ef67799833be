package io.finback.meshrouter.traffic;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;

/** How much one listener has let in, of what it may, and whether it still does. Thread-safe. */
public final class Gate {
    private final int maxConnections;
    private final int maxConcurrent;
    private final Stats stats = new Stats();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger concurrent = new AtomicInteger();
    private final LongAdder refused = new LongAdder();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    /**
     * @param maxConnections of clients at once
     * @param maxConcurrent requests under way at once
     */
    public Gate(int maxConnections, int maxConcurrent) {
        this.maxConnections = maxConnections;
        this.maxConcurrent = maxConcurrent;
    }

    /** What listens, or IOException: the address cannot be bound. */
    public static <T> T bound(Supplier<T> listening) throws IOException {
        try {
            return listening.get();
        } catch (IllegalStateException e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(why.getMessage()), e);
        }
    }

    /** One more connection: by how many there are too many now; 0: it is welcome. One that is not is counted as refused. */
    public int connected() {
        int over = connections.incrementAndGet() - maxConnections;
        if (over > 0) {
            refused.increment();
        }
        return Math.max(0, over);
    }

    public void disconnected() {
        connections.decrementAndGet();
    }

    /** What a client is told whose connection is one too many. */
    public String tooManyConnections() {
        return "more than " + maxConnections + " connections (limits.max-connections); try again later";
    }

    /** A request is under way; false: it is one too many, and counts until it has {@link #ended} all the same. */
    public boolean began() {
        return concurrent.incrementAndGet() <= maxConcurrent;
    }

    public void ended() {
        concurrent.decrementAndGet();
    }

    public boolean isFull() {
        return concurrent.get() > maxConcurrent;
    }

    /** What a client is told whose request is one too many. */
    public ErrorAnswer tooManyRequests() {
        return ErrorAnswer.nack("more than " + maxConcurrent + " requests at once (servers.maxConcurrentRequests)");
    }

    public boolean isStopping() {
        return stopping.get();
    }

    /** Runs {@code drain} once; the stage ends when what that returns has ended, well or not. */
    CompletionStage<Void> stop(Duration limit, Function<Duration, CompletionStage<?>> drain) {
        if (stopping.compareAndSet(false, true)) {
            var draining = drain.apply(limit).whenComplete((done, failure) -> stopped.complete(null));
            Objects.requireNonNull(draining);
        }
        return stopped;
    }

    Stats stats() {
        return stats;
    }

    int connections() {
        return connections.get();
    }

    int concurrent() {
        return concurrent.get();
    }

    long refusedConnections() {
        return refused.sum();
    }
}
