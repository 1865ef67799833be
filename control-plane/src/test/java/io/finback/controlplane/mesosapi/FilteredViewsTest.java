package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterEvent;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.EventLogs;
import io.finback.security.SecuritySettings;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a principal may not see is in no answer, whatever the rules and the cluster: over sockets, with credentials and an ACL file. */
@Timeout(120)
class FilteredViewsTest {
    private static final List<String> PATHS = List.of(
            "/state",
            "/state.json",
            "/master/state",
            "/state-summary",
            "/slaves",
            "/slaves?slave_id=a1",
            "/frameworks",
            "/roles",
            "/tasks",
            "/tasks?limit=1000&order=asc",
            "/weights",
            "/finback/summary",
            "/finback/agents",
            "/finback/agents?id=a1",
            "/finback/tasks",
            "/finback/tasks?search=q",
            "/finback/offers");

    private static final List<String> CALLS = List.of(
            "GET_STATE",
            "GET_TASKS",
            "GET_AGENTS",
            "GET_FRAMEWORKS",
            "GET_EXECUTORS",
            "GET_OPERATIONS",
            "GET_ROLES",
            "GET_WEIGHTS");

    @TempDir
    Path data;

    private static final String DEV =
            "Basic " + Base64.getEncoder().encodeToString("dev:d".getBytes(StandardCharsets.UTF_8));

    private ServedApi served(MadeUp made) throws Exception {
        ServedApi api = new ServedApi(security(made.acls));
        api.view.set(made.cluster);
        return api;
    }

