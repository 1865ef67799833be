package io.finback.persistence;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * {@code finback.persistence.postgres}, with the password read from its file.
 *
 * @param startTimeout how long a starting master waits for a database that does not answer yet
 * @param abandonedAfter when the database takes back what a master has open and no longer works on
 */
record PostgresSettings(
        String host,
        int port,
        String database,
        String user,
        String password,
        Duration startTimeout,
        Duration abandonedAfter) {
    static final String KEY = "finback.persistence.postgres";

    /** For one connection: a database in the same house answers within milliseconds, and the next attempt costs little. */
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

    PostgresSettings {
        require("host", host, !host.isBlank(), "a host name or address");
        require("port", port, port > 0 && port <= 65_535, "1 to 65535");
        require("database", database, !database.isBlank(), "a name");
        require("user", user, !user.isBlank(), "a name");
        require("start-timeout", startTimeout, startTimeout.toMillis() > 0, "> 0");
        require(
                "abandoned-after",
                abandonedAfter,
                (abandonedAfter.toMillis() >= 1_000 && abandonedAfter.toMinutes() < 10)
                        || abandonedAfter.equals(Duration.ofMinutes(10)),
                "1 s to 10 minutes");
    }

    static PostgresSettings from(Config settings) {
        Config postgres = settings.getConfig(KEY);
        return new PostgresSettings(
                postgres.getString("host"),
                postgres.getInt("port"),
                postgres.getString("database"),
                postgres.getString("user"),
                password(postgres),
                postgres.getDuration("start-timeout"),
                postgres.getDuration("abandoned-after"));
    }

    /**
     * The same as Akka's keys. One URL, and not a key for each part, because only a URL carries {@link #session} to the driver; it holds
     * the password and must not be logged.
     */
    Map<String, Object> akka() {
        String session = session().entrySet().stream()
                .map(setting -> setting.getKey() + "=" + setting.getValue())
                .collect(Collectors.joining(";"));
        String url = "r2dbc:postgresql://" + encoded(user) + ":" + encoded(password) + "@"
                + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port + "/" + encoded(database)
                + "?connectTimeout=" + CONNECT_TIMEOUT + "&tcpKeepAlive=true&options=" + encoded(session);
        return Map.of("akka.persistence.r2dbc.connection-factory.url", url);
    }

    /**
     * What each connection asks of the database, by the names PostgreSQL knows. A master that is cut off in the middle of a transaction
     * closes nothing, so that the database would hold what the transaction has locked until its kernel gives up, two hours by default:
     * meanwhile no other master could write the same entity's next event.
     */
    Map<String, String> session() {
        return Map.of("idle_in_transaction_session_timeout", Long.toString(abandonedAfter.toMillis()));
    }

    /** Connections outside of Akka's pool; the database shows them under {@code applicationName}. */
    PostgresqlConnectionFactory connections(String applicationName) {
        return new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                .host(host)
                .port(port)
                .database(database)
                .username(user)
                .password(password)
                .connectTimeout(CONNECT_TIMEOUT)
                .options(session())
                .applicationName(applicationName)
                .build());
    }

    /** For messages: never with the password. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }

    private static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
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
