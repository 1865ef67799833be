package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ServedAgent;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators read of an agent over sockets: files, numbers, how much it logs. */
class AgentCallsTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path data;

    @Test
    void filesAreListedAndReadAsTheyAre() throws Exception {
        try (ServedAgent agent = new ServedAgent(data)) {
            agent.launch("web", "exec sleep 600");
            Path sandbox = agent.sandbox("web");
            byte[] bytes = {'a', (byte) 0xff, 0, 'z'};
            Files.write(sandbox.resolve("raw"), bytes);
            Files.createSymbolicLink(sandbox.resolve("out"), Path.of("/etc/passwd"));

            JsonNode list =
                    JSON.readTree(agent.call("{\"type\":\"LIST_FILES\",\"list_files\":{\"path\":\"" + sandbox + "\"}}")
                            .body());
            assertThat(list.at("/list_files/file_infos")).anySatisfy(file -> {
                assertThat(file.path("path").asText()).isEqualTo(sandbox + "/raw");
                assertThat(file.path("size").asInt()).isEqualTo(4);
                assertThat(file.path("mode").asInt() & 0170000).isEqualTo(0100000);
                assertThat(file.at("/mtime/nanoseconds").asLong()).isPositive();
            });
            Call call = Call.newBuilder()
                    .setType(Call.Type.READ_FILE)
                    .setReadFile(Call.ReadFile.newBuilder()
                            .setPath(sandbox + "/raw")
                            .setOffset(1)
                            .setLength(2))
                    .build();
            Response.ReadFile read =
                    Response.parseFrom(agent.call(call.toByteArray()).body()).getReadFile();
            assertThat(read.getSize()).isEqualTo(4);
            assertThat(read.getData().toByteArray()).containsExactly(0xff, 0);

            assertThat(read(agent, sandbox + "/out").statusCode()).isEqualTo(404);
            assertThat(read(agent, "/etc/passwd").statusCode()).isEqualTo(404);
            assertThat(read(agent, sandbox.toString()).statusCode()).isEqualTo(400);
            HttpResponse<String> bare = agent.call("{\"type\":\"LIST_FILES\"}");
            assertThat(bare.statusCode()).isEqualTo(400);
            assertThat(bare.body()).isEqualTo("Expecting 'list_files' to be present");
        }
    }

    @Test
    void theNumbersAreThoseOfTheSnapshot() throws Exception {
        try (ServedAgent agent = new ServedAgent(data)) {
            agent.launch("web", "exec sleep 600");
            JsonNode metrics = JSON.readTree(agent.call("{\"type\":\"GET_METRICS\",\"get_metrics\":{}}")
                            .body())
                    .at("/get_metrics/metrics");
            JsonNode snapshot = JSON.readTree(agent.get("/metrics/snapshot").body());
            assertThat(metrics).hasSize(snapshot.size());
            for (Iterator<String> names = snapshot.fieldNames(); names.hasNext(); ) {
                String name = names.next();
                assertThat(metrics)
                        .anySatisfy(metric ->
                                assertThat(metric.path("name").asText()).isEqualTo(name));
            }
            assertThat(metrics).anySatisfy(metric -> {
                assertThat(metric.path("name").asText()).isEqualTo("slave/tasks_running");
                assertThat(metric.path("value").asDouble()).isEqualTo(1);
            });
        }
    }

    @Test
    void whatIsOverEveryLimitIsRefusedAsWhatIsOverOurs() throws Exception {
        try (ServedAgent agent = new ServedAgent(data)) {
            // Over Akka's own limit for bodies in memory, 8 MiB.
            HttpResponse<String> refused = agent.call(" ".repeat((8 << 20) + 1) + "{\"type\":\"GET_VERSION\"}");
            assertThat(refused.statusCode()).isEqualTo(413);
            assertThat(refused.body()).startsWith("The body is larger than ");
        }
    }

    @Test
    void theLogLevelChangesForAWhile() throws Exception {
        try (ServedAgent agent = new ServedAgent(data)) {
            assertThat(level(agent)).isEqualTo(0);
            assertThat(set(agent, 4, 1_000_000_000L)).isEqualTo(400);
            assertThat(set(agent, 1, 0)).isEqualTo(400);
            assertThat(level(agent)).isEqualTo(0);
            assertThat(set(agent, 1, 300_000_000L)).isEqualTo(200);
            assertThat(level(agent)).isEqualTo(1);
            Await.until("it is as before", () -> level(agent) == 0);
        }
    }

    private static HttpResponse<String> read(ServedAgent agent, String path) throws Exception {
        return agent.call("{\"type\":\"READ_FILE\",\"read_file\":{\"path\":\"" + path + "\",\"offset\":0}}");
    }

    private static int set(ServedAgent agent, int level, long nanoseconds) throws Exception {
        return agent.call("{\"type\":\"SET_LOGGING_LEVEL\",\"set_logging_level\":{\"level\":" + level
                        + ",\"duration\":{\"nanoseconds\":" + nanoseconds + "}}}")
                .statusCode();
    }

    private static int level(ServedAgent agent) throws Exception {
        return JSON.readTree(agent.call("{\"type\":\"GET_LOGGING_LEVEL\"}").body())
                .at("/get_logging_level/level")
                .asInt(-1);
    }
}
