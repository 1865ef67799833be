package io.finback.tasks;

import java.util.Arrays;
import java.util.Base64;

/** Bytes that travel unread between a scheduler and its executors. Equal when their contents are; nobody may change them. */
public record Bytes(byte[] value) {
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(value, bytes.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    /** Base64: what is in it may be anything. */
    @Override
    public String toString() {
        return Base64.getEncoder().encodeToString(value);
    }
}
