package io.finback.meshrouter.resilience;

/**
 * Which bucket of a histogram a number falls in, when buckets have a floating point's shape: the exponent and some bits behind it. Small
 * numbers have a bucket each.
 *
 * @param bits behind the exponent, 1 to 8: a bucket is at most a {@code 2^bits}-th wide
 */
public record Buckets(int bits) {
    public Buckets {
        if (bits < 1 || bits > 8) {
            throw new IllegalArgumentException("bits: " + bits + " (expected: 1..8)");
        }
    }

    /** How many there are for all numbers from 0 on. */
    public int count() {
        return (64 - bits) << bits;
    }

    /** {@code value}: at least 0. */
    public int of(long value) {
        if (value < 1L << (bits + 1)) {
            return (int) value;
        }
        int shift = 63 - Long.numberOfLeadingZeros(value) - bits;
        return (shift << bits) + (int) (value >>> shift);
    }

    /** The largest number of a bucket. */
    public long upper(int bucket) {
        if (bucket < 1 << (bits + 1)) {
            return bucket;
        }
        int shift = (bucket >> bits) - 1;
        return ((bucket - ((long) shift << bits) + 1) << shift) - 1;
    }
}
