package io.finback.mesos.v1;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Frames of a stream: the length in decimal, a newline, that many bytes. Source: apache/mesos {@code docs/recordio.md}. */
public final class RecordIo {
    private RecordIo() {}

    /** One record, never empty. */
    public static byte[] frame(byte[] record) {
        if (record.length == 0) {
            throw new IllegalArgumentException("record: 0 bytes (expected: at least one)");
        }
        byte[] head = (record.length + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] framed = new byte[head.length + record.length];
        System.arraycopy(head, 0, framed, 0, head.length);
        System.arraycopy(record, 0, framed, head.length, record.length);
        return framed;
    }

    /** Takes a stream apart, whatever pieces it comes in. Not thread-safe. */
    public static final class Decoder {
        private static final int MAX_LENGTH_DIGITS = 10;

        private final int maxRecord;
        private final ByteArrayOutputStream record = new ByteArrayOutputStream();
        private long length;
        private int digits;
        private boolean inRecord;

        /** Records longer than {@code maxRecord} bytes are refused. */
        public Decoder(int maxRecord) {
            this.maxRecord = maxRecord;
        }

        /** The records that end in {@code bytes}. Throws {@link BadMessageException} once the stream cannot be understood any more. */
        public List<byte[]> feed(byte[] bytes) throws BadMessageException {
            List<byte[]> records = new ArrayList<>();
            int at = 0;
            while (at < bytes.length) {
                if (!inRecord) {
                    head(bytes[at]);
                    at++;
                    continue;
                }
                int take = (int) Math.min(bytes.length - at, length - record.size());
                record.write(bytes, at, take);
                at += take;
                if (record.size() == length) {
                    records.add(record.toByteArray());
                    record.reset();
                    length = 0;
                    digits = 0;
                    inRecord = false;
                }
            }
            return records;
        }

        private void head(byte next) throws BadMessageException {
            if (next == '\n' && digits > 0 && length > 0) {
                if (length > maxRecord) {
                    throw BadMessageException.tooLarge(
                            "record: " + length + " bytes (expected: at most " + maxRecord + ")");
                }
                inRecord = true;
            } else if (next >= '0' && next <= '9' && digits < MAX_LENGTH_DIGITS) {
                length = length * 10 + (next - '0');
                digits++;
            } else {
                throw BadMessageException.of(
                        "record: its length cannot be read (expected: decimal digits and a newline)");
            }
        }
    }
}
