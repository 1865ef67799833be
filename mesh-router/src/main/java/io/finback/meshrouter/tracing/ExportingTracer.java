package io.finback.meshrouter.tracing;

import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.Tracer;
import io.finback.tracing.Sampler;
import io.finback.tracing.SpanExport;
import io.finback.tracing.SpanExports;
import io.finback.tracing.SpanIds;
import io.finback.tracing.SpanQueue;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A tracer of the RPC library whose spans go to a collector:
 * {@code client.withTracer(ExportingTracer.otlp("http://127.0.0.1:4318/v1/traces", "shop", 0.01))}. One may serve any number of clients and
 * servers. Behind a queue with a limit, as {@link SpanQueue} says: no call ever waits for the collector. Thread-safe.
 */
public final class ExportingTracer implements Tracer, AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final SpanQueue queue;
    private final Sampler sampler;

    private ExportingTracer(String collector, SpanExport export, double rate) {
        this.sampler = new Sampler(rate);
        this.queue = SpanQueue.start(collector, export, SpanQueue.Limits.USUAL);
    }

    /**
     * OTLP by HTTP.
     *
     * @param endpoint a whole URL, such as {@code http://127.0.0.1:4318/v1/traces}; IllegalArgumentException when it is none
     * @param service what the spans are of
     * @param rate of traces that begin here, 0..1; IllegalArgumentException when it is not
     */
    public static ExportingTracer otlp(String endpoint, String service, double rate) {
        return new ExportingTracer("otlp", SpanExports.otlp(URI.create(endpoint), service, Map.of(), TIMEOUT), rate);
    }

    /** Zipkin's v2 API, such as {@code http://127.0.0.1:9411/api/v2/spans}; the rest as for {@link #otlp}. */
    public static ExportingTracer zipkin(String endpoint, String service, double rate) {
        return new ExportingTracer(
                "zipkin", SpanExports.zipkin(URI.create(endpoint), service, Map.of(), TIMEOUT), rate);
    }

    @Override
    public void span(Span span) {
        TraceId id = span.id();
        if (id.traceId() == 0 || id.spanId() == 0) {
            return;
        }
        SpanIds ids = new SpanIds(
                id.traceIdHigh(),
                id.traceId(),
                id.spanId(),
                id.isRoot() ? 0 : id.parentId(),
                (id.flags() & TraceId.DEBUG) != 0 ? SpanIds.Sampling.DEBUG : SpanIds.Sampling.YES);
        queue.take(new io.finback.tracing.Span(
                ids,
                span.side() == Side.CLIENT ? io.finback.tracing.Span.Kind.CLIENT : io.finback.tracing.Span.Kind.SERVER,
                span.service().isEmpty() ? "call" : span.service(),
                span.startEpochNanos(),
                span.durationNanos(),
                "",
                span.error(),
                Map.of()));
    }

    @Override
    public Optional<Boolean> sample(TraceId id) {
        return Optional.of(sampler.samples(id.traceId()));
    }

    /** Collectors of today know one span by one id. */
    @Override
    public boolean sharesSpans() {
        return false;
    }

    /** How many spans have had which fate. */
    public SpanQueue.Counts counts() {
        return queue.counts();
    }

    /** Sends what waits, for at most two seconds. */
    @Override
    public void close() {
        queue.close();
    }
}
