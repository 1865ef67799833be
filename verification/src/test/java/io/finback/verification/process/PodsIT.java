package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pod on a real agent: two containers with processes of their own that live, are replaced, fail and end together. */
@Tag("process")
final class PodsIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @TempDir
    private Path dir;

    private ServicesClient services;

    @Test
    void containersLiveAndEndTogether() throws Exception {
        Path log = Files.createFile(dir.resolve("log"));
        Path fail = dir.resolve("fail");
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess agent = cluster.agent(1);
            cluster.awaitReady(agent);
            services = new ServicesClient(cluster.servicesPort);
            services.post("/v2/pods", pod(log, fail, 1, "one"));
            stable(1);
            Waiting.until("both began", LIMIT, () -> lines(log, "one").size() == 2, () -> lines(log, "")
                    .toString());
            String port = container("web")
                    .path("endpoints")
                    .get(0)
                    .path("allocatedHostPort")
                    .asText();
            assertThat(lines(log, "one")).contains("one web " + port, "one side " + port);

            // The agent starts anew and finds both; the master too, and still knows them.
            String before = instance().path("id").asText();
            cluster.kill9(agent);
            cluster.kill9(master);
            cluster.restart(master);
            cluster.restart(agent);
            cluster.awaitReady(master);
            cluster.awaitReady(agent);
            stable(1);
            assertThat(instance().path("id").asText()).isEqualTo(before);
            assertThat(lines(log, "one")).as("nothing was started again").hasSize(2);

            services.put("/v2/pods/duo", pod(log, fail, 2, "two"));
            Waiting.until("the deployment ends", LIMIT, () -> !services.deploying("/duo"), this::describe);
            stable(2);
            assertThat(lines(log, "two")).hasSize(4);

            // One container of one instance fails: its instance ends, another begins.
            Files.createFile(fail);
            Waiting.until(
                    "somebody failed and was replaced",
                    LIMIT,
                    () -> lines(log, "two").size() >= 5,
                    this::describe);
            Waiting.until(
                    "an end is told",
                    LIMIT,
                    () -> status().path("terminationHistory")
                            .path(0)
                            .path("message")
                            .asText()
                            .contains("container side"),
                    this::describe);
            Files.delete(fail);
            stable(2);

            services.delete("/v2/pods/duo?force=true");
            Waiting.until(
                    "gone", LIMIT, () -> services.get("/v2/pods/duo::status").status() == 404, this::describe);
            assertThat(running()).isEmpty();
        }
    }

    /** What a container writes on its disk outlives its instance, and its secret is a variable and a file. */
    @Test
    void aDiskIsFoundAgainAndASecretIsGiven() throws Exception {
        Path log = Files.createFile(dir.resolve("log"));
        Path store = Files.createDirectories(dir.resolve("store"));
        Files.writeString(store.resolve("pw"), "ishmael");
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            cluster.awaitReady(cluster.master());
            cluster.awaitReady(cluster.agent(1, List.of("finback.agent.secrets.directory=" + store)));
            services = new ServicesClient(cluster.servicesPort);
            String say =
                    "echo x >> data/uses; echo $PASS $(cat pw) $(wc -l < data/uses) >> " + log + "; exec sleep 7777";
            services.post(
                    "/v2/pods",
                    "{\"id\":\"duo\",\"role\":\"data\",\"secrets\":{\"pw\":{\"source\":\"pw\"}},\"containers\":["
                            + "{\"name\":\"db\",\"resources\":{\"cpus\":0.1,\"mem\":32},\"exec\":{\"command\":{\"shell\":\""
                            + say
                            + "\"}},\"environment\":{\"PASS\":{\"secret\":\"pw\"}},\"volumeMounts\":["
                            + "{\"name\":\"disk\",\"mountPath\":\"data\"},{\"name\":\"file\",\"mountPath\":\"pw\"}]}],"
                            + "\"volumes\":[{\"name\":\"disk\",\"persistent\":{\"size\":16}},{\"name\":\"file\",\"secret\":\"pw\"}],"
                            + "\"scheduling\":{\"backoff\":{\"backoff\":0.1,\"maxLaunchDelay\":1}}}");
            stable(1);
            Waiting.until("it began", LIMIT, () -> lines(log, "").size() == 1, this::describe);
            services.delete("/v2/pods/duo::instances/" + instance().path("id").asText());
            Waiting.until("another began", LIMIT, () -> lines(log, "").size() == 2, this::describe);
            assertThat(lines(log, "")).containsExactly("ishmael ishmael 1", "ishmael ishmael 2");
            stable(1);
            services.delete("/v2/pods/duo?force=true");
            Waiting.until(
                    "gone", LIMIT, () -> services.get("/v2/pods/duo::status").status() == 404, this::describe);
        }
    }

    /** Each container says that it began, with the port of the one that has one; the second fails when there is a file {@code fail}. */
    private static String pod(Path log, Path fail, int instances, String mark) {
        // What they say goes through the volume they share.
        String say = "echo " + mark + " $MARATHON_CONTAINER_ID $EP_HOST_HTTP > data/$MARATHON_CONTAINER_ID; ";
        String told = "while test ! -s data/web; do sleep 0.1; done; cat data/web data/side >> " + log + "; ";
        String mount = ",\"volumeMounts\":[{\"name\":\"shared\",\"mountPath\":\"data\"}]";
        String small = "\"resources\":{\"cpus\":0.1,\"mem\":32}";
        return "{\"id\":\"duo\",\"containers\":["
                + "{\"name\":\"web\"," + small + ",\"exec\":{\"command\":{\"shell\":\"" + say + "exec sleep 7777\"}},"
                + "\"endpoints\":[{\"name\":\"http\",\"hostPort\":0}]" + mount + "},"
                + "{\"name\":\"side\"," + small + ",\"exec\":{\"command\":{\"shell\":\"" + say + told
                + "while test ! -e "
                + fail
                + "; do sleep 0.2; done; exit 3\"}}" + mount + "}],\"volumes\":[{\"name\":\"shared\"}],"
                + "\"scaling\":{\"kind\":\"fixed\",\"instances\":" + instances + "},"
                + "\"scheduling\":{\"backoff\":{\"backoff\":0.1,\"maxLaunchDelay\":1}}}";
    }

    private static List<String> lines(Path log, String mark) {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> line.startsWith(mark))
                    .toList();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void stable(int instances) {
        Waiting.until(
                "stable with " + instances,
                LIMIT,
                () -> status().path("status").asText().equals("STABLE")
                        && status().path("instances").size() == instances
                        && !services.deploying("/duo"),
                this::describe);
    }

    private JsonNode status() throws Exception {
        return services.get("/v2/pods/duo::status").body();
    }

    private JsonNode instance() throws Exception {
        return status().path("instances").get(0);
    }

    private JsonNode container(String name) throws Exception {
        for (JsonNode container : instance().path("containers")) {
            if (container.path("name").asText().equals(name)) {
                return container;
            }
        }
        throw new AssertionError("no container " + name);
    }

    private List<ProcessHandle> running() {
        return ProcessHandle.allProcesses()
                .filter(handle -> handle.info()
                        .arguments()
                        .filter(a -> List.of(a).contains("7777"))
                        .isPresent())
                .filter(handle -> Optional.of(handle.pid())
                        .map(PodsIT::environment)
                        .orElse("")
                        .contains(dir.toString()))
                .toList();
    }

    private static String environment(long pid) {
        try {
            return Files.readString(
                    Path.of("/proc", Long.toString(pid), "environ"), java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (java.io.IOException e) {
            return "";
        }
    }

    private String describe() {
        try {
            JsonNode status = status();
            if (status instanceof ObjectNode object) {
                object.remove("spec");
            }
            return status + " " + services.get("/v2/deployments").text();
        } catch (Exception e) {
            return e.toString();
        }
    }
}
