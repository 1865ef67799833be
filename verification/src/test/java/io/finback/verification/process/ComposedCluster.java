package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.verification.deploy.ComposeFile;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;

/**
 * k8s/compose.yaml, brought up by docker-compose in an engine of its own, with images that k8s/base.sh, k8s/image.sh and k8s/database.sh make from
 * this machine. The file is used as it is, but for the ports of this machine, which are free ones. Containers are found at their addresses.
 */
final class ComposedCluster implements AutoCloseable {
    static final List<String> MASTERS = List.of("master-1", "master-2", "master-3");
    /** How long a writer waits at most while nothing happens, before something does; tried so many times. */
    private static final long WARM_MS = 1_000;

    private static final int WARM_UP_TURNS = 10;

    static final Duration LIMIT = Duration.ofMinutes(4);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WRITERS = 4;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final DockerEngine engine;
    private final Path file;
    private final List<String> composer;

    interface Fault {
        void happen() throws Exception;
    }

    /** Images are built when it returns; nothing runs. Skips the test where it cannot be done, and says why. */
    ComposedCluster(Path dir) throws Exception {
        Assumptions.assumeTrue(
                DockerEngine.found("docker-compose") && Files.isDirectory(Path.of("/usr/lib/postgresql")),
                () -> DockerEngine.loudly("docker-compose and postgresql have to be installed (Debian's packages)"));
        composer = List.of("docker-compose");
        Path k8s = ClusterProcesses.launcher().resolveSibling("k8s");
        Path copy = Files.createDirectories(dir.resolve("k8s"));
        for (String each : List.of(".env", "compose-password")) {
            Files.copy(k8s.resolve(each), copy.resolve(each));
        }
        file = copy.resolve("compose.yaml");
        Files.writeString(
                file,
                Files.readString(k8s.resolve("compose.yaml")).replaceAll("\"127\\.0\\.0\\.1:\\d+:", "\"127.0.0.1::"));
        engine = DockerEngine.start(dir.resolve("engine"));
        try {
            build("finback/base:test", k8s.resolve("base.sh").toString(), "finback/base:test");
            build(
                    "finback/database:test",
                    k8s.resolve("database.sh").toString(),
                    "--base",
                    "finback/base:test",
                    "--tag",
                    "finback/database:test");
            build(
                    "finback:test",
                    k8s.resolve("image.sh").toString(),
                    "--base",
                    "finback/base:test",
                    "--tag",
                    "finback:test");
        } catch (Exception | AssertionError e) {
            engine.close();
            throw e;
        }
    }

    private void build(String image, String... command) throws IOException, InterruptedException {
        long began = System.nanoTime();
        command(List.of(command));
        long bytes = Long.parseLong(engine.mustDocker("image", "inspect", "-f", "{{.Size}}", image));
        say("%s: built in %.0f s, %d MB", image, seconds(began), bytes / 1_000_000);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void say(String format, Object... arguments) {
        System.err.println(String.format(Locale.ROOT, format, arguments));
    }

    DockerEngine engine() {
        return engine;
    }

    /** What the file says of nodes, by service. */
    Set<String> nodes() throws IOException {
        Set<String> names = new TreeSet<>();
        ComposeFile.read(file).services().forEach((name, service) -> {
            if (service.isNode()) {
                names.add(name);
            }
        });
        return names;
    }

    /** A command of docker-compose, such as {@code compose("up", "-d")}; its output. */
    @CanIgnoreReturnValue
    String compose(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(composer);
        line.addAll(List.of("--ansi", "never", "-f", file.toString()));
        line.addAll(List.of(arguments));
        return command(line);
    }

    private String command(List<String> line) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        builder.environment()
                .putAll(Map.of(
                        "DOCKER_HOST", engine.host(),
                        "FINBACK_IMAGE", "finback:test",
                        "POSTGRES_IMAGE", "finback/database:test"));
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(line + ": " + output).isZero();
        return output.strip();
    }

    String container(String service) {
        return "finback_" + service + "_1";
    }

    /** Where this machine publishes a port of the service. */
    String published(String service, int port) throws IOException, InterruptedException {
        return compose("port", service, Integer.toString(port));
    }

    /** The address of the service's container and the port in it. */
    String at(String service, int port) {
        return engine.mustDocker(
                        "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container(service))
                + ":" + port;
    }

    void awaitHealthy(Iterable<String> services) {
        for (String name : services) {
            Waiting.until(
                    name + " is healthy",
                    LIMIT,
                    () -> engine.mustDocker("inspect", "-f", "{{.State.Health.Status}}", container(name))
                            .equals("healthy"),
                    () -> logs(name));
        }
    }

    String logs(String service) {
        return engine.docker("logs", "--tail", "600", container(service)).output();
    }

    /** A line for each container, for people. */
    String memory() {
        return engine.mustDocker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}");
    }

