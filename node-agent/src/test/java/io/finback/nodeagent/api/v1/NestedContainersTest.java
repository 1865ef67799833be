package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands beside a real task, ordered over sockets. */
class NestedContainersTest {
    private static final int SIGTERM = 15;

    @TempDir
    Path data;

    TaskWorld world() throws Exception {
        return new TaskWorld(data);
    }

    @Test
    void aNestedContainerLivesFromItsLaunchToItsRemoval() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            String launch = "\"container_id\":" + id("job", task)
                    + ",\"command\":{\"value\":\"echo $WHO; echo oops >&2; while [ ! -e go ]; do sleep 0.05; done; exit 3\"}";
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", launch)).isEqualTo(200);
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", launch)).isEqualTo(202);
            assertThat(ask(agent, "REMOVE_NESTED_CONTAINER", "\"container_id\":" + id("job", task)))
                    .isEqualTo(500);
            assertThat(agent.call("{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"show_nested\":true}}")
                            .body())
                    .contains("\"value\":\"job\"");

            Path directory = agent.sandbox("web").resolve("containers/job");
            Await.until(
                    "it has spoken",
                    () -> Files.exists(directory.resolve("stderr"))
                            && Files.readString(directory.resolve("stderr")).equals("oops\n"));
            assertThat(Files.readString(directory.resolve("stdout"))).isEqualTo("whale\n");

            CompletableFuture<HttpResponse<String>> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return agent.call(call("WAIT_NESTED_CONTAINER", "\"container_id\":" + id("job", task)));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            HttpResponse<java.io.InputStream> output =
                    agent.stream(call("ATTACH_CONTAINER_OUTPUT", "\"container_id\":" + id("job", task)));
            Files.writeString(directory.resolve("go"), "");

            HttpResponse<String> ended = waiting.get(30, TimeUnit.SECONDS);
            assertThat(ended.statusCode()).isEqualTo(200);
            assertThat(ended.body()).contains("\"wait_nested_container\":{\"exit_status\":" + (3 << 8) + "}");
            assertThat(said(output)).contains("STDOUT" + base64("whale\n"), "STDERR" + base64("oops\n"));
            assertThat(ask(agent, "KILL_NESTED_CONTAINER", "\"container_id\":" + id("job", task)))
                    .isEqualTo(404);
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", launch)).isEqualTo(400);

