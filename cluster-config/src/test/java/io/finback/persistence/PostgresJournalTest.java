package io.finback.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorRef;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.r2dbc.query.javadsl.R2dbcReadJournal;
import akka.stream.javadsl.Sink;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import io.finback.runtime.StartFailure;
import io.r2dbc.spi.ConnectionFactories;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Against a real PostgreSQL, unpacked from a Maven artifact and run by this process. */
class PostgresJournalTest extends JournalSuite {
    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() throws IOException {
        postgres = EmbeddedPostgres.builder().start();
    }

    @AfterAll
    static void stop() throws IOException {
        postgres.close();
    }

    @Override
    Config settings(String journal) {
        execute("CREATE DATABASE " + journal);
        return at(journal, "");
    }

    private Config at(String database, String more) {
        return at(postgres, database, more);
    }

    private Config at(EmbeddedPostgres server, String database, String more) {
        String postgresKeys = "finback.persistence { profile = postgres, postgres { port = " + server.getPort()
                + ", user = postgres, database = " + database + " } }\n";
        return JournalSystem.settings(directory, postgresKeys + more);
    }

    /** Nothing acknowledged is lost: that takes a database which says "committed" when it is. */
    @Test
    void aDatabaseThatMayForgetIsNamedInTheLog() throws IOException {
        // What is embedded for tests has both off.
        assertThat(warnings(settings("careless")))
                .singleElement()
                .asString()
                .contains("fsync=off synchronous_commit=off");
        try (EmbeddedPostgres careful = EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start()) {
            assertThat(warnings(at(careful, "postgres", ""))).isEmpty();
        }
    }

    private static List<String> warnings(Config settings) {
        Logger logger = (Logger) LoggerFactory.getLogger(PostgresTables.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try (JournalSystem journal = JournalSystem.start(settings)) {
            assertThat(journal.add(journal.counter("a"), 1)).isOne();
        } finally {
            logger.detachAppender(lines);
        }
        return lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.startsWith("persistence.database_may_forget"))
                .toList();
    }

    @Test
    void aGhostWriterIsRefusedAndReadsWhatTheWinnerWrote() {
        Config settings = settings("ghost");
        Config elsewhere = at("ghost", "");
        try (JournalSystem winner = JournalSystem.start(settings);
                JournalSystem ghost = JournalSystem.start(elsewhere)) {
            ActorRef<Counter.Command> here = winner.counter("a");
            ActorRef<Counter.Command> there = ghost.counter("a");
            assertThat(winner.total(here)).isZero();
            assertThat(ghost.total(there)).isZero();
            assertThat(winner.add(here, 1)).isOne();
            assertThatThrownBy(
                            () -> ghost.ask(there, replyTo -> new Counter.Add(10, 1, replyTo), Duration.ofSeconds(2)))
                    .hasMessageContaining("Timeout");
            assertThat(ghost.total(there)).isOne();
            assertThat(winner.add(here, 1)).isEqualTo(2);
            assertThat(count("ghost", "SELECT count(*) FROM event_journal")).isEqualTo(2);
        }
    }

    @Test
    void pagesThroughMoreIdsThanOnePageHolds() {
        try (JournalSystem journal = JournalSystem.start(settings("pages"))) {
            List<String> ids = List.of("a", "b", "c", "d", "e", "f");
            ids.forEach(id -> journal.add(journal.counter(id), 1));
            R2dbcReadJournal plugin = PersistenceQuery.get(journal.system)
                    .getReadJournalFor(R2dbcReadJournal.class, R2dbcReadJournal.Identifier());
            for (int pageSize : new int[] {1, 2, 5, 6, 7}) {
                assertThat(JournalSystem.await(new PostgresFeed(plugin, pageSize)
                                .entityIds(Counter.TYPE)
                                .runWith(Sink.seq(), journal.system)))
                        .as("page size %d", pageSize)
                        .containsExactlyElementsOf(ids);
            }
        }
    }

