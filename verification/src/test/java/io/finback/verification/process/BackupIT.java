package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

/** A journal that is brought back from a backup, as docs/operations.md describes it for each profile, while tasks run. */
@Tag("process")
@Timeout(600)
final class BackupIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    private Path dir;

    /** Takes a backup, and brings it back while no master runs. */
    private interface Backup {
        /** Whether the master is stopped while it is taken. */
        boolean needsRest();

        void take() throws Exception;

        void restore() throws Exception;
    }

    @Test
    void ofTheMastersOwnFiles() throws Exception {
        Path data = dir.resolve("master");
        Path copy = dir.resolve("copy");
        backedUpAndBroughtBack(List.of(), new Backup() {
            @Override
            public boolean needsRest() {
                return true;
            }

            @Override
            public void take() throws IOException {
                copy(data, copy);
            }

            @Override
            public void restore() throws IOException {
                delete(data);
                copy(copy, data);
            }
        });
    }

    /** As {@code pg_dump} reads, which the embedded server does not bring: every table as it was at one moment, while the master writes. */
    @Test
    void ofPostgresWhileTheMasterRuns() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start()) {
            List<String> settings = List.of(
                    "finback.persistence.profile=postgres",
                    "finback.persistence.postgres.port=" + postgres.getPort(),
                    "finback.persistence.postgres.user=postgres",
                    "finback.persistence.postgres.database=postgres");
            Map<String, byte[]> dump = new LinkedHashMap<>();
            backedUpAndBroughtBack(settings, new Backup() {
                @Override
                public boolean needsRest() {
                    return false;
                }

                @Override
                public void take() throws Exception {
                    try (Connection connection = postgres.getPostgresDatabase().getConnection()) {
                        connection.setAutoCommit(false);
                        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                        for (String table : tables(connection)) {
                            ByteArrayOutputStream rows = new ByteArrayOutputStream();
                            connection
                                    .unwrap(PGConnection.class)
                                    .getCopyAPI()
                                    .copyOut("COPY " + table + " TO STDOUT", rows);
                            dump.put(table, rows.toByteArray());
                        }
                        connection.rollback();
                    }
                }

                @Override
                public void restore() throws Exception {
                    try (Connection connection = postgres.getPostgresDatabase().getConnection();
                            Statement statement = connection.createStatement()) {
                        statement.execute("TRUNCATE " + String.join(", ", dump.keySet()));
                        for (Map.Entry<String, byte[]> table : dump.entrySet()) {
                            connection
                                    .unwrap(PGConnection.class)
                                    .getCopyAPI()
                                    .copyIn(
                                            "COPY " + table.getKey() + " FROM STDIN",
                                            new ByteArrayInputStream(table.getValue()));
                        }
                    }
                }
            });
        }
    }

    private static List<String> tables(Connection connection) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
        }
        assertThat(tables).as("tables of the journal").isNotEmpty();
        return tables;
    }

    private void backedUpAndBroughtBack(List<String> settings, Backup backup) throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master(settings);
            cluster.awaitReady(master);
            cluster.awaitReady(cluster.agent(1));
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            services.post("/v2/apps", app("/kept", 2));
            services.post("/v2/apps", app("/changed", 1));
            List<String> kept = services.settled("/kept", 2, LIMIT);
            List<String> changed = services.settled("/changed", 1, LIMIT);

            if (backup.needsRest()) {
                cluster.stop(master);
                backup.take();
                cluster.restart(master);
                cluster.awaitReady(master);
            } else {
                backup.take();
            }
            services.put("/v2/apps/changed", "{\"instances\":2}");
            services.post("/v2/apps", app("/later", 1));
            List<String> grown = new ArrayList<>(services.settled("/changed", 2, LIMIT));
            assertThat(grown).containsAll(changed);
            services.settled("/later", 1, LIMIT);

            cluster.stop(master);
            backup.restore();
            cluster.restart(master);
            cluster.awaitReady(master);

            assertThat(services.settled("/kept", 2, LIMIT))
                    .as("untouched: known then and now")
                    .containsExactlyInAnyOrderElementsOf(kept);
            assertThat(services.app("/changed").path("instances").asInt())
                    .as("as it was when the backup was taken")
                    .isEqualTo(1);
            assertThat(services.running("/changed")).containsAll(changed);
            assertThat(services.get("/v2/apps/later").status())
                    .as("nobody knows of it any more")
                    .isEqualTo(404);
            // It goes on from there.
            services.put("/v2/apps/kept", "{\"instances\":3}");
            assertThat(services.settled("/kept", 3, LIMIT)).containsAll(kept);
            services.put("/v2/apps/changed?force=true", "{\"instances\":2}");
            assertThat(services.settled("/changed", 2, LIMIT)).containsAll(changed);
            services.post("/v2/apps", app("/later", 1));
            services.settled("/later", 1, LIMIT);
        }
    }

    private static String app(String id, int instances) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"exec sleep 1000\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                + ",\"portDefinitions\":[]}";
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> {
                try {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
