package io.finback.settings;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code finback.persistence}: where entities keep their journal and snapshots.
 *
 * @param postgres read and checked only when {@code profile} is {@link Profile#POSTGRES}
 */
public record PersistenceSettings(Profile profile, Optional<Postgres> postgres) {
    /** The two ways to keep a journal; {@code reference.conf} says when to use which. */
    public enum Profile {
        LEVELDB,
        POSTGRES
    }

    /** One database for all masters. */
    public record Postgres(HostPort address, String database, String user, Secret password) {
        public Postgres {
            if (database.isBlank()) {
                throw new IllegalArgumentException("database: \"\" (expected: a name)");
            }
            if (user.isBlank()) {
                throw new IllegalArgumentException("user: \"\" (expected: a name)");
            }
        }
    }

    /** Throws {@link io.finback.runtime.StartFailure} that names the key; also when the password file cannot be read. */
    public static PersistenceSettings from(Config config) {
        SettingsReader reader = SettingsReader.of(config, "finback.persistence");
        Profile profile = reader.oneOf("profile", Profile.class);
        return new PersistenceSettings(
                profile, profile == Profile.POSTGRES ? Optional.of(postgres(reader.at("postgres"))) : Optional.empty());
    }

    private static Postgres postgres(SettingsReader reader) {
        return new Postgres(
                new HostPort(reader.nonEmptyText("host"), reader.intIn("port", 1, 65535)),
                reader.nonEmptyText("database"),
                reader.nonEmptyText("user"),
                reader.optionalText("password-file")
                        .map(file -> fromFile(reader, file))
                        .orElseGet(() -> Secret.of(reader.text("password"))));
    }

    private static Secret fromFile(SettingsReader reader, String file) {
        try {
            return Secret.of(Files.readString(Path.of(file)).replaceFirst("\\R\\z", ""));
        } catch (IOException e) {
            throw reader.refuse("password-file", "a readable file");
        }
    }
}