    /** The master that runs what there is one of, and places the rest. */
    String oldestMaster() throws Exception {
        String oldest = get(at("router", 8558), "/cluster/members")
                .path("oldestPerRole")
                .path("master")
                .asText();
        return MASTERS.stream()
                .filter(master -> oldest.contains("@" + master + ":"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no master in " + oldest));
    }

    /** All three masters are up, and each of them says so. */
    void awaitWhole() {
        Waiting.until("one cluster of three masters", LIMIT, () -> {
            for (String master : MASTERS) {
                JsonNode members = get(at(master, 8558), "/cluster/members");
                int up = 0;
                for (JsonNode member : members.path("members")) {
                    boolean isUp = member.path("status").asText().equals("Up");
                    up += isUp && member.path("roles").toString().contains("\"master\"") ? 1 : 0;
                }
                if (up != MASTERS.size() || !members.path("unreachable").isEmpty()) {
                    return false;
                }
            }
            return true;
        });
    }

    /** Apps without instances that writers change; posted once. */
    void prepareWriters(String master) {
        for (int number = 0; number < WRITERS; number++) {
            post(master, "{\"id\":\"/w" + number + "\",\"cmd\":\"sleep 1000\",\"instances\":0}");
        }
    }

    /** Until it is acknowledged: while entities move from master to master, a request may be refused with 503. */
    void post(String master, String app) {
        Waiting.until("acknowledged: " + app, LIMIT, () -> {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(URI.create("http://" + at(master, 8080) + "/v2/apps"))
                            .header("Content-Type", "application/json")
                            .timeout(Duration.ofSeconds(20))
                            .POST(HttpRequest.BodyPublishers.ofString(app))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            // The one before may have been taken.
            return response.statusCode() < 300 || response.statusCode() == 409;
        });
    }

    /**
     * Clients of the masters that are {@code left} call before, while and after; then everything they were promised is looked for at each of
     * them. Tells the longest wait of a writer, in ms, and prints it.
     */
    @CanIgnoreReturnValue
    long during(String what, List<String> left, Fault fault) throws Exception {
        Callers callers = new Callers();
        try (callers) {
            for (int number = 0; number < WRITERS; number++) {
                callers.writer(at(left.get(number % left.size()), 8080), "/w" + number);
            }
            for (String master : left) {
                callers.reader(at(master, 8080), "/v2/apps");
                callers.reader(at(master, 5050), "/state");
            }
            // Masters that have just started answer their first calls after seconds, which says nothing of a fault.
            long before;
            int turns = 0;
            do {
                callers.reset();
                callers.awaitMore(30);
                before = callers.longestGapMillis("writer");
            } while (before > WARM_MS && ++turns < WARM_UP_TURNS);
            callers.reset();
            fault.happen();
            callers.awaitMore(30);
            say(
                    "%s: longest wait of a writer without it %d ms; writes accepted again after at most %d ms, longest wait of a reader %d ms,"
                            + " failed reads %d%n%s",
                    what,
                    before,
                    callers.longestGapMillis("writer"),
                    callers.longestGapMillis("reader"),
                    callers.failures("reader"),
                    callers.report());
        }
        Map<String, String> promised = callers.acknowledged();
        assertThat(promised).isNotEmpty();
        for (String master : left) {
            Waiting.until(
                    what + ": everything acknowledged is at " + master,
                    LIMIT,
                    () -> marks(master).entrySet().containsAll(promised.entrySet()),
                    () -> "promised " + promised);
        }
        return callers.longestGapMillis("writer");
    }

    private Map<String, String> marks(String master) throws Exception {
        Map<String, String> marks = new HashMap<>();
        get(at(master, 8080), "/v2/apps")
                .path("apps")
                .forEach(app -> marks.put(
                        app.path("id").asText(), app.path("labels").path("mark").asText()));
        return marks;
    }

    /** Running tasks of {@code /web} by id, each with the host it runs at, as this master tells. */
    Map<String, String> running(String master) throws Exception {
        Map<String, String> tasks = new HashMap<>();
        get(at(master, 8080), "/v2/apps//web/tasks").path("tasks").forEach(task -> {
            if (task.path("state").asText().equals("TASK_RUNNING")) {
                tasks.put(task.path("id").asText(), task.path("host").asText());
            }
        });
        return tasks;
    }

    /** What the mesh answers for {@code web} at the port this machine publishes. */
    Optional<String> called() throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create("http://" + published("router", 4140) + "/"))
                        .header("l5d-name", "/svc/web")
                        .timeout(Duration.ofSeconds(5))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return response.statusCode() == 200 ? Optional.of(response.body()) : Optional.empty();
    }

    JsonNode get(String at, String path) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create("http://" + at + path))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return JSON.readTree(response.body());
    }

    @Override
    public void close() {
        engine.close();
    }
}
