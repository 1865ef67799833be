package io.finback.meshrouter.rpc;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Which trace a call belongs to, and which span of it the call is. The same numbers as B3's.
 *
 * @param traceIdHigh the upper half of a trace id of 128 bits; 0: there is none
 * @param flags {@link #DEBUG}, {@link #SAMPLING_KNOWN}, {@link #SAMPLED}
 */
public record TraceId(long traceIdHigh, long traceId, long parentId, long spanId, long flags) {
    public static final long DEBUG = 1;
    public static final long SAMPLING_KNOWN = 2;
    public static final long SAMPLED = 4;

    /** The root of a new trace, whose sampling nobody has decided. */
    public static TraceId root(RandomGenerator random) {
        long id = random.nextLong();
        return new TraceId(0, id, id, id, 0);
    }

    /** A call made on behalf of this one. */
    public TraceId child(RandomGenerator random) {
        return new TraceId(traceIdHigh, traceId, spanId, random.nextLong(), flags);
    }

    public boolean isRoot() {
        return parentId == spanId;
    }

    public boolean isSampled() {
        return (flags & (SAMPLED | DEBUG)) != 0;
    }

    public boolean isSamplingKnown() {
        return (flags & SAMPLING_KNOWN) != 0;
    }

    public TraceId withSampled(boolean sampled) {
        return new TraceId(
                traceIdHigh, traceId, parentId, spanId, (flags & ~SAMPLED) | SAMPLING_KNOWN | (sampled ? SAMPLED : 0));
    }

    /** The trace id in B3's form: 16 or 32 hex digits. */
    public String traceIdHex() {
        return traceIdHigh == 0 ? hex(traceId) : hex(traceIdHigh) + hex(traceId);
    }

    private static String hex(long value) {
        return HexFormat.of().toHexDigits(value);
    }

    /** B3's single header: trace, span, sampling state, parent. */
    @Override
    public String toString() {
        String state = (flags & DEBUG) != 0 ? "-d" : !isSamplingKnown() ? "" : isSampled() ? "-1" : "-0";
        return traceIdHex() + "-" + hex(spanId) + state + (isRoot() || state.isEmpty() ? "" : "-" + hex(parentId));
    }
}
