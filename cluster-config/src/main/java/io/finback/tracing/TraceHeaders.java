package io.finback.tracing;

import io.finback.tracing.SpanIds.Sampling;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The forms in which a request says which span it was sent by: W3C's {@code traceparent} (https://www.w3.org/TR/trace-context/), B3's
 * {@code b3} and its {@code X-B3-*} (https://github.com/openzipkin/b3-propagation). What cannot be read is taken as absent: no request is
 * ever refused for it. Pure.
 */
public final class TraceHeaders {
    public static final String TRACEPARENT = "traceparent";
    public static final String B3 = "b3";
    public static final String B3_TRACE = "x-b3-traceid";
    public static final String B3_SPAN = "x-b3-spanid";
    public static final String B3_PARENT = "x-b3-parentspanid";
    public static final String B3_SAMPLED = "x-b3-sampled";
    public static final String B3_FLAGS = "x-b3-flags";

    private static final int TRACEPARENT_LENGTH = 55;

    private TraceHeaders() {}

    /** Header values by name in small letters; null when there is none. */
    @FunctionalInterface
    public interface Lookup {
        @Nullable
        String get(String name);
    }

    /** Takes a header's value. */
    @FunctionalInterface
    public interface Writer {
        void set(String name, String value);
    }

    /** What the headers say in the first form that can be read: traceparent, b3, X-B3-*. */
    public static Optional<SpanIds> read(Lookup headers) {
        SpanIds read = traceparent(headers.get(TRACEPARENT));
        return Optional.ofNullable(read == null ? b3(headers) : read);
    }

    /** W3C's; null when it cannot be read. Versions after 00 may have more behind. */
    public static @Nullable SpanIds traceparent(@Nullable String text) {
        if (text == null
                || text.length() < TRACEPARENT_LENGTH
                || text.charAt(2) != '-'
                || text.charAt(35) != '-'
                || text.charAt(52) != '-'
                || text.startsWith("ff")
                || (text.length() > TRACEPARENT_LENGTH
                        && (text.startsWith("00") || text.charAt(TRACEPARENT_LENGTH) != '-'))) {
            return null;
        }
        try {
            long version = hex(text, 0, 2);
            long high = hex(text, 3, 19);
            long low = hex(text, 19, 35);
            long span = hex(text, 36, 52);
            long flags = hex(text, 53, 55);
            boolean valid = version >= 0 && (high != 0 || low != 0) && span != 0;
            // A trace id whose lower half is 0 is valid there, though nobody makes one; such a trace gets no spans of
            // ours.
            return valid && low != 0 ? new SpanIds(high, low, span, 0, Sampling.of((flags & 1) != 0)) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** W3C's has no word for "undecided": that is written as not sampled. */
    public static String traceparent(SpanIds ids) {
        return "00-" + ids.longTraceIdHex() + "-" + ids.spanIdHex() + (ids.isSampled() ? "-01" : "-00");
    }

    /** B3's single header, else its several; null when neither can be read. */
    public static @Nullable SpanIds b3(Lookup headers) {
        String single = headers.get(B3);
        SpanIds read = single == null ? null : b3(single);
        if (read != null) {
            return read;
        }
        String trace = headers.get(B3_TRACE);
        String span = headers.get(B3_SPAN);
        if (trace == null || span == null) {
            return null;
        }
        String parent = headers.get(B3_PARENT);
        return ids(trace, span, parent == null ? "" : parent, sampling(headers));
    }

    private static Sampling sampling(Lookup headers) {
        if ("1".equals(headers.get(B3_FLAGS))) {
            return Sampling.DEBUG;
        }
        String sampled = headers.get(B3_SAMPLED);
        if (sampled == null) {
            return Sampling.UNDECIDED;
        }
        return Sampling.of(sampled.equals("1") || sampled.equalsIgnoreCase("true"));
    }

    /** What B3 says of sampling where it names no span: {@code b3: 0}, or {@code X-B3-Sampled} without ids. */
    public static Sampling decision(Lookup headers) {
        String single = headers.get(B3);
        Sampling said = single == null ? Sampling.UNDECIDED : state(single);
        return said == Sampling.UNDECIDED ? sampling(headers) : said;
    }

    private static Sampling state(String text) {
        return switch (text) {
            case "1" -> Sampling.YES;
            case "0" -> Sampling.NO;
            case "d" -> Sampling.DEBUG;
            default -> Sampling.UNDECIDED;
        };
    }

    private static @Nullable SpanIds b3(String text) {
        String[] parts = text.split("-", -1);
        if (parts.length < 2 || parts.length > 4) {
            return null;
        }
        Sampling sampling = parts.length == 2 ? Sampling.UNDECIDED : state(parts[2]);
        return ids(parts[0], parts[1], parts.length == 4 ? parts[3] : "", sampling);
    }

    /** B3's single header. */
    public static String b3(SpanIds ids) {
        String state =
                switch (ids.sampling()) {
                    case UNDECIDED -> "";
                    case NO -> "-0";
                    case YES -> "-1";
                    case DEBUG -> "-d";
                };
        String parent = ids.parentId() == 0 || state.isEmpty() ? "" : "-" + SpanIds.hex(ids.parentId());
        return ids.traceIdHex() + "-" + ids.spanIdHex() + state + parent;
    }

    /** B3's several headers; none is written for what is not known. */
    public static void b3(SpanIds ids, Writer headers) {
        headers.set(B3_TRACE, ids.traceIdHex());
        headers.set(B3_SPAN, ids.spanIdHex());
        if (ids.parentId() != 0) {
            headers.set(B3_PARENT, SpanIds.hex(ids.parentId()));
        }
        if (ids.sampling() == Sampling.DEBUG) {
            headers.set(B3_FLAGS, "1");
        } else if (ids.isDecided()) {
            headers.set(B3_SAMPLED, ids.isSampled() ? "1" : "0");
        }
    }

    private static @Nullable SpanIds ids(String trace, String span, String parent, Sampling sampling) {
        if ((trace.length() != 16 && trace.length() != 32) || span.length() != 16) {
            return null;
        }
        try {
            int low = trace.length() - 16;
            long id = hex(trace, low, trace.length());
            long spanId = hex(span, 0, 16);
            long parentId = parent.length() == 16 ? hex(parent, 0, 16) : 0;
            return id == 0 || spanId == 0
                    ? null
                    : new SpanIds(low == 0 ? 0 : hex(trace, 0, 16), id, spanId, parentId, sampling);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Throws NumberFormatException for anything but hex digits. */
    private static long hex(String text, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0 || text.charAt(i) > 'f') {
                throw new NumberFormatException(text);
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
