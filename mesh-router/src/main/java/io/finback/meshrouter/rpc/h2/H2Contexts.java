package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Broadcast;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.TraceId;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What travels with a call in headers: B3's for the trace, Finagle's for deadline and retries. */
public final class H2Contexts {
    private static final AsciiString DEADLINE = AsciiString.cached("finagle-ctx-com.twitter.finagle.deadline");
    private static final AsciiString RETRIES = AsciiString.cached("finagle-ctx-com.twitter.finagle.retries");
    private static final AsciiString TRACE = AsciiString.cached("x-b3-traceid");
    private static final AsciiString SPAN = AsciiString.cached("x-b3-spanid");
    private static final AsciiString PARENT = AsciiString.cached("x-b3-parentspanid");
    private static final AsciiString SAMPLED = AsciiString.cached("x-b3-sampled");
    private static final AsciiString FLAGS = AsciiString.cached("x-b3-flags");

    /** Those whose value is another one in every call: no use to header compression. */
    static final Set<AsciiString> UNIQUE = Set.of(TRACE, SPAN, PARENT, DEADLINE);

    private H2Contexts() {}

    public static void write(Context context, Http2Headers headers) {
        TraceId trace = context.traceOrNull();
        if (trace != null) {
            headers.set(TRACE, trace.traceIdHex());
            headers.set(SPAN, HexFormat.of().toHexDigits(trace.spanId()));
            if (!trace.isRoot()) {
                headers.set(PARENT, HexFormat.of().toHexDigits(trace.parentId()));
            }
            if (trace.isSamplingKnown()) {
                headers.set(SAMPLED, trace.isSampled() ? "1" : "0");
            }
            if (trace.flags() != 0) {
                headers.set(FLAGS, Long.toString(trace.flags()));
            }
        }
        Deadline deadline = context.deadlineOrNull();
        if (deadline != null) {
            headers.set(DEADLINE, deadline.timestampNanos() + " " + deadline.deadlineNanos());
        }
        if (context.retries() >= 0) {
            headers.set(RETRIES, Integer.toString(context.retries()));
        }
    }

    /** What cannot be read is taken as absent. */
    public static Context read(Http2Headers headers) {
        Broadcast.Reader reader = new Broadcast.Reader();
        Long span = hex(headers.get(SPAN));
        CharSequence trace = headers.get(TRACE);
        if (span != null && trace != null && (trace.length() == 16 || trace.length() == 32)) {
            int low = trace.length() - 16;
            Long id = hex(trace.subSequence(low, trace.length()));
            Long high = low == 0 ? Long.valueOf(0) : hex(trace.subSequence(0, low));
            Long parent = hex(headers.get(PARENT));
            if (id != null && high != null) {
                CharSequence sampled = headers.get(SAMPLED);
                Long flags = number(headers.get(FLAGS));
                TraceId read = new TraceId(high, id, parent == null ? span : parent, span, flags == null ? 0 : flags);
                reader.trace(
                        sampled == null
                                ? read
                                : read.withSampled("1".contentEquals(sampled) || "true".contentEquals(sampled)));
            }
        }
        CharSequence deadline = headers.get(DEADLINE);
        if (deadline != null) {
            String[] words = deadline.toString().split(" ", -1);
            Long timestamp = words.length == 2 ? number(words[0]) : null;
            Long end = words.length == 2 ? number(words[1]) : null;
            if (timestamp != null && end != null) {
                reader.entry(
                        "com.twitter.finagle.Deadline".getBytes(StandardCharsets.US_ASCII),
                        ByteBuffer.allocate(16).putLong(timestamp).putLong(end).array());
            }
        }
        Long retries = number(headers.get(RETRIES));
        Context context = reader.context("", List.of());
        return retries == null || retries < 0 || retries > Integer.MAX_VALUE
                ? context
                : context.withRetries(retries.intValue());
    }

    private static @Nullable Long hex(@Nullable CharSequence text) {
        try {
            return text == null || text.length() != 16 ? null : Long.parseUnsignedLong(text.toString(), 16);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static @Nullable Long number(@Nullable CharSequence text) {
        try {
            return text == null ? null : Long.parseLong(text.toString());
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
