package io.finback.nodeagent.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Content by its hash: {@code sha256:} and 64 hexadecimal digits. Other algorithms are refused. */
final class Digest {
    private static final Pattern TEXT = Pattern.compile("sha256:[0-9a-f]{64}");

    private Digest() {}

    static boolean isValid(String text) {
        return TEXT.matcher(text).matches();
    }

    /** The text itself, if it is one. */
    static String require(String field, String text) throws ImageFailure {
        if (!isValid(text)) {
            throw new ImageFailure(field + ": '" + text + "' (expected: sha256: and 64 hexadecimal digits)");
        }
        return text;
    }

    static String of(byte[] content) {
        return text(sha256().digest(content));
    }

    static String of(String content) {
        return of(content.getBytes(StandardCharsets.UTF_8));
    }

    static String hex(String digest) {
        return digest.substring("sha256:".length());
    }

    private static String text(byte[] hash) {
        return "sha256:" + HexFormat.of().formatHex(hash);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Hashes what is read through it, and ends with an error once more than {@code most} bytes are. */
    static final class Counting extends FilterInputStream {
        private final MessageDigest hash = sha256();
        private final long most;
        private final String tooMany;
        private long count;

        Counting(InputStream in, long most, String tooMany) {
            super(in);
            this.most = most;
            this.tooMany = tooMany;
        }

        @Override
        public int read() throws IOException {
            int next = in.read();
            if (next >= 0) {
                hash.update((byte) next);
                count(1);
            }
            return next;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = in.read(buffer, offset, length);
            if (read > 0) {
                hash.update(buffer, offset, read);
                count(read);
            }
            return read;
        }

        /** So that nothing is left out of the hash. */
        @Override
        public long skip(long n) throws IOException {
            return readNBytes((int) Math.min(Math.max(n, 0), 64 * 1024)).length;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private void count(int read) throws IOException {
            count += read;
            if (count > most) {
                throw new IOException(tooMany);
            }
        }

        /** Reads the rest, and says what all of it hashes to. */
        String digestOfAll() throws IOException {
            byte[] buffer = new byte[64 * 1024];
            int read = read(buffer, 0, buffer.length);
            while (read >= 0) {
                read = read(buffer, 0, buffer.length);
            }
            return text(hash.digest());
        }
    }
}
