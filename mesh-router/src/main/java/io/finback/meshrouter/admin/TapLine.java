package io.finback.meshrouter.admin;

import akka.util.ByteString;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request, or one attempt of one, as a line of JSON. What is not known is left out. */
final class TapLine {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TapLine() {}

    /** {@code dropped}: lines before this one that were not read in time. */
    static ByteString of(Span span, long dropped) {
        boolean request = span.kind() == Span.Kind.SERVER;
        Map<String, String> said = span.attributes();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", request ? "request" : "attempt");
        line.put("at", Instant.ofEpochSecond(0, span.startNanos()).toString());
        line.put("ms", Math.round(span.durationNanos() / 1e3) / 1e3);
        text(line, "router", said.get("router.label"));
        text(line, "service", said.get("service"));
        text(line, "client", said.get("client"));
        text(line, request ? "from" : "instance", span.peer());
        text(line, "method", request ? said.get("http.method") : span.name());
        text(line, "host", said.get("http.req.host"));
        text(line, "path", said.get("http.path"));
        number(line, "status", said.get("http.status_code"));
        number(line, "retries", said.get("retries"));
        text(line, "error", span.error());
        line.put("trace", SpanIds.hex(span.ids().traceId()));
        if (dropped > 0) {
            line.put("dropped", dropped);
        }
        try {
            return ByteString.fromString(JSON.writeValueAsString(line) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void text(Map<String, Object> line, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            line.put(name, value);
        }
    }

    private static void number(Map<String, Object> line, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            line.put(name, Integer.parseInt(value));
        }
    }
}
