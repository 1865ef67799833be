package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An app with a volume and a secret, on real processes: what it writes outlives its tasks, its agent and its master; its secret is told nobody. */
@Tag("process")
final class VolumesAndSecretsIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final String VALUE = "call-me-ishmael-1851";

    @TempDir
    private Path dir;

    private ServicesClient services;

    @Test
    void aVolumeIsFoundAgainAndASecretStaysOne() throws Exception {
        Path store = Files.createDirectories(dir.resolve("store"));
        Files.writeString(store.resolve("pw"), VALUE);
        Path log = Files.createFile(dir.resolve("log"));
        List<String> more = List.of("finback.agent.secrets.directory=" + store);
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(1, more);
            cluster.awaitReady(agent);
            cluster.awaitReady(cluster.agent(2, more));
            services = new ServicesClient(cluster.servicesPort);

            services.post("/v2/apps", app(log));
            services.settled("/db", 1, LIMIT);
            awaitLines(log, 1);
            String volume = volume();
            for (int kill = 2; kill <= 4; kill++) {
                String task = services.running("/db").get(0);
                services.delete("/v2/apps/db/tasks/" + task);
                awaitLines(log, kill);
            }
            assertThat(Files.readAllLines(log)).containsExactly("20 1", "20 2", "20 3", "20 4");
            assertThat(volume()).isEqualTo(volume);

            cluster.kill9(master);
            cluster.kill9(agent);
            cluster.restart(master);
            cluster.restart(agent);
            cluster.awaitReady(master);
            cluster.awaitReady(agent);
            services.settled("/db", 1, LIMIT);
            services.delete("/v2/apps/db/tasks/" + services.running("/db").get(0));
            awaitLines(log, 5);
            assertThat(Files.readAllLines(log).get(4)).isEqualTo("20 5");
            assertThat(volume()).isEqualTo(volume);

            // Wiped, it begins anew.
            services.delete("/v2/apps/db/tasks/" + services.running("/db").get(0) + "?wipe=true");
            awaitLines(log, 6);
            assertThat(Files.readAllLines(log).get(5)).isEqualTo("20 1");
            assertThat(volume()).isNotEqualTo(volume);
            services.delete("/v2/apps/db?force=true");
            Waiting.until(
                    "gone",
                    LIMIT,
                    () -> services.get("/v2/apps/db").status() == 404 && !services.deploying("/db"),
                    () -> services.describe("/db"));
            Waiting.until("the volumes are gone", LIMIT, () -> volumes().isEmpty(), () -> volumes()
                    .toString());
            assertThat(holders()).isEmpty();
        }
    }

    /** Says how long its secret is, and how often its volume has been used. */
    private static String app(Path log) {
        return "{\"id\":\"db\",\"role\":\"data\",\"cpus\":0.1,\"mem\":32,\"instances\":1,\"portDefinitions\":[],"
                + "\"backoffSeconds\":0,\"cmd\":\"echo x >> data/uses; echo ${#PASS} $(wc -l < data/uses) >> " + log
                + "; test \\\"$PASS\\\" = \\\"$(cat pw)\\\" && exec sleep 7777\",\"env\":{\"PASS\":{\"secret\":\"pw\"}},"
                + "\"secrets\":{\"pw\":{\"source\":\"pw\"}},\"container\":{\"type\":\"MESOS\",\"volumes\":["
                + "{\"containerPath\":\"data\",\"mode\":\"RW\",\"persistent\":{\"size\":16}},"
                + "{\"containerPath\":\"pw\",\"secret\":\"pw\"}]}}";
    }

    private String volume() throws IOException, InterruptedException {
        return services.app("/db")
                .path("tasks")
                .get(0)
                .path("localVolumes")
                .get(0)
                .path("persistenceId")
                .asText();
    }

    private void awaitLines(Path log, int count) {
        Waiting.until(
                count + " lines",
                LIMIT,
                () -> Files.readAllLines(log).size() >= count
                        && services.running("/db").size() == 1,
                () -> services.describe("/db"));
    }

    private List<Path> volumes() {
        return files().stream()
                .filter(file -> file.toString().contains("/volumes/roles/"))
                .toList();
    }

    /** Files of the cluster that hold the secret's value. */
    private List<Path> holders() {
        return files().stream()
                .filter(file -> !file.startsWith(dir.resolve("store")))
                .filter(file -> text(file).contains(VALUE))
                .toList();
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.walk(dir)) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
