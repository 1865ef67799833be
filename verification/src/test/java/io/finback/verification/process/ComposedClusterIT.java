package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.verification.deploy.ComposeFile;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image of k8s/image.sh, on a base of k8s/base.sh, run in a real engine as k8s/compose.yaml says, container by container (the compose
 * plugin is in no Debian package, nor is PostgreSQL's image here: an embedded PostgreSQL of the same settings stands in for that service).
 */
@Tag("process")
@Timeout(900)
final class ComposedClusterIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration HEALTHY = Duration.ofMinutes(4);
    private static final String SUBNET = "10.215." + ProcessHandle.current().pid() % 250;
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    @TempDir
    private Path dir;

    private List<String> privileges = List.of();

    @Test
    void isAClusterAfterOneUpAndLosesAMasterWithoutLosingAnything() throws Exception {
        Path k8s = ClusterProcesses.launcher().resolveSibling("k8s");
        ComposeFile file = ComposeFile.read(k8s.resolve("compose.yaml"));
        try (DockerEngine engine = DockerEngine.start(dir.resolve("engine"))) {
            script(engine, k8s.resolve("base.sh").toString(), "finback/base:test");
            script(engine, k8s.resolve("image.sh").toString(), "--base", "finback/base:test", "--tag", "finback:test");
            String network = "fbc" + ProcessHandle.current().pid() % 10_000;
            engine.mustDocker(
                    "network",
                    "create",
                    "--subnet",
                    SUBNET + ".0/24",
                    "-o",
                    "com.docker.network.bridge.name=" + network,
                    network);
            privileges = privileges(engine);
            try (EmbeddedPostgres postgres = database()) {
                file.services().forEach((name, service) -> {
                    if (service.isNode()) {
                        engine.mustDocker(line(k8s, network, name, service, postgres.getPort()));
                    }
                });
                for (Map.Entry<String, ComposeFile.Service> each :
                        file.services().entrySet()) {
                    if (each.getValue().isNode()) {
                        healthy(engine, each.getKey());
                    }
                }
                serves(engine);
                isPidOneAndNobody(engine);
                reapsWhatTasksLeave(engine);
                long began = System.nanoTime();
                engine.mustDocker("stop", "-t", "60", "master-1");
                System.err.println("master-1 stopped in " + (System.nanoTime() - began) / 1_000_000 + " ms");
                assertThat(engine.mustDocker("inspect", "-f", "{{.State.ExitCode}}", "master-1"))
                        .isEqualTo("0");
                JsonNode app = get(engine, "master-2", 8080, "/v2/apps/web").path("app");
                assertThat(app.path("tasksRunning").asInt()).as(app.toString()).isEqualTo(2);
                engine.mustDocker("start", "master-1");
                healthy(engine, "master-1");
                assertThat(get(engine, "master-1", 8080, "/v2/apps/web")
                                .path("app")
                                .path("tasksRunning")
                                .asInt())
                        .isEqualTo(2);
            } catch (AssertionError e) {
                for (String name : file.services().keySet()) {
                    System.err.println("== " + name + "\n"
                            + engine.docker("logs", "--tail", "40", name).output());
                }
                throw e;
            } finally {
                DockerEngine.ProcessRun ignored = engine.docker(
                        "rm", "-f", "-v", "master-1", "master-2", "master-3", "agent-1", "agent-2", "router");
                DockerEngine.ProcessRun unused = engine.docker("network", "rm", network);
            }
        }
    }

    /** A machine that lacks capabilities itself cannot give all of them. */
    private static List<String> privileges(DockerEngine engine) {
        boolean all = engine.docker("run", "--rm", "--privileged", "--entrypoint", "true", "finback:test")
                        .status()
                == 0;
        if (!all) {
            System.err.println("this machine cannot run privileged containers; agents get SYS_ADMIN instead");
        }
        return all ? List.of("--privileged") : List.of("--cap-add", "SYS_ADMIN");
    }

    private static void serves(DockerEngine engine) throws Exception {
        String app =
                "{\"id\":\"/web\",\"cmd\":\"(sleep 1 & ) ; echo hello > index.html; exec busybox httpd -f -p $PORT0\",\"cpus\":0.1,"
                        + "\"mem\":32,\"instances\":2}";
        HttpResponse<String> created = HTTP.send(
                HttpRequest.newBuilder(uri(engine, "master-2", 8080, "/v2/apps"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(app))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        URI mesh = uri(engine, "router", 4140, "/");
        Waiting.until(
                "the mesh answers",
                HEALTHY,
                () -> HTTP.send(
                                HttpRequest.newBuilder(mesh)
                                        .header("l5d-name", "/svc/web")
                                        .timeout(Duration.ofSeconds(5))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body()
                        .equals("hello\n"),
                () -> engine.docker("logs", "--tail", "20", "router").output());
        Waiting.until(
                "both instances run",
                HEALTHY,
                () -> get(engine, "master-3", 8080, "/v2/apps/web")
                                .path("app")
                                .path("tasksRunning")
                                .asInt()
                        == 2);
    }

    /** The JVM gets the engine's signals itself, and does not own the machine. */
    private static void isPidOneAndNobody(DockerEngine engine) {
        assertThat(engine.mustDocker("exec", "master-2", "cat", "/proc/1/cmdline"))
                .contains("io.finback.cli.Finback");
        assertThat(engine.mustDocker("exec", "master-2", "id", "-u")).isEqualTo("10001");
        assertThat(engine.mustDocker("exec", "router", "id", "-u")).isEqualTo("10001");
        String flags = engine.mustDocker("exec", "master-2", "/opt/jre/bin/jcmd", "1", "VM.flags");
        assertThat(flags).as("60 % of 768 MiB").containsPattern("-XX:MaxHeapSize=48[0-9]{7} ");
        assertThat(flags).contains("-XX:SharedArchiveFile=/opt/finback/classes.jsa");
    }

    /** The tasks' first command left a child to PID 1. */
    private static void reapsWhatTasksLeave(DockerEngine engine) {
        for (String agent : List.of("agent-1", "agent-2")) {
            Waiting.until(
                    "no zombie in " + agent,
                    Duration.ofSeconds(30),
                    () -> engine.mustDocker("exec", agent, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null")
                            .lines()
                            .noneMatch(stat -> stat.contains(") Z ")),
                    () -> engine.docker("exec", agent, "ps", "-ef").output());
        }
    }

    private String[] line(Path k8s, String network, String name, ComposeFile.Service service, int databasePort) {
        List<String> line =
                new ArrayList<>(List.of("run", "-d", "--name", name, "--hostname", name, "--network", network));
        line.addAll(List.of("-m", Optional.ofNullable(service.memLimit()).orElse("512m")));
        Optional.ofNullable(service.user()).ifPresent(user -> line.addAll(List.of("--user", user)));
        if (service.privileged()) {
            line.addAll(privileges);
        }
        service.environment().forEach((key, value) -> line.addAll(List.of("-e", key + "=" + value)));
        line.addAll(List.of("-e", "FINBACK_PERSISTENCE_POSTGRES_PORT=" + databasePort));
        line.addAll(List.of("--add-host", "database:" + SUBNET + ".1"));
        if (service.secrets() != null) {
            line.addAll(List.of("-v", k8s.resolve("compose-password") + ":/run/secrets/database:ro"));
        }
        line.add("finback:test");
        line.addAll(Optional.ofNullable(service.command()).orElse(List.of()));
        return line.toArray(String[]::new);
    }

    private EmbeddedPostgres database() throws IOException, SQLException {
        Path data = dir.resolve("database");
        EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                .setServerConfig("listen_addresses", "127.0.0.1," + SUBNET + ".1")
                .setDataDirectory(data)
                .start();
        Files.writeString(
                data.resolve("pg_hba.conf"),
                "host all all " + SUBNET + ".0/24 scram-sha-256\n",
                StandardOpenOption.APPEND);
        String password = Files.readString(ClusterProcesses.launcher().resolveSibling("k8s/compose-password"))
                .strip();
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE USER finback PASSWORD '" + password + "'");
            statement.execute("CREATE DATABASE finback OWNER finback");
            statement.execute("SELECT pg_reload_conf()");
        }
        return postgres;
    }

    private static void healthy(DockerEngine engine, String name) {
        Waiting.until(
                name + " is healthy",
                HEALTHY,
                () -> engine.mustDocker("inspect", "-f", "{{.State.Health.Status}}", name)
                        .equals("healthy"),
                () -> engine.docker("logs", "--tail", "30", name).output());
    }

    private static URI uri(DockerEngine engine, String name, int port, String path) {
        String address =
                engine.mustDocker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name);
        return URI.create("http://" + address + ":" + port + path);
    }

    private static JsonNode get(DockerEngine engine, String name, int port, String path)
            throws IOException, InterruptedException {
        return JSON.readTree(HTTP.send(
                        HttpRequest.newBuilder(uri(engine, name, port, path))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static void script(DockerEngine engine, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("DOCKER_HOST", engine.host());
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
