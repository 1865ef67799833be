package io.finback.meshrouter.tracing;

import io.finback.tracing.Span;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Spans as Zipkin's collectors of old take them: a call of {@code Log(1: list<LogEntry>)} in Thrift's binary protocol, each entry of the
 * category {@code zipkin} with a span in base64. Source: openzipkin/zipkin-api thrift/scribe.thrift and zipkinCore.thrift.
 */
final class ScribeSpans {
    private static final int STRICT_CALL = 0x80010001;
    private static final int BOOL = 2;
    private static final int I16 = 6;
    private static final int I32 = 8;
    private static final int I64 = 10;
    private static final int TEXT = 11;
    private static final int STRUCT = 12;
    private static final int LIST = 15;
    private static final int STOP = 0;
    private static final int ANNOTATION_STRING = 6;

    private ScribeSpans() {}

    /** {@code service} is what the spans are of. */
    static byte[] call(List<Span> spans, String service, int sequence) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512 * spans.size());
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(STRICT_CALL);
        text(out, "Log");
        out.writeInt(sequence);
        field(out, LIST, 1);
        out.writeByte(STRUCT);
        out.writeInt(spans.size());
        for (Span span : spans) {
            field(out, TEXT, 1);
            text(out, "zipkin");
            field(out, TEXT, 2);
            // With line ends as Finagle writes them, which Zipkin's reader allows for.
            text(out, Base64.getEncoder().encodeToString(span(span, service)) + "\n");
            out.writeByte(STOP);
        }
        out.writeByte(STOP);
        return bytes.toByteArray();
    }

    private static byte[] span(Span span, String service) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        DataOutputStream out = new DataOutputStream(bytes);
        number(out, 1, span.ids().traceId());
        field(out, TEXT, 3);
        text(out, span.name());
        number(out, 4, span.ids().spanId());
        if (span.ids().parentId() != 0) {
            number(out, 5, span.ids().parentId());
        }
        field(out, LIST, 6);
        out.writeByte(STRUCT);
        long from = span.startNanos() / 1_000;
        long to = from + Math.max(1, span.durationNanos() / 1_000);
        String[] ends =
                switch (span.kind()) {
                    case SERVER -> new String[] {"sr", "ss"};
                    case CLIENT -> new String[] {"cs", "cr"};
                    case INTERNAL -> new String[0];
                };
        out.writeInt(ends.length);
        for (int i = 0; i < ends.length; i++) {
            number(out, 1, i == 0 ? from : to);
            field(out, TEXT, 2);
            text(out, ends[i]);
            endpoint(out, 3, service);
            out.writeByte(STOP);
        }
        tags(out, span, service);
        if (span.ids().sampling() == io.finback.tracing.SpanIds.Sampling.DEBUG) {
            field(out, BOOL, 9);
            out.writeByte(1);
        }
        number(out, 10, from);
        number(out, 11, to - from);
        if (span.ids().traceIdHigh() != 0) {
            number(out, 12, span.ids().traceIdHigh());
        }
        out.writeByte(STOP);
        return bytes.toByteArray();
    }

    private static void tags(DataOutputStream out, Span span, String service) throws IOException {
        field(out, LIST, 8);
        out.writeByte(STRUCT);
        out.writeInt(span.attributes().size() + (span.error().isEmpty() ? 0 : 1));
        for (Map.Entry<String, String> tag : span.attributes().entrySet()) {
            tag(out, tag.getKey(), tag.getValue(), service);
        }
        if (!span.error().isEmpty()) {
            tag(out, "error", span.error(), service);
        }
    }

    private static void tag(DataOutputStream out, String key, String value, String service) throws IOException {
        field(out, TEXT, 1);
        text(out, key);
        field(out, TEXT, 2);
        text(out, value);
        field(out, I32, 3);
        out.writeInt(ANNOTATION_STRING);
        endpoint(out, 4, service);
        out.writeByte(STOP);
    }

    private static void endpoint(DataOutputStream out, int id, String service) throws IOException {
        field(out, STRUCT, id);
        field(out, I32, 1);
        out.write(InetAddress.getLoopbackAddress().getAddress(), 0, 4);
        field(out, I16, 2);
        out.writeShort(0);
        field(out, TEXT, 3);
        text(out, service);
        out.writeByte(STOP);
    }

    private static void number(DataOutputStream out, int id, long value) throws IOException {
        field(out, I64, id);
        out.writeLong(value);
    }

    private static void field(DataOutputStream out, int type, int id) throws IOException {
        out.writeByte(type);
        out.writeShort(id);
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
