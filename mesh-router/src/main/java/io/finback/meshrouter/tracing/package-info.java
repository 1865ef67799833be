/**
 * Where spans of calls go: Linkerd's telemeters of traces ({@link io.finback.meshrouter.tracing.ScribeExport}, {@link
 * io.finback.meshrouter.tracing.TraceLog}), and exporters for users of the RPC library ({@link
 * io.finback.meshrouter.tracing.ExportingTracer}).
 */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.tracing;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
