package io.finback.tracing;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Which span of which trace something is. A value.
 *
 * @param traceIdHigh the upper half of a trace id of 128 bits; 0: the trace's id has 64
 * @param traceId never 0
 * @param spanId never 0
 * @param parentId the span this one is part of; 0: it is a root
 */
public record SpanIds(long traceIdHigh, long traceId, long spanId, long parentId, Sampling sampling) {
    /** Whether a trace is kept. Decided once, where it begins, and carried on. */
    public enum Sampling {
        /** Nobody has said. */
        UNDECIDED,
        NO,
        YES,
        /** Yes, and whoever asks for it wants to see it whatever the rates say. */
        DEBUG;

        public static Sampling of(boolean sampled) {
            return sampled ? YES : NO;
        }
    }

    public SpanIds {
        if (traceId == 0 || spanId == 0) {
            throw new IllegalArgumentException(
                    "trace " + traceId + ", span " + spanId + " (expected: neither of them 0)");
        }
    }

    /** A new trace of 128 bits, as W3C wants them. */
    public static SpanIds root(RandomGenerator random) {
        return new SpanIds(id(random), id(random), id(random), 0, Sampling.UNDECIDED);
    }

    /** A new trace whose span has the trace's id, as Finagle makes them: 64 bits, which every reader of B3 knows. */
    public static SpanIds shortRoot(RandomGenerator random) {
        long id = id(random);
        return new SpanIds(0, id, id, 0, Sampling.UNDECIDED);
    }

    /** A part of this one. */
    public SpanIds child(RandomGenerator random) {
        return new SpanIds(traceIdHigh, traceId, id(random), spanId, sampling);
    }

    public SpanIds with(Sampling decided) {
        return decided == sampling ? this : new SpanIds(traceIdHigh, traceId, spanId, parentId, decided);
    }

    public boolean isSampled() {
        return sampling == Sampling.YES || sampling == Sampling.DEBUG;
    }

    public boolean isDecided() {
        return sampling != Sampling.UNDECIDED;
    }

    /** 16 or 32 small hex digits. */
    public String traceIdHex() {
        return traceIdHigh == 0 ? hex(traceId) : hex(traceIdHigh) + hex(traceId);
    }

    /** 32 small hex digits. */
    public String longTraceIdHex() {
        return hex(traceIdHigh) + hex(traceId);
    }

    public String spanIdHex() {
        return hex(spanId);
    }

    /** 16 small digits. */
    public static String hex(long value) {
        return HexFormat.of().toHexDigits(value);
    }

    /** Any but 0. */
    public static long id(RandomGenerator random) {
        long id = random.nextLong();
        return id == 0 ? 1 : id;
    }
}
