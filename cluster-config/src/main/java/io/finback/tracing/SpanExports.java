package io.finback.tracing;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/** The ways to collectors. */
public final class SpanExports {
    private SpanExports() {}

    /**
     * OTLP by HTTP, in protobuf.
     *
     * @param endpoint a whole URL, such as {@code http://127.0.0.1:4318/v1/traces}
     * @param service what the spans are of
     * @param headers sent with every message
     * @param timeout for a message, connecting included
     */
    public static SpanExport otlp(URI endpoint, String service, Map<String, String> headers, Duration timeout) {
        return new OtlpExport(endpoint, service, headers, timeout);
    }

    /** Zipkin's v2 API by HTTP, such as {@code http://127.0.0.1:9411/api/v2/spans}; the rest as for {@link #otlp}. */
    public static SpanExport zipkin(URI endpoint, String service, Map<String, String> headers, Duration timeout) {
        return new ZipkinExport(endpoint, service, headers, timeout);
    }
}
