package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.tasks.TaskState;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code /finback/summary}, {@code agents}, {@code tasks} and {@code offers}. */
class LookEndpointsTest {
    private ServedApi api;

    @BeforeEach
    void start() throws Exception {
        api = new ServedApi();
        api.view.set(Clusters.small(1));
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void sumsUpWhatThereIs() throws Exception {
        JsonNode summary = api.json("/finback/summary");
        assertThat(summary.path("resources").path("cpus").asDouble()).isEqualTo(5);
        assertThat(summary.path("used_resources").path("mem").asDouble()).isEqualTo(64);
        assertThat(summary.path("offered_resources").path("cpus").asDouble()).isEqualTo(1);
        assertThat(summary.path("agents").toString())
                .isEqualTo("{\"all\":2,\"active\":1,\"deactivated\":0,\"draining\":2,\"unreachable\":1}");
        assertThat(summary.path("unreachable_agents").get(0).path("hostname").asText())
                .isEqualTo("a2.example");
        assertThat(summary.path("tasks").path("TASK_RUNNING").asInt()).isEqualTo(1);
        assertThat(summary.path("tasks").path("TASK_FINISHED").asInt()).isEqualTo(1);
        JsonNode framework = summary.path("frameworks").get(0);
        assertThat(framework.path("name").asText()).isEqualTo("demo");
        assertThat(framework.path("offers").asInt()).isEqualTo(1);
        assertThat(framework.path("TASK_UNREACHABLE").asInt()).isEqualTo(1);
        assertThat(summary.path("frameworks").get(1).path("torn_down").asBoolean())
                .isTrue();
    }

    @Test
    void showsEveryAgentAndItsIsolatorsAlsoWhenItDoesNotAnswer() throws Exception {
        JsonNode agents = api.json("/finback/agents").path("agents");
        assertThat(agents).hasSize(2);
        assertThat(agents.get(1).path("unreachable_time").asDouble()).isPositive();
        JsonNode one = api.json("/finback/agents?id=a1").path("agents");
        assertThat(one).hasSize(1);
        assertThat(one.get(0).path("isolators").path("off").path("cgroups/mem").asText())
                .isEqualTo("no such controller here");
        assertThat(one.get(0).path("unreserved_resources_full").isArray()).isTrue();
        assertThat(api.json("/finback/agents?id=none").path("agents")).isEmpty();
    }

    @Test
    void listsOffersOfOneFrameworkOrAll() throws Exception {
        JsonNode offer = api.json("/finback/offers").path("offers").get(0);
        assertThat(offer.path("id").asText()).isEqualTo("o1");
        assertThat(offer.path("slave_id").asText()).isEqualTo("a1");
        assertThat(api.json("/finback/offers?framework_id=f0").path("offers")).isEmpty();
    }

    @Test
    void findsTasksAPageAtATime() throws Exception {
        List<io.finback.controlplane.framework.FrameworkDelta.Task> tasks = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            tasks.add(Clusters.task("f1", "t" + i, i % 2 == 0 ? TaskState.RUNNING : TaskState.STAGING, i));
        }
        var demo = Clusters.framework("f1", 0);
        api.view.set(Clusters.of(
                2,
                List.of(Clusters.agent("a1", true)),
                new io.finback.controlplane.view.ClusterSnapshot.Framework(
                        demo.id(),
                        demo.info(),
                        demo.registeredAt(),
                        demo.reregisteredAt(),
                        demo.removedAt(),
                        true,
                        false,
                        demo.suppressed(),
                        demo.constraints(),
                        io.finback.controlplane.view.Pages.of(tasks),
                        demo.completed(),
                        demo.operations(),
                        demo.executors())));
        JsonNode first = api.json("/finback/tasks?state=TASK_RUNNING,TASK_STAGING&limit=100");
        assertThat(first.path("total").asInt()).isEqualTo(250);
        assertThat(first.path("states").toString())
                .isEqualTo("{\"TASK_STAGING\":125,\"TASK_RUNNING\":125,\"TASK_FINISHED\":1}");
        assertThat(ids(first)).hasSize(100).startsWith("t249", "t248");
        assertThat(ids(api.json("/finback/tasks?state=TASK_RUNNING,TASK_STAGING&limit=100&offset=200")))
                .hasSize(50)
                .startsWith("t49")
                .endsWith("t0");
        assertThat(ids(api.json("/finback/tasks?order=asc&state=TASK_STAGING&limit=2")))
                .containsExactly("t1", "t3");
        JsonNode found = api.json("/finback/tasks?search=NAME-T24");
        assertThat(found.path("total").asInt()).isEqualTo(11);
        assertThat(found.path("tasks").get(0).path("statuses").isEmpty()).isFalse();
        assertThat(ids(api.json("/finback/tasks?task_id=t7&framework_id=f1"))).containsExactly("t7");
        assertThat(ids(api.json("/finback/tasks?agent_id=other"))).isEmpty();
        for (String wrong : List.of("state=RUNNING", "limit=1001", "offset=100001", "order=up", "limit=-1")) {
            assertThat(api.get("/finback/tasks?" + wrong).statusCode())
                    .as(wrong)
                    .isEqualTo(400);
        }
    }

    @Test
    void saysNothingAgainUntilTheViewChanges() throws Exception {
        for (String path : List.of("/finback/summary", "/finback/agents", "/finback/tasks", "/finback/offers")) {
            HttpResponse<byte[]> answer = api.get(path);
            String tag = answer.headers().firstValue("ETag").orElseThrow();
            HttpResponse<byte[]> same = api.get(path, "If-None-Match", tag);
            assertThat(same.statusCode()).isEqualTo(304);
            assertThat(same.body()).isEmpty();
            api.view.set(Clusters.small(2));
            HttpResponse<byte[]> news = api.get(path, "If-None-Match", tag);
            assertThat(news.statusCode()).isEqualTo(200);
            assertThat(new String(news.body(), StandardCharsets.UTF_8)).startsWith("{");
        }
    }

    private static List<String> ids(JsonNode found) {
        List<String> ids = new ArrayList<>();
        found.path("tasks").forEach(task -> ids.add(task.path("id").asText()));
        return ids;
    }
}
