package io.finback.meshrouter.tracing;

import io.finback.tracing.Span;
import io.finback.tracing.SpanSink;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes spans into the log {@code io.l5d.tracelog}: {@code io.l5d.tracelog}. Source: linkerd/linkerd telemetry/tracelog. */
public final class TraceLog implements SpanSink {
    private static final Logger log = LoggerFactory.getLogger("io.l5d.tracelog");

    private final Consumer<String> line;

    /** At a level of Twitter's logging, such as {@code INFO}; one that is none of them is OFF. */
    public TraceLog(String level) {
        this.line = switch (level) {
            case "ALL", "TRACE" -> log::trace;
            case "DEBUG" -> log::debug;
            case "INFO" -> log::info;
            case "WARNING" -> log::warn;
            case "ERROR", "CRITICAL", "FATAL" -> log::error;
            default -> nothing -> {};
        };
    }

    @Override
    public void take(Span span) {
        StringBuilder text = new StringBuilder(256);
        text.append("trace.span trace=").append(span.ids().traceIdHex());
        text.append(" span=").append(span.ids().spanIdHex());
        if (span.ids().parentId() != 0) {
            text.append(" parent=")
                    .append(java.util.HexFormat.of().toHexDigits(span.ids().parentId()));
        }
        text.append(" kind=").append(span.kind()).append(" name=");
        quoted(text, span.name());
        text.append(" micros=").append(span.durationNanos() / 1_000);
        if (!span.peer().isEmpty()) {
            text.append(" peer=").append(span.peer());
        }
        for (Map.Entry<String, String> tag : new TreeMap<>(span.attributes()).entrySet()) {
            text.append(' ').append(tag.getKey()).append('=');
            quoted(text, tag.getValue());
        }
        if (!span.error().isEmpty()) {
            text.append(" error=");
            quoted(text, span.error());
        }
        line.accept(text.toString());
    }

    /** So that no client writes a line of its own. */
    private static void quoted(StringBuilder out, String text) {
        boolean plain = !text.isEmpty();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            plain &= c > ' ' && c != '"' && c < 0x7f;
        }
        if (plain) {
            out.append(text);
            return;
        }
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else {
                out.append(c < ' ' || c == 0x7f ? '.' : c);
            }
        }
        out.append('"');
    }
}