            assertThat(ask(agent, "REMOVE_NESTED_CONTAINER", "\"container_id\":" + id("job", task)))
                    .isEqualTo(200);
            assertThat(directory).doesNotExist();
            assertThat(ask(agent, "WAIT_NESTED_CONTAINER", "\"container_id\":" + id("job", task)))
                    .isEqualTo(404);
        }
    }

    @Test
    void signalsReachItAndProtobufIsSpoken() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            Protos.ContainerID id = Protos.ContainerID.newBuilder()
                    .setValue("job")
                    .setParent(Protos.ContainerID.newBuilder().setValue(agent.launch("web", "exec sleep 600")))
                    .build();
            Call launch = Call.newBuilder()
                    .setType(Call.Type.LAUNCH_CONTAINER)
                    .setLaunchContainer(Call.LaunchContainer.newBuilder()
                            .setContainerId(id)
                            .setCommand(Protos.CommandInfo.newBuilder().setValue("touch here; exec sleep 600")))
                    .build();
            assertThat(agent.call(launch.toByteArray()).statusCode()).isEqualTo(200);
            Await.until("it runs", () -> Files.exists(agent.sandbox("web").resolve("containers/job/here")));
            Call kill = Call.newBuilder()
                    .setType(Call.Type.KILL_CONTAINER)
                    .setKillContainer(
                            Call.KillContainer.newBuilder().setContainerId(id).setSignal(SIGTERM))
                    .build();
            assertThat(agent.call(kill.toByteArray()).statusCode()).isEqualTo(200);
            Call waiting = Call.newBuilder()
                    .setType(Call.Type.WAIT_CONTAINER)
                    .setWaitContainer(Call.WaitContainer.newBuilder().setContainerId(id))
                    .build();
            Response ended =
                    Response.parseFrom(agent.call(waiting.toByteArray()).body());
            assertThat(ended.getType()).isEqualTo(Response.Type.WAIT_CONTAINER);
            assertThat(ended.getWaitContainer().getExitStatus()).isEqualTo(SIGTERM);
        }
    }

    @Test
    void itEndsWithItsTask() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            HttpResponse<String> launched = agent.call(call(
                    "LAUNCH_NESTED_CONTAINER",
                    "\"container_id\":" + id("job", task)
                            + ",\"command\":{\"value\":\"trap '' TERM; exec sleep 600\"}"));
            assertThat(launched.statusCode()).as(launched.body()).isEqualTo(200);
            Call containers = Call.newBuilder()
                    .setType(Call.Type.GET_CONTAINERS)
                    .setGetContainers(Call.GetContainers.newBuilder().setShowNested(true))
                    .build();
            long pid = Response.parseFrom(agent.call(containers.toByteArray()).body())
                    .getGetContainers()
                    .getContainersList()
                    .stream()
                    .filter(container -> container.getContainerId().getValue().equals("job"))
                    .findFirst()
                    .orElseThrow()
                    .getContainerStatus()
                    .getExecutorPid();
            ProcessHandle job = ProcessHandle.of(pid).orElseThrow();
            assertThat(job.isAlive()).isTrue();

            assertThat(ProcessHandle.of(agent.leader("web")).orElseThrow().destroyForcibly())
                    .isTrue();
            Await.until("it has ended", () -> !job.isAlive());
            Await.until(
                    "it is forgotten",
                    () -> ask(agent, "WAIT_CONTAINER", "\"container_id\":" + id("job", task)) == 404);
            assertThat(ask(
                            agent,
                            "LAUNCH_CONTAINER",
                            "\"container_id\":" + id("next", task) + ",\"command\":{\"value\":\"true\"}"))
                    .isEqualTo(404);
        }
    }

    @Test
    void whatCannotBeIsRefused() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            String command = ",\"command\":{\"value\":\"exec sleep 600\"}";
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", "\"container_id\":" + id("job", "nobody") + command))
                    .isEqualTo(404);
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", "\"container_id\":" + id("../job", task) + command))
                    .isEqualTo(400);
            assertThat(ask(agent, "LAUNCH_NESTED_CONTAINER", "\"container_id\":{\"value\":\"job\"}" + command))
                    .isEqualTo(400);
            assertThat(ask(agent, "LAUNCH_CONTAINER", "\"container_id\":{\"value\":\"job\"}" + command))
                    .isEqualTo(501);
            assertThat(ask(
                            agent,
                            "LAUNCH_NESTED_CONTAINER",
                            "\"container_id\":" + id("job", task) + command + ",\"container\":{\"type\":\"DOCKER\"}"))
                    .isEqualTo(400);
            HttpResponse<String> own = agent.call(call(
                    "LAUNCH_NESTED_CONTAINER",
                    "\"container_id\":" + id("job", task) + command
                            + ",\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_cgroups\":false}}"));
            assertThat(own.statusCode()).isEqualTo(400);
            assertThat(own.body()).contains("launch_nested_container.container.linux_info.share_cgroups: false");
            assertThat(ask(
                            agent,
                            "LAUNCH_CONTAINER",
                            "\"container_id\":" + id("job", task)
                                    + ",\"command\":{\"value\":\"true\",\"uris\":[{\"value\":\"/etc/passwd\"}]}"))
                    .isEqualTo(400);
            for (String name : new String[] {"WAIT_NESTED_CONTAINER", "KILL_CONTAINER", "REMOVE_CONTAINER"}) {
                assertThat(ask(agent, name, "\"container_id\":" + id("job", task)))
                        .as(name)
                        .isEqualTo(404);
            }
            HttpResponse<String> bare = agent.call("{\"type\":\"KILL_CONTAINER\"}");
            assertThat(bare.statusCode()).isEqualTo(400);
            assertThat(bare.body()).isEqualTo("Expecting 'kill_container' to be present");
            assertThat(ask(agent, "ATTACH_CONTAINER_OUTPUT", "\"container_id\":" + id("job", task)))
                    .isEqualTo(404);
            for (String name : new String[] {"a", "b", "c"}) {
                assertThat(ask(agent, "LAUNCH_CONTAINER", "\"container_id\":" + id(name, task) + command))
                        .isEqualTo(200);
            }
            assertThat(ask(agent, "LAUNCH_CONTAINER", "\"container_id\":" + id("d", task) + command))
                    .isEqualTo(503);
        }
    }

    @Test
    void othersListenToASession() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            HttpResponse<java.io.InputStream> session = agent.stream(call(
                    "LAUNCH_NESTED_CONTAINER_SESSION",
                    "\"container_id\":" + id("s", task)
                            + ",\"command\":{\"value\":\"while [ ! -e go ]; do sleep 0.05; done; echo $WHO\"}"));
            assertThat(session.statusCode()).isEqualTo(200);
            HttpResponse<java.io.InputStream> listening =
                    agent.stream(call("ATTACH_CONTAINER_OUTPUT", "\"container_id\":" + id("s", task)));
            assertThat(listening.statusCode()).isEqualTo(200);
            Files.writeString(agent.sandbox("web").resolve("go"), "");
            assertThat(said(session)).contains("STDOUT" + base64("whale\n"));
            assertThat(said(listening)).contains("STDOUT" + base64("whale\n"));
        }
    }

    @Test
    void oneInAnotherHasWhatThatHasAndEndsWithIt() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            String outer = id("outer", task);
            String inner = "{\"value\":\"inner\",\"parent\":" + outer + "}";
            assertThat(ask(
                            agent,
                            "LAUNCH_CONTAINER",
                            "\"container_id\":" + inner + ",\"command\":{\"value\":\"true\"}"))
                    .as("nothing runs yet that it could be in")
                    .isEqualTo(404);
            assertThat(ask(
                            agent,
                            "LAUNCH_CONTAINER",
                            "\"container_id\":" + outer + ",\"command\":{\"value\":\"exec sleep 600\","
                                    + "\"environment\":{\"variables\":[{\"name\":\"OUTER\",\"value\":\"one\"}]}}"))
                    .isEqualTo(200);
            assertThat(
                            ask(
                                    agent,
                                    "LAUNCH_CONTAINER",
                                    "\"container_id\":" + inner
                                            + ",\"command\":{\"value\":\"echo $WHO $OUTER; pwd; echo $MESOS_SANDBOX; exec sleep 600\"}"))
                    .isEqualTo(200);
            Path directory = agent.sandbox("web").resolve("containers/outer/containers/inner");
            Await.until(
                    "it has spoken",
                    () -> Files.exists(directory.resolve("stdout"))
                            && Files.readString(directory.resolve("stdout"))
                                    .equals("whale one\n" + directory + "\n" + directory + "\n"));
            assertThat(agent.call("{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"show_nested\":true}}")
                            .body())
                    .contains("{\"value\":\"inner\",\"parent\":{\"value\":\"outer\",\"parent\":{\"value\":\"" + task
                            + "\"}}}");
            HttpResponse<java.io.InputStream> session = agent.stream(call(
                    "LAUNCH_NESTED_CONTAINER_SESSION",
                    "\"container_id\":{\"value\":\"s\",\"parent\":" + inner
                            + "},\"command\":{\"value\":\"echo $OUTER in $MESOS_SANDBOX\"}"));
            assertThat(said(session)).contains(base64("one in " + directory + "\n"));

            assertThat(ask(agent, "REMOVE_CONTAINER", "\"container_id\":" + outer))
                    .isEqualTo(500);
            assertThat(ask(agent, "KILL_CONTAINER", "\"container_id\":" + outer))
                    .isEqualTo(200);
            for (String ended : new String[] {outer, inner}) {
                assertThat(agent.call(call("WAIT_CONTAINER", "\"container_id\":" + ended))
                                .body())
                        .contains("\"exit_status\":9");
            }
            assertThat(ask(agent, "REMOVE_CONTAINER", "\"container_id\":" + outer))
                    .isEqualTo(200);
            assertThat(agent.sandbox("web").resolve("containers/outer")).doesNotExist();
            assertThat(ask(agent, "WAIT_CONTAINER", "\"container_id\":" + inner))
                    .isEqualTo(404);
        }
    }

    @Test
    void whatItPrintsIsRotatedAsATasks() throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "exec sleep 600");
            assertThat(
                            ask(
                                    agent,
                                    "LAUNCH_CONTAINER",
                                    "\"container_id\":" + id("job", task)
                                            + ",\"command\":{\"value\":\"head -c 1000000 /dev/zero | tr '\\\\0' a; echo end\"}"))
                    .isEqualTo(200);
            assertThat(agent.call(call("WAIT_CONTAINER", "\"container_id\":" + id("job", task)))
                            .body())
                    .contains("\"exit_status\":0");
            Path directory = agent.sandbox("web").resolve("containers/job");
            long kept = 0;
            for (String name : new String[] {"stdout.2", "stdout.1", "stdout"}) {
                // A file may end before its limit: lines are not cut unless they are longer than a file.
                assertThat(Files.size(directory.resolve(name))).isBetween(1L, 64L * 1024);
                kept += Files.size(directory.resolve(name));
            }
            assertThat(directory.resolve("stdout.3")).doesNotExist();
            // From the oldest that is kept to the end.
            String all = said(agent.stream(call("ATTACH_CONTAINER_OUTPUT", "\"container_id\":" + id("job", task))));
            StringBuilder text = new StringBuilder();
            all.lines()
                    .filter(line -> line.startsWith("STDOUT"))
                    .map(line -> Base64.getDecoder().decode(line.substring("STDOUT".length())))
                    .forEach(bytes -> text.append(new String(bytes, StandardCharsets.UTF_8)));
            assertThat(text.toString()).endsWith("aaaend\n").hasSize((int) kept);
        }
    }

    @Test
    void aLinkInTheSandboxLeadsNobodyAstray(@TempDir Path elsewhere) throws Exception {
        try (ServedAgent agent = new ServedAgent(world())) {
            String task = agent.launch("web", "ln -s '" + elsewhere + "' containers; exec sleep 600");
            Await.until(
                    "the link is there",
                    () -> Files.isSymbolicLink(agent.sandbox("web").resolve("containers")));
            HttpResponse<String> refused = agent.call(call(
                    "LAUNCH_CONTAINER",
                    "\"container_id\":" + id("job", task) + ",\"command\":{\"value\":\"touch here\"}"));
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("cannot go below, to containers");
            assertThat(elsewhere).isEmptyDirectory();
        }
    }

    /** Which output, and what, of each record. */
    private static String said(HttpResponse<java.io.InputStream> stream) throws Exception {
        StringBuilder all = new StringBuilder();
        for (byte[] record : new RecordIo.Decoder(1_000_000).feed(stream.body().readAllBytes())) {
            var io = new com.fasterxml.jackson.databind.json.JsonMapper()
                    .readTree(new String(record, StandardCharsets.UTF_8))
                    .path("data");
            all.append(io.path("type").asText())
                    .append(io.path("data").asText())
                    .append('\n');
        }
        return all.toString();
    }

    private static int ask(ServedAgent agent, String type, String fields) throws Exception {
        return agent.call(call(type, fields)).statusCode();
    }

    private static String call(String type, String fields) {
        return "{\"type\":\"" + type + "\",\"" + type.toLowerCase(java.util.Locale.ROOT) + "\":{" + fields + "}}";
    }

    private static String id(String value, String parent) {
        return "{\"value\":\"" + value + "\",\"parent\":{\"value\":\"" + parent + "\"}}";
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
