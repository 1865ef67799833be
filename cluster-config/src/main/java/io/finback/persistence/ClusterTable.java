package io.finback.persistence;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlResult;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * The one row of {@code finback_cluster}, by which masters that share a database agree whose cluster it is. Two can never both replace the same
 * row. One short connection for each call, never kept: calls are seconds apart. Thread-safe.
 */
public final class ClusterTable {
    /** For a connection and a statement together; a database that stands still must not hold a thread of ours, nor a connection for ever. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private static final String NO_SUCH_TABLE = "42P01";

    private static final String READ = "SELECT version, masters, (EXTRACT(EPOCH FROM clock_timestamp() - renewed) *"
            + " 1000)::bigint AS age_millis FROM finback_cluster WHERE id = 1";
    private static final String INSERT = "INSERT INTO finback_cluster (id, version, masters, renewed) VALUES (1, $1,"
            + " $2, clock_timestamp()) ON CONFLICT (id) DO NOTHING";
    private static final String UPDATE = "UPDATE finback_cluster SET version = $1 + 1, masters = $2, renewed ="
            + " clock_timestamp() WHERE id = 1 AND version = $1";

    private final PostgresqlConnectionFactory connections;

    private ClusterTable(PostgresqlConnectionFactory connections) {
        this.connections = connections;
    }

    /**
     * What the row says.
     *
     * @param version changes with every replacement
     * @param masters of the cluster, as whoever wrote them writes them
     * @param age by the database's clock, since it was written; may be negative when that clock was set back
     */
    public record Entry(long version, List<String> masters, Duration age) {
        public Entry {
            masters = List.copyOf(masters);
        }
    }

    /** Empty with a profile that no two masters share. Throws {@link StartFailure} for settings that cannot work. */
    public static Optional<ClusterTable> of(Config settings) {
        return Profile.of(settings) == Profile.POSTGRES
                ? Optional.of(new ClusterTable(PostgresSettings.from(settings).connections("finback-cluster")))
                : Optional.empty();
    }

    /** The row; empty when there is none. Fails when the database does not answer within 5 s, and see {@link #isMissing}. */
    public CompletionStage<Optional<Entry>> read() {
        return with(connection -> connection
                        .createStatement(READ)
                        .execute()
                        .flatMap(result -> result.map((row, meta) -> entry(row)))
                        .next()
                        .map(Optional::of)
                        .defaultIfEmpty(Optional.empty()))
                .toFuture();
    }

    /** Writes the row as of now unless it is no longer {@code before}; false then, and nothing is changed. */
    public CompletionStage<Boolean> replace(Optional<Entry> before, List<String> masters) {
        String[] bound = masters.toArray(String[]::new);
        return with(connection -> connection
                        .createStatement(before.isPresent() ? UPDATE : INSERT)
                        .bind("$1", before.map(Entry::version).orElse(1L))
                        .bind("$2", bound)
                        .execute()
                        .flatMap(PostgresqlResult::getRowsUpdated)
                        .next()
                        .map(rows -> rows == 1)
                        .defaultIfEmpty(false))
                .toFuture();
    }

    /** Whether it failed because there is no such table: a database whose administrator has not made it, or that was emptied. */
    public static boolean isMissing(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof R2dbcException r2dbc && NO_SUCH_TABLE.equals(r2dbc.getSqlState())) {
                return true;
            }
        }
        return false;
    }

    private <T> Mono<T> with(Function<PostgresqlConnection, Mono<T>> work) {
        return Mono.usingWhen(connections.create(), work, PostgresqlConnection::close)
                .timeout(LIMIT);
    }

    private static Entry entry(Row row) {
        return new Entry(
                Objects.requireNonNull(row.get("version", Long.class)),
                List.of(Objects.requireNonNull(row.get("masters", String[].class))),
                Duration.ofMillis(Objects.requireNonNull(row.get("age_millis", Long.class))));
    }
}
