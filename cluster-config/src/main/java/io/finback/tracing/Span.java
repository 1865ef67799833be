package io.finback.tracing;

import java.util.Map;

/**
 * Something that was done, from when to when, and of what it was part. A value.
 *
 * @param name of few different values, such as {@code GET} or {@code deployment}; ids are attributes
 * @param startNanos nanoseconds since 1970
 * @param peer {@code host:port} of the other side; empty: there is none, or nobody knows
 * @param error what went wrong, for people; empty: nothing
 */
public record Span(
        SpanIds ids,
        Kind kind,
        String name,
        long startNanos,
        long durationNanos,
        String peer,
        String error,
        Map<String, String> attributes) {
    /** Which side of a call, or none. */
    public enum Kind {
        /** Took a request: Finagle's {@code sr} to {@code ss}. */
        SERVER,
        /** Sent one: {@code cs} to {@code cr}. */
        CLIENT,
        /** Neither. */
        INTERNAL
    }

    public Span {
        attributes = Map.copyOf(attributes);
    }
}
