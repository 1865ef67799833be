package io.finback.meshrouter.traffic;

import io.finback.tracing.Sampler;
import io.finback.tracing.SpanIds;
import io.finback.tracing.SpanIds.Sampling;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Linkerd's trace headers: {@code l5d-ctx-trace}, base64 of span, parent, trace and flags, 8 bytes each, big endian, and 8 more of the trace
 * id's high half when there is one; {@code l5d-reqid}, the trace id in hex; {@code l5d-sample}, the rate at which a root is sampled, 0 to 1.
 * Source: linkerd/linkerd LinkerdHeaders.scala, twitter/finagle TraceId.scala.
 */
public final class TraceContext {
    private static final long DEBUG = 1;
    private static final long SAMPLING_KNOWN = 2;
    private static final long SAMPLED = 4;

    private TraceContext() {}

    /** What a request gets: a span of its own, and the trace's id. */
    public record Next(String context, String requestId) {}

    /**
     * A child of the span the request came with, else a new root.
     *
     * @param context its {@code l5d-ctx-trace}
     * @param sample its {@code l5d-sample}
     */
    public static Next next(@Nullable String context, @Nullable String sample) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long span = random.nextLong();
        ByteBuffer parent = bytes(context);
        ByteBuffer out = ByteBuffer.allocate(parent == null ? 32 : parent.capacity());
        long trace;
        if (parent == null) {
            trace = span;
            out.putLong(span).putLong(span).putLong(span).putLong(rootFlags(sample, random));
        } else {
            trace = parent.getLong(16);
            out.putLong(span).putLong(parent.getLong(0)).putLong(trace).putLong(parent.getLong(24));
            if (out.hasRemaining()) {
                out.putLong(parent.getLong(32));
            }
        }
        return new Next(Base64.getEncoder().encodeToString(out.array()), hex(trace));
    }

    /** The span that a request was sent by, from its {@code l5d-ctx-trace}; null when there is none that can be read. */
    static @Nullable SpanIds read(@Nullable String context) {
        ByteBuffer in = bytes(context);
        if (in == null || in.getLong(0) == 0 || in.getLong(16) == 0) {
            return null;
        }
        long span = in.getLong(0);
        long parent = in.getLong(8);
        long flags = in.getLong(24);
        Sampling sampling = (flags & DEBUG) != 0
                ? Sampling.DEBUG
                : (flags & SAMPLED) != 0
                        ? Sampling.YES
                        : (flags & SAMPLING_KNOWN) != 0 ? Sampling.NO : Sampling.UNDECIDED;
        return new SpanIds(
                in.capacity() == 40 ? in.getLong(32) : 0, in.getLong(16), span, parent == span ? 0 : parent, sampling);
    }

    /** Its {@code l5d-ctx-trace}. */
    static String write(SpanIds ids) {
        long flags =
                switch (ids.sampling()) {
                    case UNDECIDED -> 0;
                    case NO -> SAMPLING_KNOWN;
                    case YES -> SAMPLING_KNOWN | SAMPLED;
                    case DEBUG -> DEBUG | SAMPLING_KNOWN | SAMPLED;
                };
        ByteBuffer out = ByteBuffer.allocate(ids.traceIdHigh() == 0 ? 32 : 40);
        out.putLong(ids.spanId())
                .putLong(ids.parentId() == 0 ? ids.spanId() : ids.parentId())
                .putLong(ids.traceId())
                .putLong(flags);
        if (out.hasRemaining()) {
            out.putLong(ids.traceIdHigh());
        }
        return Base64.getEncoder().encodeToString(out.array());
    }

    /** What {@code l5d-sample} asks for; null when it is no rate. */
    static @Nullable Sampler sampler(@Nullable String sample) {
        if (sample == null) {
            return null;
        }
        try {
            return new Sampler(Math.max(0, Math.min(1, Double.parseDouble(sample))));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** 16 small digits. */
    private static String hex(long value) {
        byte[] digits = new byte[16];
        for (int i = 0; i < 16; i++) {
            digits[i] = (byte) Character.forDigit((int) (value >>> (60 - 4 * i)) & 15, 16);
        }
        return new String(digits, StandardCharsets.ISO_8859_1);
    }

    /** Null when there is none, or none that can be read. */
    private static @Nullable ByteBuffer bytes(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            return bytes.length == 32 || bytes.length == 40 ? ByteBuffer.wrap(bytes) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static long rootFlags(@Nullable String sample, ThreadLocalRandom random) {
        if (sample == null) {
            return 0;
        }
        try {
            double rate = Double.parseDouble(sample);
            return SAMPLING_KNOWN | (random.nextDouble() < rate ? SAMPLED : 0);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
