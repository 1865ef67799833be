package io.finback.tracing;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** OTLP by HTTP in protobuf, packed with gzip, with OpenTelemetry's own exporter. */
final class OtlpExport implements SpanExport {
    /** Its own warnings, one a message, to standard error; ours say the same once. Held, or the level is forgotten. */
    private static final Logger CHATTER = Logger.getLogger("io.opentelemetry");

    private final OtlpHttpSpanExporter exporter;
    private final ExecutorService sender;
    private final Resource resource;
    private final Duration timeout;

    OtlpExport(URI endpoint, String service, Map<String, String> headers, Duration timeout) {
        CHATTER.setLevel(Level.OFF);
        this.timeout = timeout;
        this.resource = Resource.create(Attributes.builder()
                .put("service.name", service)
                .put("service.instance.id", ProcessHandle.current().pid() + "@" + host())
                .build());
        this.sender = Executors.newSingleThreadExecutor(task -> {
            Thread made = new Thread(task, "finback-traces-otlp");
            made.setDaemon(true);
            return made;
        });
        OtlpHttpSpanExporterBuilder builder = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint.toString())
                .setTimeout(timeout)
                .setConnectTimeout(timeout)
                .setCompression("gzip")
                .setExecutorService(sender)
                // SpanQueue repeats.
                .setRetryPolicy(null);
        headers.forEach(builder::addHeader);
        this.exporter = builder.build();
    }

    private static String host() {
        String name = System.getenv("HOSTNAME");
        return name == null ? "localhost" : name;
    }

    @Override
    public void send(List<Span> spans) throws IOException {
        List<SpanData> data = new ArrayList<>(spans.size());
        for (Span span : spans) {
            data.add(new OtlpSpan(span, resource));
        }
        CompletableResultCode result = exporter.export(data).join(timeout.toMillis() + 500, TimeUnit.MILLISECONDS);
        if (!result.isSuccess()) {
            Throwable why = result.getFailureThrowable();
            throw new IOException(why == null ? "no answer within " + timeout : String.valueOf(why.getMessage()), why);
        }
    }

    @Override
    public void close() {
        var closed = exporter.shutdown();
        var left = sender.shutdownNow();
        if (!left.isEmpty()) {
            closed.join(100, TimeUnit.MILLISECONDS);
        }
    }
}
