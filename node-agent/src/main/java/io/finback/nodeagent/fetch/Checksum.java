package io.finback.nodeagent.fetch;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/**
 * What a download's content must digest to; written {@code sha256:<64 hexadecimal digits>} {@code sha512:<128>} or {@code md5:<32>}.
 *
 * @param algorithm as Java names it
 * @param hex in lower case
 */
record Checksum(String algorithm, String hex) {
    private static final Map<String, String> ALGORITHMS =
            Map.of("sha256", "SHA-256", "sha512", "SHA-512", "md5", "MD5");
    private static final Map<String, Integer> DIGITS = Map.of("sha256", 64, "sha512", 128, "md5", 32);

    /** Throws {@link IllegalArgumentException} naming what was expected. */
    static Checksum parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        String digits = text.substring(colon + 1).toLowerCase(Locale.ROOT);
        String algorithm = ALGORITHMS.get(name);
        if (algorithm == null || digits.length() != DIGITS.getOrDefault(name, 0) || !digits.matches("[0-9a-f]+")) {
            throw new IllegalArgumentException("checksum: '" + text
                    + "' (expected: sha256: and 64 hexadecimal digits, sha512: and 128, or md5: and 32)");
        }
        return new Checksum(algorithm, digits);
    }

    MessageDigest digest() {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }

    /** Throws when the content that went through {@code digest} was another. */
    void verify(String uri, MessageDigest digest) throws FetchFailure {
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(hex)) {
            throw new FetchFailure(uri, "its " + algorithm + " is " + found + " (expected: " + hex + ")");
        }
    }
}
