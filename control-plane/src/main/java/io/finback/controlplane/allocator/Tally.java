package io.finback.controlplane.allocator;

import java.util.Arrays;

/**
 * A running sum of scalars in thousandths, by the numbers of {@link Scalars}. Mutable; grows with the names that are seen. A sum below zero
 * is a broken invariant and throws.
 */
final class Tally {
    private long[] values = new long[4];

    long get(int number) {
        return number < values.length ? values[number] : 0;
    }

    void add(long[] amounts) {
        grow(amounts.length);
        for (int i = 0; i < amounts.length; i++) {
            values[i] += amounts[i];
        }
    }

    void subtract(long[] amounts) {
        grow(amounts.length);
        for (int i = 0; i < amounts.length; i++) {
            values[i] -= amounts[i];
            if (values[i] < 0) {
                throw new IllegalStateException("sum " + values[i] + " thousandths (expected: >= 0)");
            }
        }
    }

    /** The largest part of any total that this is; names without a total, and the excluded ones, do not count. */
    double dominantShare(long[] total, boolean[] excluded) {
        double dominant = 0;
        int names = Math.min(values.length, total.length);
        for (int i = 0; i < names; i++) {
            if (values[i] > 0 && total[i] > 0 && !excluded[i]) {
                dominant = Math.max(dominant, (double) values[i] / total[i]);
            }
        }
        return dominant;
    }

    boolean isZero() {
        for (long value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    long[] copy() {
        return values.clone();
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }

    private void grow(int length) {
        if (length > values.length) {
            values = Arrays.copyOf(values, length);
        }
    }
}
