package io.finback.meshrouter.namers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * As whom a namerd, or Finback's masters, are asked: a principal with the file of its secret, or the file of a token. Files are read for every
 * request, so that what is in them may change; their last line end is left out. Immutable.
 */
public final class Credentials {
    /** As nobody. */
    public static final Credentials NONE = new Credentials(Optional.empty(), Optional.empty());

    private final Optional<String> principal;
    private final Optional<Path> file;

    private Credentials(Optional<String> principal, Optional<Path> file) {
        this.principal = principal;
        this.file = file;
    }

    /** {@code Basic}. */
    public static Credentials of(String principal, Path secret) {
        return new Credentials(Optional.of(principal), Optional.of(secret));
    }

    /** {@code Bearer}. */
    public static Credentials token(Path token) {
        return new Credentials(Optional.empty(), Optional.of(token));
    }

    /** Adds what says who asks. Throws {@link UncheckedIOException} when the file cannot be read. */
    Map<String, String> with(String name, String value) {
        if (file.isEmpty()) {
            return Map.of(name, value);
        }
        String text = read(file.get());
        String authorization = principal
                .map(who -> "Basic "
                        + Base64.getEncoder().encodeToString((who + ":" + text).getBytes(StandardCharsets.UTF_8)))
                .orElse("Bearer " + text);
        return Map.of(name, value, "Authorization", authorization);
    }

    private static String read(Path path) {
        try {
            return Files.readString(path).stripTrailing();
        } catch (IOException e) {
            throw new UncheckedIOException(path + " cannot be read", e);
        }
    }
}
