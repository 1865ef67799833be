package io.finback.controlplane.requests;

import io.finback.settings.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;

/** The name and the password that requests must have, by HTTP basic authentication (RFC 7617). Its text form shows neither. */
public final class Credentials {
    private final Secret expected;

    private Credentials(Secret expected) {
        this.expected = expected;
    }

    /** {@code name:password}; empty text: nobody is asked. Throws {@link IllegalArgumentException} without a colon or a name. */
    public static Optional<Credentials> parse(Secret text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (text.reveal().indexOf(':') < 1) {
            throw new IllegalArgumentException("a text without a name before a colon (expected: name:password)");
        }
        return Optional.of(new Credentials(text));
    }

    /** Takes as long for a wrong answer as for the right one. {@code header}: the value of {@code Authorization}, empty if none. */
    boolean allow(String header) {
        int blank = header.indexOf(' ');
        if (blank < 0 || !header.substring(0, blank).equalsIgnoreCase("Basic")) {
            return false;
        }
        try {
            byte[] given = Base64.getDecoder().decode(header.substring(blank).trim());
            return MessageDigest.isEqual(given, expected.reveal().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    @Override
    public String toString() {
        return expected.toString();
    }
}
