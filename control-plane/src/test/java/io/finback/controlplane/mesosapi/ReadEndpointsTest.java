package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.controlplane.view.ClusterSnapshot;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadEndpointsTest {
    private static final String[] NEED_A_VIEW = {
        "/state",
        "/state-summary",
        "/slaves",
        "/frameworks",
        "/roles",
        "/tasks",
        "/weights",
        "/quota",
        "/maintenance/schedule",
        "/maintenance/status"
    };

    private ServedApi api;

    @BeforeEach
    void serve() throws Exception {
        api = new ServedApi();
        api.view.set(Clusters.small(7));
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void showsNoClusterBeforeItKnowsOne() throws Exception {
        api.view.set(ClusterSnapshot.EMPTY);
        for (String path : NEED_A_VIEW) {
            HttpResponse<byte[]> response = api.get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(503);
            assertThat(response.headers().firstValue("Retry-After")).as(path).isPresent();
            assertThat(text(response)).as(path).contains("Master has not finished recovery");
        }
        for (String path : new String[] {"/health", "/version", "/flags", "/metrics/snapshot", "/metrics", "/"}) {
            assertThat(api.get(path).statusCode()).as(path).isEqualTo(200);
        }
    }

    @Test
    void everyPathHasAPrefixAndASuffix() throws Exception {
        for (String path : NEED_A_VIEW) {
            String plain = text(api.get(path));
            assertThat(plain).as(path).isNotEmpty();
            for (String other : List.of("/master" + path, path + ".json", "/master" + path + ".json", path + "/")) {
                assertThat(text(api.get(other))).as(other).isEqualTo(plain);
            }
        }
        assertThat(api.get("/master/health").statusCode()).isEqualTo(200);
        assertThat(api.get("/state/x").statusCode()).isEqualTo(404);
    }

    @Test
    void stateHasWhatServiceDiscoveryReads() throws Exception {
        JsonNode state = api.json("/state");
        assertThat(state.path("leader").asText()).isEqualTo("master@127.0.0.1:5050");
        assertThat(state.path("activated_slaves").asInt()).isEqualTo(1);
        assertThat(state.path("unreachable_slaves").asInt()).isEqualTo(1);
        assertThat(state.path("flags").path("port").asText()).isEqualTo("5050");
        JsonNode slave = state.path("slaves").path(0);
        assertThat(state.path("slaves")).hasSize(1);
        assertThat(slave.path("id").asText()).isEqualTo("a1");
        assertThat(slave.path("resources").path("cpus").asDouble()).isEqualTo(5);
        assertThat(slave.path("resources").path("ports").asText()).isEqualTo("[31000-32000]");
        assertThat(slave.path("reserved_resources").path("eng").path("cpus").asDouble())
                .isEqualTo(1);
        assertThat(slave.path("unreserved_resources").path("cpus").asDouble()).isEqualTo(4);
        assertThat(slave.path("offered_resources").path("mem").asDouble()).isEqualTo(1024);
        assertThat(slave.path("drain_info").path("state").asText()).isEqualTo("DRAINING");
        assertThat(slave.path("attributes").path("rack").asText()).isEqualTo("r1");
        assertThat(slave.path("isolators").path("on").asText()).isEqualTo("cgroups/cpu,linux/nnp");
        assertThat(slave.path("isolators").path("off").path("cgroups/mem").asText())
                .isEqualTo("no such controller here");
        JsonNode framework = state.path("frameworks").path(0);
        assertThat(framework.path("id").asText()).isEqualTo("f1");
        assertThat(framework.path("tasks")).hasSize(1);
        assertThat(framework.path("unreachable_tasks")).hasSize(1);
        assertThat(framework.path("completed_tasks")).hasSize(1);
        assertThat(framework.path("offers").path(0).path("slave_id").asText()).isEqualTo("a1");
        assertThat(framework.path("offered_resources").path("cpus").asDouble()).isEqualTo(1);
        assertThat(framework.path("used_resources").path("cpus").asDouble()).isEqualTo(0.5);
        assertThat(framework.path("failover_timeout").asDouble()).isEqualTo(3600);
        JsonNode task = framework.path("tasks").path(0);
        assertThat(task.path("state").asText()).isEqualTo("TASK_RUNNING");
        assertThat(task.path("executor_id").asText()).isEmpty();
        assertThat(task.path("role").asText()).isEqualTo("eng");
        assertThat(task.path("resources").path("ports").asText()).isEqualTo("[31005-31005]");
        assertThat(task.path("statuses")).hasSize(2);
        assertThat(task.path("statuses").path(0).path("state").asText()).isEqualTo("TASK_STARTING");
        assertThat(task.path("statuses").path(1).path("timestamp").asDouble()).isEqualTo(1700000000.123);
        assertThat(task.path("labels").path(0).path("value").asText()).isEqualTo("web\"1\"");
        assertThat(task.path("discovery")
                        .path("ports")
                        .path("ports")
                        .path(0)
                        .path("number")
                        .asInt())
                .isEqualTo(31005);
        assertThat(task.path("container").path("type").asText()).isEqualTo("MESOS");
        assertThat(task.path("container")
                        .path("mesos")
                        .path("image")
                        .path("docker")
                        .path("name")
                        .asText())
                .isEqualTo("busybox");
        assertThat(task.path("user").asText()).isEqualTo("nobody");
        assertThat(task.path("limits")).hasToString("{\"cpus\":2.0,\"mem\":\"Infinity\"}");
        assertThat(state.path("completed_frameworks").path(0).path("id").asText())
                .isEqualTo("f0");
        assertThat(framework.path("reregistered_time").asDouble()).isEqualTo(1700000060.123);
        assertThat(state.path("completed_frameworks")
                        .path(0)
                        .path("unregistered_time")
                        .asDouble())
                .isEqualTo(1700000090.123);
        for (String empty : List.of("recovered_slaves", "orphan_tasks", "unregistered_frameworks")) {
            assertThat(state.path(empty).isArray()).as(empty).isTrue();
        }
    }

    @Test
    void summaryCountsTasksPerAgentAndFramework() throws Exception {
        JsonNode summary = api.json("/state-summary");
        JsonNode slave = summary.path("slaves").path(0);
        assertThat(slave.path("TASK_RUNNING").asInt()).isEqualTo(1);
        assertThat(slave.path("TASK_UNREACHABLE").asInt()).isEqualTo(1);
        assertThat(slave.path("TASK_FINISHED").asInt()).isEqualTo(1);
        assertThat(slave.path("framework_ids").path(0).asText()).isEqualTo("f1");
        JsonNode framework = summary.path("frameworks").path(0);
        assertThat(summary.path("frameworks")).hasSize(1);
        assertThat(framework.path("TASK_RUNNING").asInt()).isEqualTo(1);
        assertThat(framework.path("slave_ids").path(0).asText()).isEqualTo("a1");
    }

    @Test
    void slavesAndFrameworksCanBeAskedForOne() throws Exception {
        assertThat(api.json("/slaves").path("slaves")).hasSize(1);
        assertThat(api.json("/slaves?slave_id=a1").path("slaves")).hasSize(1);
        assertThat(api.json("/slaves?slave_id=a2").path("slaves")).isEmpty();
        JsonNode slave = api.json("/slaves?slave_id=a1").path("slaves").path(0);
        JsonNode reserved = slave.path("reserved_resources_full").path("eng").path(0);
        assertThat(reserved.path("reservations").path(0).path("type").asText()).isEqualTo("DYNAMIC");
        assertThat(reserved.path("reservation").path("principal").asText()).isEqualTo("ops");
        assertThat(slave.path("unreserved_resources_full").path(0).path("role").asText())
                .isEqualTo("*");
        assertThat(slave.path("offered_resources_full")).isNotEmpty();
        assertThat(api.json("/frameworks?framework_id=f0").path("frameworks")).isEmpty();
        assertThat(api.json("/frameworks?framework_id=f0").path("completed_frameworks"))
                .hasSize(1);
    }

    @Test
    void tasksAreFilteredSortedAndCut() throws Exception {
        assertThat(ids("/tasks")).containsExactly("done", "t0", "lost");
        assertThat(ids("/tasks?order=asc")).endsWith("done");
        assertThat(ids("/tasks?limit=1")).containsExactly("done");
        assertThat(ids("/tasks?limit=1&offset=1")).containsExactly("t0");
        assertThat(ids("/tasks?task_id=lost")).containsExactly("lost");
        assertThat(ids("/tasks?framework_id=other")).isEmpty();
        assertThat(ids("/tasks?limit=0")).isEmpty();
    }

    @Test
    void badParametersAreNamed() throws Exception {
        for (String query : List.of("limit=x", "limit=-1", "offset=1.5", "order=up", "limit=99999999999")) {
            HttpResponse<byte[]> response = api.get("/tasks?" + query);
            assertThat(response.statusCode()).as(query).isEqualTo(400);
            assertThat(text(response))
                    .as(query)
                    .startsWith(query.substring(0, query.indexOf('=')))
                    .contains("expected");
        }
        assertThat(api.get("/metrics/snapshot?timeout=soon").statusCode()).isEqualTo(400);
        assertThat(api.get("/metrics/snapshot?timeout=10secs").statusCode()).isEqualTo(200);
        assertThat(api.get("/state?jsonp=alert(1)").statusCode()).isEqualTo(400);
    }

    @Test
    void rolesWeightsQuotasAndMaintenance() throws Exception {
        JsonNode eng = api.json("/roles").path("roles").path(1);
        assertThat(eng.path("name").asText()).isEqualTo("eng");
        assertThat(eng.path("weight").asDouble()).isEqualTo(2.5);
        assertThat(eng.path("frameworks").path(0).asText()).isEqualTo("f1");
        assertThat(eng.path("allocated").path("cpus").asDouble()).isEqualTo(0.5);
        assertThat(eng.path("offered").path("cpus").asDouble()).isEqualTo(1);
        assertThat(eng.path("reserved").path("cpus").asDouble()).isEqualTo(1);
        assertThat(eng.path("quota").path("guarantee").path("cpus").asDouble()).isEqualTo(2);
        assertThat(eng.path("quota").path("consumed").path("cpus").asDouble()).isEqualTo(1.5);
        assertThat(api.json("/weights").path(0).path("weight").asDouble()).isEqualTo(2.5);
        assertThat(api.json("/quota")
                        .path("configs")
                        .path(0)
                        .path("limits")
                        .path("cpus")
                        .path("value")
                        .asDouble())
                .isEqualTo(4);
        assertThat(api.json("/quota")
                        .path("infos")
                        .path(0)
                        .path("guarantee")
                        .path(0)
                        .path("name")
                        .asText())
                .isEqualTo("cpus");
        JsonNode window = api.json("/maintenance/schedule").path("windows").path(0);
        assertThat(window.path("machine_ids").path(0).path("hostname").asText()).isEqualTo("n9");
        assertThat(window.path("unavailability")
                        .path("duration")
                        .path("nanoseconds")
                        .asLong())
                .isEqualTo(3_600_000_000_000L);
        assertThat(api.json("/maintenance/status")
                        .path("draining_machines")
                        .path(0)
                        .path("id")
                        .path("hostname")
                        .asText())
                .isEqualTo("n9");
    }

    @Test
    void compressesForWhoAcceptsIt() throws Exception {
        String plain = text(api.get("/state"));
        HttpResponse<byte[]> zipped = api.get("/state", "Accept-Encoding", "deflate, gzip;q=0.8");
        assertThat(zipped.headers().firstValue("Content-Encoding")).contains("gzip");
        assertThat(unzipped(zipped)).isEqualTo(plain);
        assertThat(api.get("/state", "Accept-Encoding", "gzip;q=0").headers().firstValue("Content-Encoding"))
                .isEmpty();
        assertThat(api.get("/version", "Accept-Encoding", "gzip").headers().firstValue("Content-Encoding"))
                .as("less than 1024 bytes")
                .isEmpty();
    }

    @Test
    void aZippedStateOfManyPagesIsOneStreamAndWhole() throws Exception {
        api.view.set(Clusters.of(1, List.of(), Clusters.framework("f1", 5_000)));
        JsonNode state = new ObjectMapper().readTree(unzipped(api.get("/state", "Accept-Encoding", "gzip")));
        assertThat(state.path("frameworks").path(0).path("tasks")).hasSize(5_000);
        assertThat(unzipped(api.get("/state?jsonp=cb", "Accept-Encoding", "gzip")))
                .startsWith("cb({")
                .endsWith("});");
    }

    @Test
    void wrapsForScripts() throws Exception {
        HttpResponse<byte[]> response = api.get("/state?jsonp=angular.callbacks._0");
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/javascript");
        assertThat(text(response)).startsWith("angular.callbacks._0({").endsWith("});");
    }

    @Test
    void headHasTheHeadersAndNoBody() throws Exception {
        HttpResponse<byte[]> get = api.get("/state");
        HttpResponse<byte[]> head = api.send("HEAD", "/state", "");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("Content-Type"))
                .isEqualTo(get.headers().firstValue("Content-Type"));
    }

    @Test
    void otherMethodsAreRefusedWithThoseItTakes() throws Exception {
        HttpResponse<byte[]> response = api.send("POST", "/state", "x");
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD");
        assertThat(api.send("DELETE", "/weights", "").headers().firstValue("Allow"))
                .contains("GET, HEAD, PUT");
        assertThat(api.get("/api/v1").headers().firstValue("Allow")).contains("POST");
        assertThat(api.get("/nowhere").statusCode()).isEqualTo(404);
    }

    @Test
    void saysWhatEveryProcessOfMesosSays() throws Exception {
        assertThat(text("/logging/toggle")).isEqualTo("0\n");
        assertThat(api.send("GET", "/logging/toggle?level=1", "").statusCode()).isEqualTo(400);
        assertThat(api.send("GET", "/logging/toggle?duration=1secs", "").statusCode())
                .isEqualTo(400);
        for (String wrong : List.of("1", "-1secs", "1parsec", "99999999999weeks", "0secs")) {
            assertThat(api.send("GET", "/logging/toggle?level=1&duration=" + wrong, "")
                            .statusCode())
                    .as(wrong)
                    .isEqualTo(400);
        }
        assertThat(api.send("GET", "/logging/toggle?level=1&duration=1.5mins", "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(text("/logging/toggle")).isEqualTo("1\n");
        assertThat(api.send("GET", "/logging/toggle?level=0&duration=1mins", "").statusCode())
                .isEqualTo(200);
        assertThat(text("/help")).isEqualTo(text("/")).contains("/logging/toggle");
        JsonNode stats = new ObjectMapper().readTree(text("/system/stats.json"));
        assertThat(stats.path("cpus_total").asDouble()).isGreaterThanOrEqualTo(1);
        assertThat(stats.path("mem_total_bytes").asDouble())
                .isGreaterThan(stats.path("mem_free_bytes").asDouble());
        assertThat(api.send("GET", "/profiler/start", "").statusCode()).isEqualTo(400);
    }

    private String text(String path) throws Exception {
        return text(api.send("GET", path, ""));
    }

    @Test
    void redirectsToItself() throws Exception {
        HttpResponse<byte[]> response = api.get("/master/redirect");
        assertThat(response.statusCode()).isEqualTo(307);
        assertThat(response.headers().firstValue("Location")).contains("//127.0.0.1:5050");
    }

    @Test
    void countsUnderMesosNames() throws Exception {
        JsonNode metrics = api.json("/metrics/snapshot");
        assertThat(metrics.path("master/elected").asDouble()).isEqualTo(1);
        assertThat(metrics.path("master/slaves_unreachable").asDouble()).isEqualTo(1);
        assertThat(metrics.path("master/tasks_running").asDouble()).isEqualTo(1);
        assertThat(metrics.path("master/outstanding_offers").asDouble()).isEqualTo(1);
        assertThat(metrics.path("master/cpus_total").asDouble()).isEqualTo(5);
        assertThat(metrics.path("allocator/mesos/resources/cpus/total").asDouble())
                .isEqualTo(5);
        assertThat(metrics.path("allocator/mesos/resources/cpus/offered_or_allocated")
                        .asDouble())
                .isGreaterThan(0);
        assertThat(metrics.path("allocator/mesos/quota/roles/eng/resources/cpus/guarantee")
                        .asDouble())
                .isEqualTo(2);
        assertThat(metrics.path("allocator/mesos/quota/roles/eng/resources/cpus/limit")
                        .asDouble())
                .isEqualTo(4);
        assertThat(metrics.path("allocator/mesos/allocation_runs").asDouble()).isZero();
        assertThat(text(api.get("/metrics"))).contains("finback_master_agents{state=\"unreachable\"} 1.0");
    }

    private List<String> ids(String path) throws Exception {
        return api.json(path).path("tasks").findValuesAsText("id");
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    static String unzipped(HttpResponse<byte[]> response) throws Exception {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(response.body()))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
