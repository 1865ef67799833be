package io.finback.security;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import io.finback.settings.Secret;
import io.finback.settings.SettingsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/**
 * {@code finback.security.asking}: as whom this program asks others.
 *
 * @param authorization the value of {@code Authorization}; empty: as nobody
 */
public record Asking(Optional<Secret> authorization) {
    private static final String PATH = "finback.security.asking";

    /** Throws {@link StartFailure} for half of a pair, and for files that cannot be read. */
    public static Asking from(Config config) {
        SettingsReader reader = SettingsReader.of(config, PATH);
        Optional<String> principal = reader.optionalText("principal");
        Optional<String> secret = file(reader, "secret-file");
        Optional<String> token = file(reader, "token-file");
        if (principal.isPresent() != secret.isPresent()) {
            throw reader.refuse(
                    principal.isPresent() ? "secret-file" : "principal", "both principal and secret-file, or neither");
        }
        if (token.isPresent() && principal.isPresent()) {
            throw reader.refuse("token-file", "a token or a principal, not both");
        }
        Optional<String> header =
                token.map(text -> "Bearer " + text).or(() -> principal.map(name -> basic(name, secret.orElse(""))));
        return new Asking(header.map(Secret::of));
    }

    /** The value of {@code Authorization} for a principal and its secret. */
    public static String basic(String principal, String secret) {
        return "Basic "
                + Base64.getEncoder().encodeToString((principal + ":" + secret).getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<String> file(SettingsReader reader, String key) {
        return reader.optionalText(key).map(name -> {
            try {
                return Files.readString(Path.of(name)).stripTrailing();
            } catch (IOException e) {
                throw new StartFailure(
                        PATH + "." + key + ": " + name + " (expected: a file that can be read; " + e + ")", e);
            }
        });
    }
}
