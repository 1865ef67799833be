package io.finback.persistence;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * {@code finback.persistence.postgres}, with the password read from its file.
 *
 * @param startTimeout how long a starting master waits for a database that does not answer yet
 */
record PostgresSettings(String host, int port, String database, String user, String password, Duration startTimeout) {
    static final String KEY = "finback.persistence.postgres";

    PostgresSettings {
        require("host", host, !host.isBlank(), "a host name or address");
        require("port", port, port > 0 && port <= 65_535, "1 to 65535");
        require("database", database, !database.isBlank(), "a name");
        require("user", user, !user.isBlank(), "a name");
        require("start-timeout", startTimeout, startTimeout.toMillis() > 0, "> 0");
    }

    static PostgresSettings from(Config settings) {
        Config postgres = settings.getConfig(KEY);
        return new PostgresSettings(
                postgres.getString("host"),
                postgres.getInt("port"),
                postgres.getString("database"),
                postgres.getString("user"),
                password(postgres),
                postgres.getDuration("start-timeout"));
    }

    /** The same as Akka's keys. */
    Map<String, Object> akka() {
        String factory = "akka.persistence.r2dbc.connection-factory.";
        return Map.of(
                factory + "host", host,
                factory + "port", port,
                factory + "database", database,
                factory + "user", user,
                factory + "password", password);
    }

    /** For messages: never with the password. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }

    private static String password(Config postgres) {
        String file = postgres.getString("password-file");
        if (file.isEmpty()) {
            return postgres.getString("password");
        }
        try {
            return Files.readString(Path.of(file)).replaceFirst("\\r?\\n$", "");
        } catch (IOException e) {
            throw new StartFailure(KEY + ".password-file: '" + file + "' (expected: a readable file; " + e + ")", e);
        }
    }

    private static void require(String key, Object value, boolean holds, String expected) {
        if (!holds) {
            throw new StartFailure(KEY + "." + key + ": '" + value + "' (expected: " + expected + ")");
        }
    }
}
