package io.finback.verification.process;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/** A PostgreSQL of its own processes, which other machines may use, that can be paused and restarted, and that keeps what it has committed. */
final class SharedDatabase implements AutoCloseable {
    private final Path data;
    private final int port;
    private EmbeddedPostgres postgres;

    SharedDatabase(Path dir, String everybody) throws IOException, SQLException {
        data = dir.resolve("postgres");
        postgres = start(0);
        port = postgres.getPort();
        Files.writeString(
                data.resolve("pg_hba.conf"),
                "\nhost all all " + everybody + " trust\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.APPEND);
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_reload_conf()");
        }
    }

    private EmbeddedPostgres start(int at) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setServerConfig("listen_addresses", "*")
                // The embedded one has both off unless told.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on");
        return (at == 0 ? builder : builder.setPort(at)).start();
    }

    /** For a node at the network's address {@code here}. */
    List<String> settings(String here) {
        return List.of(
                "finback.persistence.profile=postgres",
                "finback.persistence.postgres.host=" + here,
                "finback.persistence.postgres.port=" + port,
                "finback.persistence.postgres.user=postgres",
                "finback.persistence.postgres.database=postgres");
    }

    void restart() throws IOException {
        postgres.close();
        postgres = start(port);
    }

    /** Every process of it stands still, with its connections open. */
    void pause() throws IOException {
        signal("-STOP");
    }

    void goOn() throws IOException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException {
        long parent = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
        ProcessHandle postmaster = ProcessHandle.of(parent).orElseThrow();
        for (long pid : Stream.concat(Stream.of(postmaster), postmaster.descendants())
                .mapToLong(ProcessHandle::pid)
                .toArray()) {
            try {
                new ProcessBuilder("kill", signal, Long.toString(pid)).start().waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        goOn();
        postgres.close();
    }
}
