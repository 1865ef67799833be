package io.finback.tracing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Spans as Zipkin's v2 JSON. Source: openzipkin/zipkin-api zipkin2-api.yaml. */
final class ZipkinJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ZipkinJson() {}

    static byte[] list(List<Span> spans, String service) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256 * spans.size());
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartArray();
            for (Span span : spans) {
                write(out, span, service);
            }
            out.writeEndArray();
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator out, Span span, String service) throws IOException {
        SpanIds ids = span.ids();
        out.writeStartObject();
        out.writeStringField("traceId", ids.traceIdHex());
        out.writeStringField("id", ids.spanIdHex());
        if (ids.parentId() != 0) {
            out.writeStringField("parentId", SpanIds.hex(ids.parentId()));
        }
        if (span.kind() != Span.Kind.INTERNAL) {
            out.writeStringField("kind", span.kind().name());
        }
        out.writeStringField("name", span.name());
        out.writeNumberField("timestamp", span.startNanos() / 1_000);
        // Zipkin takes 0 for "not known".
        out.writeNumberField("duration", Math.max(1, span.durationNanos() / 1_000));
        if (ids.sampling() == SpanIds.Sampling.DEBUG) {
            out.writeBooleanField("debug", true);
        }
        out.writeObjectFieldStart("localEndpoint");
        out.writeStringField("serviceName", service);
        out.writeEndObject();
        peer(out, span.peer());
        out.writeObjectFieldStart("tags");
        for (Map.Entry<String, String> tag : span.attributes().entrySet()) {
            out.writeStringField(tag.getKey(), tag.getValue());
        }
        if (!span.error().isEmpty()) {
            out.writeStringField("error", span.error());
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void peer(JsonGenerator out, String peer) throws IOException {
        int colon = peer.lastIndexOf(':');
        if (colon <= 0) {
            return;
        }
        String host = peer.substring(0, colon).replace("[", "").replace("]", "");
        out.writeObjectFieldStart("remoteEndpoint");
        if (host.indexOf(':') >= 0) {
            out.writeStringField("ipv6", host);
        } else if (host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'))) {
            out.writeStringField("ipv4", host);
        } else {
            out.writeStringField("serviceName", host);
        }
        out.writeNumberField("port", Integer.parseInt(peer.substring(colon + 1)));
        out.writeEndObject();
    }
}
