package io.finback.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Principals and their secrets, as Mesos' {@code --credentials} files have them: {@code {"credentials":[{"principal":"p","secret":"s"}]}},
 * or a line {@code principal secret} each. A secret may be a hash ({@link StoredSecret}). Immutable, thread-safe.
 */
public final class Credentials {
    public static final Credentials NONE = new Credentials(Map.of());

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Map<String, StoredSecret> secrets;
    /** Asked for principals nobody has, so that the time taken does not tell which exist. */
    private final Optional<StoredSecret> decoy;

    private Credentials(Map<String, StoredSecret> secrets) {
        this.secrets = Map.copyOf(secrets);
        this.decoy = secrets.values().stream().filter(StoredSecret::isHash).findFirst();
    }

    /** Throws {@link IllegalArgumentException} with what is wrong, never with a secret. */
    public static Credentials parse(String text) {
        Map<String, StoredSecret> secrets = new LinkedHashMap<>();
        if (text.stripLeading().startsWith("{")) {
            json(text, secrets);
        } else {
            lines(text, secrets);
        }
        return new Credentials(secrets);
    }

    /** A hash to put into such a file. */
    public static String hash(String secret) {
        return StoredSecret.hash(secret);
    }

    private static void json(String text, Map<String, StoredSecret> secrets) {
        JsonNode entries;
        try {
            entries = JSON.readTree(text).path("credentials");
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON at line "
                    + e.getLocation().getLineNr() + " (expected: {\"credentials\":[{\"principal\":…,\"secret\":…}]})");
        }
        if (!entries.isArray()) {
            throw new IllegalArgumentException("credentials: missing (expected: a list)");
        }
        for (JsonNode entry : entries) {
            if (!entry.path("principal").isTextual() || !entry.path("secret").isTextual()) {
                throw new IllegalArgumentException("credentials: entry " + (secrets.size() + 1)
                        + " (expected: texts \"principal\" and \"secret\")");
            }
            add(entry.path("principal").asText(), entry.path("secret").asText(), secrets);
        }
    }

    private static void lines(String text, Map<String, StoredSecret> secrets) {
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String entry = line.strip();
            if (entry.isEmpty() || entry.startsWith("#")) {
                continue;
            }
            String[] parts = entry.split("\\s+", -1);
            if (parts.length != 2) {
                throw new IllegalArgumentException(
                        "line " + number + ": " + parts.length + " words (expected: a principal and a secret)");
            }
            add(parts[0], parts[1], secrets);
        }
    }

    private static void add(String principal, String secret, Map<String, StoredSecret> secrets) {
        String name = new Principal(principal).name();
        if (secret.isEmpty()) {
            throw new IllegalArgumentException("credentials: principal " + name + ": an empty secret (expected: some)");
        }
        StoredSecret stored;
        try {
            stored = StoredSecret.parse(secret);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("credentials: principal " + name + ": " + e.getMessage(), e);
        }
        if (secrets.put(name, stored) != null) {
            throw new IllegalArgumentException("credentials: principal " + name + " twice (expected: once)");
        }
    }

    public boolean isEmpty() {
        return secrets.isEmpty();
    }

    /** Who this is; empty: nobody we know. May take some tenths of a second of a processor. */
    public Optional<Principal> check(String principal, String secret) {
        StoredSecret stored = secrets.get(principal);
        if (stored == null) {
            var unused = decoy.map(one -> one.matches(secret));
            return Optional.empty();
        }
        return stored.matches(secret) ? Optional.of(new Principal(principal)) : Optional.empty();
    }
}
