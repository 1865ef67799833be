package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Parameters of servers; the defaults are Finagle's. Durations above 0; empty: no limit. */
public final class ServerParams {
    public static final Params.Key<Optional<Concurrency>> CONCURRENCY =
            Params.Key.of("concurrency limit", Optional.empty());

    public static final Params.Key<Deadlines> DEADLINES = Params.Key.of("deadlines", Deadlines.COUNTED);

    public static final Params.Key<Optional<Duration>> REQUEST_TIMEOUT =
            Params.Key.of("request timeout", Optional.empty());

    /** Filters that may refuse calls, outermost first; see {@code Failure.rejected}. */
    public static final Params.Key<List<Filter.Simple<?, ?>>> ADMISSION = Params.Key.of("admission", List.of());

    public static final Params.Key<Optional<Duration>> MAX_LIFE_TIME = Params.Key.of("life time", Optional.empty());

    public static final Params.Key<Optional<Duration>> MAX_IDLE_TIME = Params.Key.of("idle time", Optional.empty());

    private ServerParams() {}

    /**
     * Calls under way on a server.
     *
     * @param max at most, at least 1
     * @param waiters calls beyond it that wait in order; more are refused as not processed
     */
    public record Concurrency(int max, int waiters) {
        public Concurrency {
            if (max < 1 || waiters < 0) {
                throw new IllegalArgumentException(
                        "concurrency: " + max + " with " + waiters + " waiters (expected: >= 1 and >= 0)");
            }
        }
    }

    /** What happens to calls whose deadline is over. */
    public enum Deadlines {
        IGNORED,
        /** Counted as if they were refused, and served: Finagle's "dark mode". */
        COUNTED,
        /** Refused, up to a fifth of all calls of ten seconds. */
        ENFORCED
    }
}
