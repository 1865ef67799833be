package io.finback.tasks;

import java.util.Base64;

/**
 * Bytes that travel unread between a scheduler and its executors. Kept as text, so that nobody can change them and equal ones are
 * equal.
 *
 * @param base64 of RFC 4648, with padding
 */
public record Bytes(String base64) {
    public static final Bytes EMPTY = new Bytes("");

    public static Bytes of(byte[] content) {
        return new Bytes(Base64.getEncoder().encodeToString(content));
    }

    /** A new array each time. */
    public byte[] content() {
        return Base64.getDecoder().decode(base64);
    }
}
