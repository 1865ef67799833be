package io.finback.tracing;

/** Takes finished spans. Called on hot paths: never blocks, never throws, thread-safe. */
@FunctionalInterface
public interface SpanSink {
    void take(Span span);
}
