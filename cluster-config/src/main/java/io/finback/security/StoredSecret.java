package io.finback.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * What is kept to recognise a secret: a salted hash, {@code pbkdf2-sha256$<iterations>$<salt>$<hash>} (Base64), or the secret itself, as
 * Mesos' credential files have it. Immutable.
 */
final class StoredSecret {
    /** What OWASP asks for PBKDF2 with SHA-256 (2023): some tenths of a second of one processor; {@link Authenticator} remembers. */
    private static final int ITERATIONS = 600_000;

    private static final int MAX_ITERATIONS = 10_000_000;
    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;
    private static final String PREFIX = "pbkdf2-sha256$";

    private final int iterations;
    private final byte[] salt;
    private final byte[] hash;

    private StoredSecret(int iterations, byte[] salt, byte[] hash) {
        this.iterations = iterations;
        this.salt = salt;
        this.hash = hash;
    }

    /** Throws {@link IllegalArgumentException} for a hash that is none; the message has nothing of the secret. */
    static StoredSecret parse(String text) {
        if (!text.startsWith(PREFIX)) {
            return new StoredSecret(0, new byte[0], text.getBytes(StandardCharsets.UTF_8));
        }
        List<String> parts = List.of(text.substring(PREFIX.length()).split("\\$", -1));
        try {
            if (parts.size() == 3) {
                int iterations = Integer.parseInt(parts.get(0));
                byte[] salt = Base64.getDecoder().decode(parts.get(1));
                byte[] hash = Base64.getDecoder().decode(parts.get(2));
                if (iterations >= 1 && iterations <= MAX_ITERATIONS && salt.length > 0 && hash.length == HASH_BYTES) {
                    return new StoredSecret(iterations, salt, hash);
                }
            }
        } catch (IllegalArgumentException malformed) {
            // Said below.
        }
        throw new IllegalArgumentException("secret: a hash that cannot be read (expected: " + PREFIX
                + "<iterations>$<salt>$<hash>, as 'finback hash-secret' prints it)");
    }

    /** A new hash of {@code secret}, each time another. */
    static String hash(String secret) {
        byte[] salt = new byte[SALT_BYTES];
        new SecureRandom().nextBytes(salt);
        Base64.Encoder base64 = Base64.getEncoder();
        return PREFIX + ITERATIONS + "$" + base64.encodeToString(salt) + "$"
                + base64.encodeToString(derive(secret, salt, ITERATIONS));
    }

    boolean isHash() {
        return iterations > 0;
    }

    /** In a time that tells nothing about how much of it is right. */
    boolean matches(String given) {
        byte[] candidate = isHash() ? derive(given, salt, iterations) : given.getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(hash, candidate);
    }

    private static byte[] derive(String secret, byte[] salt, int iterations) {
        // An empty password is refused by the JDK; nobody has one.
        PBEKeySpec key =
                new PBEKeySpec((secret.isEmpty() ? "\0" : secret).toCharArray(), salt, iterations, HASH_BYTES * 8);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(key)
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no PBKDF2WithHmacSHA256", e);
        } finally {
            key.clearPassword();
        }
    }
}
