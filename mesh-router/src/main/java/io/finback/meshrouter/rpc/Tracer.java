package io.finback.meshrouter.rpc;

/** Where the ends of calls are told, one span of a trace at a time. Called on the hot path: quick, and thread-safe. */
@FunctionalInterface
public interface Tracer {
    /** Which side of a call. */
    enum Side {
        CLIENT,
        SERVER
    }

    /**
     * One side of one call has ended.
     *
     * @param service the label of the client or server
     * @param startEpochNanos nanoseconds since 1970
     * @param error empty when it went well
     */
    record Span(TraceId id, Side side, String service, long startEpochNanos, long durationNanos, String error) {}

    void span(Span span);

    /** Whether to sample a trace that begins here. Unless told otherwise: left to others. */
    default java.util.Optional<Boolean> sample(TraceId id) {
        return java.util.Optional.empty();
    }

    /**
     * Whether the two sides of a call are one span, as in Finagle; else the server's is a child of the client's, and what the application
     * calls a child of that.
     */
    default boolean sharesSpans() {
        return true;
    }

    Tracer NONE = span -> {};
}
