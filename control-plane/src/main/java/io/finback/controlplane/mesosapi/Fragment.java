package io.finback.controlplane.mesosapi;

import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Some bytes of a response, which may be part of many. Its compressed form is made once and can stand anywhere in a gzip member,
 * because it refers to nothing before it and ends on a byte. Immutable to its users; thread-safe.
 */
final class Fragment {
    private static final int LEVEL = 1;

    private final byte[] raw;
    private volatile @Nullable Packed packed;

    private Fragment(byte[] raw) {
        this.raw = raw;
    }

    /** Takes the array over. */
    static Fragment of(byte[] raw) {
        return new Fragment(raw);
    }

    /** Deflated bytes, the checksum of the raw ones, and what combines it with that of whatever stands before (see {@link Crc}). */
    static final class Packed {
        private final byte[] deflated;
        private final int crc;
        private final int shift;

        private Packed(byte[] deflated, int crc, int shift) {
            this.deflated = deflated;
            this.crc = crc;
            this.shift = shift;
        }

        byte[] deflated() {
            return deflated;
        }

        int crc() {
            return crc;
        }

        int shift() {
            return shift;
        }
    }

    byte[] raw() {
        return raw;
    }

    Packed packed() {
        Packed known = packed;
        if (known == null) {
            known = pack(raw);
            packed = known;
        }
        return known;
    }

    private static Packed pack(byte[] raw) {
        CRC32 crc = new CRC32();
        crc.update(raw);
        Deflater deflater = new Deflater(LEVEL, true);
        try {
            deflater.setInput(raw);
            ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length / 6 + 16);
            byte[] buffer = new byte[Math.min(8192, raw.length + 64)];
            int written;
            do {
                written = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
                out.write(buffer, 0, written);
            } while (written == buffer.length);
            return new Packed(out.toByteArray(), (int) crc.getValue(), Crc.shift(raw.length));
        } finally {
            deflater.end();
        }
    }
}
