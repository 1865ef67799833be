package io.finback.controlplane.mesosapi;

/**
 * The CRC-32 of joined bytes from those of its parts, without reading the bytes again: {@code crc(a + b) = crc(a) * x^(8 |b|) +
 * crc(b)} over GF(2) modulo the CRC's polynomial. Source: M. Adler's {@code crc32_combine} of zlib; RFC 1952 section 8.
 */
final class Crc {
    private static final int POLYNOMIAL = 0xEDB88320;
    private static final int ONE = 1 << 31;
    private static final int[] X_TO_POWERS_OF_TWO = powers();

    private Crc() {}

    /** What the checksum of something must be multiplied by when {@code length} bytes follow it. */
    static int shift(long length) {
        int product = ONE;
        int exponent = 3;
        for (long left = length; left > 0; left >>= 1) {
            if ((left & 1) != 0) {
                product = multiply(X_TO_POWERS_OF_TWO[exponent & 31], product);
            }
            exponent++;
        }
        return product;
    }

    /** The checksum of both, the second having {@code shift} and {@code second}. */
    static int combine(int first, int shift, int second) {
        return multiply(shift, first) ^ second;
    }

    private static int multiply(int a, int b) {
        int product = 0;
        int factor = b;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= factor;
            }
            factor = (factor & 1) != 0 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
        }
        return product;
    }

    private static int[] powers() {
        int[] powers = new int[32];
        powers[0] = 1 << 30;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = multiply(powers[i - 1], powers[i - 1]);
        }
        return powers;
    }
}
