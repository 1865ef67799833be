package io.finback.persistence;

import io.finback.runtime.StartFailure;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlResult;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Creates the journal's tables where they are missing. Several masters may do so at once: an advisory lock lets one through at a time,
 * since {@code CREATE TABLE IF NOT EXISTS} alone fails when two run together. Where the tables exist no right to create any is needed.
 */
final class PostgresTables {
    private static final Logger log = LoggerFactory.getLogger(PostgresTables.class);
    private static final String RESOURCE = "/persistence-postgres.sql";
    private static final Duration RETRY_EVERY = Duration.ofSeconds(1);

    /** Any number, the same in every master: the bytes of "finback" (what a database shares locks by). */
    private static final long LOCK = 0x66_69_6e_62_61_63_6bL;

    private static final String EXIST =
            "SELECT to_regclass('event_journal') IS NOT NULL AND to_regclass('snapshot') IS NOT NULL AS journal,"
                    + " to_regclass('finback_cluster') IS NOT NULL AS cluster";

    private static final String NO_RIGHT = "42501";

    /** What a crash of the database, or of its machine, may take with it although it was acknowledged. */
    private static final String FORGETS = "SELECT 'fsync=' || current_setting('fsync') || ' synchronous_commit=' ||"
            + " current_setting('synchronous_commit') AS settings, current_setting('fsync') = 'off' OR"
            + " current_setting('synchronous_commit') = 'off' AS forgets";

    private PostgresTables() {}

    /** Blocks until the tables are there. Throws {@link StartFailure} when the database refuses, or is not reached in time. */
    static void create(PostgresSettings settings) {
        PostgresqlConnectionFactory factory = settings.connections("finback-start");
        Mono<Boolean> attempt =
                Mono.usingWhen(factory.create(), PostgresTables::createMissing, connection -> connection.close());
        try {
            Boolean created = attempt.retryWhen(Retry.fixedDelay(Long.MAX_VALUE, RETRY_EVERY)
                            .filter(PostgresTables::mayPass)
                            .doBeforeRetry(signal -> log.warn(
                                    "persistence.database_unreachable database={} reason='{}' next=try_again",
                                    settings,
                                    signal.failure().getMessage())))
                    .block(settings.startTimeout());
            log.info("persistence.tables_ready database={} created={}", settings, created);
        } catch (RuntimeException e) {
            throw failure(settings, e);
        }
    }

    private static Mono<Boolean> createMissing(PostgresqlConnection connection) {
        Mono<There> exist = connection
                .createStatement(EXIST)
                .execute()
                .flatMap(result -> result.map((row, meta) -> new There(
                        Boolean.TRUE.equals(row.get("journal", Boolean.class)),
                        Boolean.TRUE.equals(row.get("cluster", Boolean.class)))))
                .single();
        Mono<Boolean> create = connection
                .beginTransaction()
                .thenMany(run(connection, "SELECT pg_advisory_xact_lock(" + LOCK + ")"))
                .thenMany(run(connection, ddl()))
                .then(connection.commitTransaction())
                .thenReturn(true);
        return exist.flatMap(there -> there.journal() && there.cluster()
                        ? Mono.just(false)
                        : create.onErrorResume(
                                failure -> there.journal() && mayNot(failure), failure -> goOnWithout(connection)))
                .flatMap(created -> warnIfItForgets(connection).thenReturn(created));
    }

    private record There(boolean journal, boolean cluster) {}

    private static boolean mayNot(Throwable failure) {
        return failure instanceof R2dbcException r2dbc && NO_RIGHT.equals(r2dbc.getSqlState());
    }

    /** An earlier version's tables, made by an administrator: as with that version, a cluster is formed by what seeds answer alone. */
    private static Mono<Boolean> goOnWithout(PostgresqlConnection connection) {
        log.warn(
                "persistence.no_cluster_table expected='finback_cluster, the last statement of persistence-postgres.sql;"
                        + " the user may not create it' next=go_on; a master that is cut off while it starts is kept from forming"
                        + " a second cluster by its seeds alone");
        return connection.rollbackTransaction().thenReturn(false);
    }

    /** Finback's promise that nothing acknowledged is lost is as good as the database's. */
    private static Mono<Void> warnIfItForgets(PostgresqlConnection connection) {
        return connection
                .createStatement(FORGETS)
                .execute()
                .flatMap(result -> result.map((row, meta) -> {
                    if (Boolean.TRUE.equals(row.get("forgets", Boolean.class))) {
                        log.warn(
                                "persistence.database_may_forget {} next=go_on; acknowledged changes are lost with the"
                                        + " database unless both are on",
                                row.get("settings", String.class));
                    }
                    return true;
                }))
                .then();
    }

    private static Flux<Long> run(PostgresqlConnection connection, String sql) {
        return connection.createStatement(sql).execute().flatMap(PostgresqlResult::getRowsUpdated);
    }

    private static String ddl() {
        try (InputStream in = Objects.requireNonNull(PostgresTables.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What time can heal: nobody listens, or the server is starting, stopping, or full. Wrong names and passwords are not among it. */
    private static boolean mayPass(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
            if (cause instanceof R2dbcException r2dbc && r2dbc.getSqlState() != null) {
                return r2dbc.getSqlState().startsWith("57P")
                        || r2dbc.getSqlState().startsWith("53");
            }
        }
        return false;
    }

    private static StartFailure failure(PostgresSettings settings, RuntimeException e) {
        boolean late = e instanceof IllegalStateException;
        String reason = late ? "no answer within " + settings.startTimeout().toSeconds() + " s" : e.getMessage();
        return new StartFailure(
                PostgresSettings.KEY + ": cannot use the database " + settings + " (" + reason
                        + "); start it, or correct host, port, database, user and password",
                e);
    }
}