    @Test
    void mastersThatStartTogetherCreateTheTablesOnce() {
        PostgresSettings settings = PostgresSettings.from(settings("together"));
        ExecutorService masters = Executors.newFixedThreadPool(5);
        try {
            List<CompletableFuture<Void>> starts = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                starts.add(CompletableFuture.runAsync(() -> PostgresTables.create(settings), masters));
            }
            starts.forEach(JournalSystem::await);
        } finally {
            masters.shutdown();
        }
        assertThat(count("together", "SELECT count(*) FROM event_journal")).isZero();
    }

    @Test
    void anUnknownDatabaseIsRefusedAtOnce() {
        PostgresSettings settings = PostgresSettings.from(at("nowhere", ""));
        assertThatThrownBy(() -> PostgresTables.create(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("postgres@127.0.0.1:" + postgres.getPort() + "/nowhere")
                .hasMessageContaining("does not exist");
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsWaitedForAndThenRefused() {
        PostgresSettings settings = PostgresSettings.from(at(
                "postgres",
                "finback.persistence.postgres { port = " + JournalSystem.freePort() + ", start-timeout = 1500 ms }"));
        assertThatThrownBy(() -> PostgresTables.create(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("start it, or correct host");
    }

    @Test
    void survivesARestartOfItsConnections() {
        try (JournalSystem journal = JournalSystem.start(settings("blip"))) {
            ActorRef<Counter.Command> counter = journal.counter("a");
            assertThat(journal.add(counter, 1)).isOne();
            execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'blip'");
            // The first write may still meet a dead connection; its sender hears nothing, repeats it, and finds the
            // entity back.
            int attempts = 1;
            while (!adds(journal, counter) && attempts < 5) {
                attempts++;
            }
            assertThat(journal.total(counter)).isBetween(2L, 1L + attempts);
        }
    }

    /** Like a master whose machine was cut off between two statements: its connection stands, and nothing comes. */
    @Test
    void whatAMasterLeftOpenHoldsNobodyForLong() {
        Config settings = settings("abandoned")
                .withValue(PostgresSettings.KEY + ".abandoned-after", ConfigValueFactory.fromAnyRef("1 s"));
        String url = Persistence.layer(settings).getString("akka.persistence.r2dbc.connection-factory.url");
        try (JournalSystem journal = JournalSystem.start(settings)) {
            ActorRef<Counter.Command> counter = journal.counter("a");
            assertThat(journal.add(counter, 1)).isOne();
            List<String> columns = columns("abandoned");
            Mono<io.r2dbc.spi.Connection> open =
                    Mono.from(ConnectionFactories.get(url).create());
            Long written = open.flatMap(connection -> Mono.from(connection.beginTransaction())
                            .then(Mono.from(connection
                                    .createStatement("INSERT INTO event_journal (" + String.join(", ", columns)
                                            + ") SELECT "
                                            + String.join(", ", columns).replaceFirst("\\bseq_nr\\b", "seq_nr + 1")
                                            + " FROM event_journal WHERE seq_nr = 1")
                                    .execute()))
                            .flatMap(result -> Mono.from(result.getRowsUpdated())))
                    .block(JournalSystem.LIMIT);
            assertThat(written).as("rows that nobody commits").isOne();
            assertThat(journal.add(counter, 1)).isEqualTo(2);
        }
    }

    private static List<String> columns(String database) {
        List<String> columns = new ArrayList<>();
        try (Connection connection = postgres.getDatabase("postgres", database).getConnection();
                ResultSet rows = connection.getMetaData().getColumns(null, null, "event_journal", null)) {
            while (rows.next()) {
                columns.add(rows.getString("COLUMN_NAME"));
            }
            return columns;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean adds(JournalSystem journal, ActorRef<Counter.Command> counter) {
        try {
            return journal.ask(counter, replyTo -> new Counter.Add(1, 1, replyTo), Duration.ofSeconds(3)) > 1;
        } catch (IllegalStateException unanswered) {
            return false;
        }
    }

    private static void execute(String sql) {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long count(String database, String sql) {
        try (Connection connection = postgres.getDatabase("postgres", database).getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
