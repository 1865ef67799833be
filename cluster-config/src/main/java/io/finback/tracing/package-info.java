/**
 * Traces: what joins the work of many processes to one picture. {@link io.finback.tracing.SpanIds} say which span of which trace something
 * is, {@link io.finback.tracing.TraceHeaders} carry them between processes, {@link io.finback.tracing.Tracing} takes finished spans and
 * sends them to a collector: OTLP by HTTP, or Zipkin. A collector that is away or slow costs spans, never time of those who make them.
 */
@NullMarked
@CheckReturnValue
package io.finback.tracing;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