    private SecuritySettings security(String acls) throws Exception {
        Path credentials = Files.writeString(data.resolve("credentials"), "dev d\nops o\n");
        Path rules = Files.writeString(data.resolve("acls"), acls);
        return SecuritySettings.from(ConfigFactory.parseString("finback.security { credentials = \"" + credentials
                        + "\", acls = \"" + rules + "\", authenticate-reads = true }")
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void whatMayNotBeSeenIsNowhere(long seed) throws Exception {
        MadeUp made = new MadeUp(seed);
        try (ServedApi api = served(made)) {
            TreeSet<String> hidden = new TreeSet<>(made.all);
            hidden.removeAll(made.shown);
            for (String path : PATHS) {
                absent(seed + " " + path, api.get(path, "Authorization", DEV), hidden, made);
            }
            for (ClusterSnapshot.Framework framework : made.cluster.frameworks()) {
                String id = framework.id().value();
                for (String path : List.of(
                        "/frameworks?framework_id=" + id,
                        "/tasks?framework_id=" + id,
                        "/finback/tasks?framework_id=" + id,
                        "/finback/offers?framework_id=" + id)) {
                    absent(seed + " " + path, api.get(path, "Authorization", DEV), hidden, made);
                }
            }
            for (String call : CALLS) {
                for (String accept : List.of("application/json", "application/x-protobuf")) {
                    absent(seed + " " + call, call(api, call, accept), hidden, made);
                }
            }
            TreeSet<String> notQuotas = new TreeSet<>(made.all);
            notQuotas.removeAll(made.quotas);
            absent(seed + " /quota", api.get("/quota", "Authorization", DEV), notQuotas, made);
            absent(seed + " GET_QUOTA", call(api, "GET_QUOTA", "application/json"), notQuotas, made);
            String everything = text(api.get("/state", "Authorization", DEV))
                    + text(api.get("/finback/tasks?limit=1000", "Authorization", DEV));
            assertThat(made.tasks).as("what may be seen is there: %s", seed).allMatch(everything::contains);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103, 104, 105, 106})
    void norInTheStreamOfWhatHappens(long seed) throws Exception {
        MadeUp made = new MadeUp(seed);
        try (ServedApi api = served(made)) {
            TreeSet<String> hidden = new TreeSet<>(made.all);
            hidden.removeAll(made.shown);
            HttpResponse<InputStream> stream = api.client()
                    .send(
                            HttpRequest.newBuilder(api.uri("/api/v1"))
                                    .header("Content-Type", "application/json")
                                    .header("Accept", "application/json")
                                    .header("Authorization", DEV)
                                    .POST(HttpRequest.BodyPublishers.ofString("{\"type\":\"SUBSCRIBE\"}"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            assertThat(stream.statusCode()).isEqualTo(200);
            List<ClusterEvent> events = new ArrayList<>();
            made.everyTask.forEach(task -> events.add(new ClusterEvent.TaskAdded(task)));
            made.everyTask.forEach(task -> events.add(new ClusterEvent.TaskUpdated(task)));
            for (AllocationDelta.Agent agent : made.cluster.agents()) {
                events.add(new ClusterEvent.AgentAdded(agent));
            }
            for (ClusterSnapshot.Framework framework : made.cluster.frameworks()) {
                events.add(new ClusterEvent.FrameworkAdded(framework));
                events.add(new ClusterEvent.FrameworkUpdated(framework));
                events.add(new ClusterEvent.FrameworkRemoved(framework));
            }
            events.add(new ClusterEvent.AgentRemoved(io.finback.resources.AgentId.of("the-end")));
            var unused = EventLogs.append(api.events, events);
            EventLogs.wake(api.events);
            StringBuilder all = new StringBuilder();
            byte[] buffer = new byte[1 << 16];
            while (all.indexOf("the-end") < 0) {
                int got = stream.body().read(buffer);
                assertThat(got).isPositive();
                all.append(new String(buffer, 0, got, StandardCharsets.UTF_8));
            }
            stream.body().close();
            assertThat(hidden).as("%s", seed).noneMatch(name -> all.indexOf(name) >= 0);
            assertThat(made.tasks).as("%s", seed).allMatch(name -> all.indexOf(name) >= 0);
        }
    }

    @Test
    void maintenanceIsShownByMachine() throws Exception {
        String acls = """
                {"get_maintenance_schedules": [
                   {"principals": {"values": ["dev"]}, "machines": {"values": ["n9"]}},
                   {"principals": {"values": ["ops"]}, "machines": {"type": "ANY"}},
                   {"principals": {"type": "NONE"}, "machines": {"type": "ANY"}}],
                 "get_maintenance_statuses": [
                   {"principals": {"type": "NONE"}, "machines": {"values": ["n9"]}}]}""";
        try (ServedApi api = new ServedApi(security(acls))) {
            api.view.set(Clusters.small(0));
            assertThat(text(api.get("/maintenance/schedule", "Authorization", DEV)))
                    .contains("n9");
            assertThat(text(api.get("/maintenance/status", "Authorization", DEV)))
                    .doesNotContain("n9");
            assertThat(text(call(api, "GET_MAINTENANCE_STATUS", "application/json")))
                    .doesNotContain("n9");
            assertThat(text(call(api, "GET_MAINTENANCE_SCHEDULE", "application/json")))
                    .contains("n9");
        }
    }

    @Test
    void settingsAndTheLogAreSeenAsAWholeOrNotAtAll() throws Exception {
        String acls = """
                {"view_flags": [{"principals": {"type": "NONE"}, "flags": {"type": "ANY"}}],
                 "access_mesos_logs": [{"principals": {"type": "NONE"}, "logs": {"type": "ANY"}}]}""";
        try (ServedApi api = new ServedApi(security(acls))) {
            api.view.set(Clusters.small(0));
            assertThat(text(api.get("/state", "Authorization", DEV)))
                    .doesNotContain("\"flags\"")
                    .contains("name-t0");
            assertThat(api.get("/flags", "Authorization", DEV).statusCode()).isEqualTo(403);
            assertThat(call(api, "GET_FLAGS", "application/json").statusCode()).isEqualTo(403);
            assertThat(api.get("/files/read?path=/master/log&offset=0", "Authorization", DEV)
                            .statusCode())
                    .isEqualTo(403);
            assertThat(api.get("/files/download?path=/master/log", "Authorization", DEV)
                            .statusCode())
                    .isEqualTo(403);
            String read = "{\"type\":\"READ_FILE\",\"read_file\":{\"path\":\"/master/log\",\"offset\":0}}";
            assertThat(api.send("POST", "/api/v1", read, "Content-Type", "application/json", "Authorization", DEV)
                            .statusCode())
                    .isEqualTo(403);
        }
    }

    @Test
    void reasonsAreForWhoSeesAllTheyName() throws Exception {
        String acls =
                "{\"view_frameworks\": [{\"principals\": {\"type\": \"NONE\"}, \"users\": {\"values\": [\"root\"]}}]}";
        try (ServedApi api = new ServedApi(security(acls))) {
            api.view.set(Clusters.small(0));
            assertThat(api.get("/finback/offers/explain?role=eng", "Authorization", DEV)
                            .statusCode())
                    .isEqualTo(403);
            assertThat(api.asked).isEmpty();
        }
    }

    /** A mark that said "unchanged" to who saw more before would tell what was there. */
    @Test
    void whoSeesLessIsNeverToldThatNothingChanged() throws Exception {
        String acls = """
                {"view_tasks": [
                   {"principals": {"values": ["ops"]}, "users": {"type": "ANY"}},
                   {"principals": {"type": "NONE"}, "users": {"type": "ANY"}}]}""";
        try (ServedApi api = new ServedApi(security(acls))) {
            api.view.set(Clusters.small(0));
            String ops = "Basic " + Base64.getEncoder().encodeToString("ops:o".getBytes(StandardCharsets.UTF_8));
            HttpResponse<byte[]> whole = api.get("/finback/tasks", "Authorization", ops);
            assertThat(text(whole)).contains("name-t0");
            String mark = whole.headers().firstValue("ETag").orElseThrow();
            assertThat(api.get("/finback/tasks", "Authorization", ops, "If-None-Match", mark)
                            .statusCode())
                    .isEqualTo(304);
            HttpResponse<byte[]> less = api.get("/finback/tasks", "Authorization", DEV, "If-None-Match", mark);
            assertThat(less.statusCode()).isEqualTo(200);
            assertThat(text(less)).doesNotContain("name-t0");
        }
    }

    private static HttpResponse<byte[]> call(ServedApi api, String type, String accept) throws Exception {
        return api.send(
                "POST",
                "/api/v1",
                "{\"type\":\"" + type + "\"}",
                "Content-Type",
                "application/json",
                "Accept",
                accept,
                "Authorization",
                DEV);
    }

    private static void absent(String what, HttpResponse<byte[]> response, Set<String> hidden, MadeUp made) {
        assertThat(response.statusCode()).as(what).isEqualTo(200);
        String text = text(response);
        assertThat(hidden).as("%s%n%s%n%s", what, made.acls, text).noneMatch(text::contains);
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.ISO_8859_1);
    }
}
