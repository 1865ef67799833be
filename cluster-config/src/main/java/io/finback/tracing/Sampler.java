package io.finback.tracing;

/**
 * Which traces are kept. Decides by the trace's id alone, so that every process with the same rate decides alike. A value.
 *
 * @param rate 0: none; 1: all
 */
public record Sampler(double rate) {
    public Sampler {
        if (!(rate >= 0 && rate <= 1)) {
            throw new IllegalArgumentException("sample rate: " + rate + " (expected: 0.0..1.0)");
        }
    }

    public boolean samples(long traceId) {
        if (rate >= 1) {
            return true;
        }
        // Ids may be counters or have a pattern: spread first (the finalizer of SplittableRandom).
        long mixed = (traceId ^ (traceId >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        mixed ^= mixed >>> 31;
        return (mixed >>> 11) * 0x1.0p-53 < rate;
    }

    /** {@code ids} with a decision: its own, or else this one's. */
    public SpanIds decide(SpanIds ids) {
        return ids.isDecided() ? ids : ids.with(SpanIds.Sampling.of(samples(ids.traceId())));
    }
}
