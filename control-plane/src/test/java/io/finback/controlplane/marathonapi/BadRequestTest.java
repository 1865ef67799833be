package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong is told in Marathon's shape, names the field, and changes nothing. */
class BadRequestTest {
    @TempDir
    static Path data;

    static TestMaster master;
    static Client client;

    @BeforeAll
    static void start() {
        master = TestMaster.start(data, new FakeWorld().agents(1, Resources.of(4, 4096, 10000)));
        client = new Client(master.address);
        assertThat(client.post("/v2/apps", "{\"id\":\"base\",\"cmd\":\"x\",\"instances\":0}")
                        .status())
                .isEqualTo(201);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    static void refused(Reply reply, int status, String body) {
        assertThat(reply.text()).isEqualTo(body);
        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        assertThat(reply.header("X-Marathon-Leader")).isNotEmpty();
        assertThat(reply.header("Cache-Control")).isEqualTo("no-cache, no-store, must-revalidate");
    }

    @Test
    void malformedJsonIsA400WithAnArrayOfDetails() {
        Reply reply = client.post("/v2/apps", "{\"id\": ");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("message").asText()).isEqualTo("Invalid JSON");
        assertThat(reply.json().path("details").isArray()).isTrue();
        for (String body : new String[] {"", "null", "[]", "7", "\"x\"", "{} {}"}) {
            assertThat(client.post("/v2/apps", body).status()).as(body).isEqualTo(400);
        }
    }

    @Test
    void wrongTypesAreNamed() {
        refused(
                client.post("/v2/apps", "{\"id\":1,\"cmd\":\"x\"}"),
                400,
                "{\"message\":\"Invalid JSON\",\"details\":[{\"path\":\"/id\",\"errors\":[\"error.expected.jsstring\"]}]}");
        refused(
                client.post("/v2/apps", "{\"cmd\":\"x\"}"),
                400,
                "{\"message\":\"Invalid JSON\",\"details\":[{\"path\":\"/id\",\"errors\":[\"error.path.missing\"]}]}");
        refused(
                client.post("/v2/apps", "{\"id\":\"a\",\"cmd\":\"x\",\"instances\":1.5,\"labels\":{\"a\":1}}"),
                400,
                "{\"message\":\"Invalid JSON\",\"details\":[{\"path\":\"/instances\",\"errors\":[\"error.expected.int\"]},"
                        + "{\"path\":\"/labels/a\",\"errors\":[\"error.expected.jsstring\"]}]}");
        assertThat(client.get("/v2/apps/a").status()).isEqualTo(404);
    }

    @Test
    void brokenRulesAreNamed() {
        refused(
                client.put("/v2/apps/base", "{\"upgradeStrategy\":{\"minimumHealthCapacity\":2}}"),
                422,
                "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/upgradeStrategy/minimumHealthCapacity\","
                        + "\"errors\":[\"is greater than 1\"]}]}");
        refused(
                client.post("/v2/apps", "{\"id\":\"a\"}"),
                422,
                "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/\",\"errors\":[\"AppDefinition must either"
                        + " contain one of 'cmd' or 'args', and/or a 'container'.\"]}]}");
        refused(
                client.post("/v2/apps", "{\"id\":\"a\",\"cmd\":\"x\",\"instances\":-1}"),
                422,
                "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/instances\",\"errors\":[\"got -1, expected 0 or"
                        + " more\"]}]}");
        refused(
                client.put("/v2/apps/base", "{\"version\":\"2017-05-04T10:11:12.345Z\",\"cmd\":\"y\"}"),
                422,
                "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/\",\"errors\":[\"The 'version' field may only be"
                        + " combined with the 'id' field.\"]}]}");
        for (String field : new String[] {
            "\"portDefinitions\":[{\"port\":1,\"name\":\"A\"}]",
            "\"constraints\":[[\"rack\",\"NEAR\"]]",
            "\"cpus\":-0.5",
            "\"killSelection\":\"none\"",
            "\"backoffFactor\":0.5"
        }) {
            Reply reply = client.post("/v2/apps", "{\"id\":\"a\",\"cmd\":\"x\"," + field + "}");
            assertThat(reply.status()).as(reply.text()).isEqualTo(422);
        }
        assertThat(client.post("/v2/apps", "{\"id\":\"A_b\",\"cmd\":\"x\"}").status())
                .isEqualTo(422);
    }

    @Test
    void whatWouldBeSilentlyWrongIsRefusedByName() {
        for (String[] field : new String[][] {
            {"env", "{\"A\":{\"secret\":\"x\"}}", "/env/A"},
            {"networks", "[{\"mode\":\"container/bridge\"}]", "/networks(0)/mode"},
            {"acceptedResourceRoles", "[\"slave_public\"]", "/acceptedResourceRoles"}
        }) {
            Reply reply = client.post("/v2/apps", "{\"id\":\"a\",\"cmd\":\"x\",\"" + field[0] + "\":" + field[1] + "}");
            assertThat(reply.status()).as(reply.text()).isEqualTo(422);
            assertThat(reply.json().path("details").get(0).path("path").asText())
                    .isEqualTo(field[2]);
        }
        assertThat(client.get("/v2/apps/a").status()).isEqualTo(404);
    }

    @Test
    void unknownThingsAre404AndExistingOnes409() {
        refused(client.get("/v2/apps/none"), 404, "{\"message\":\"App '/none' does not exist\"}");
        refused(client.delete("/v2/apps/none"), 404, "{\"message\":\"App '/none' does not exist\"}");
        refused(client.send("PATCH", "/v2/apps/none", "{}"), 404, "{\"message\":\"App '/none' does not exist\"}");
        refused(client.delete("/v2/deployments/x"), 404, "{\"message\":\"DeploymentPlan x does not exist\"}");
        refused(client.get("/v2/nothing"), 404, "{\"message\":\"URI not found\"}");
        refused(client.send("DELETE", "/v2/apps", null), 405, "{\"message\":\"Method not allowed\"}");
        refused(
                client.post("/v2/apps", "{\"id\":\"/base\",\"cmd\":\"x\"}"),
                409,
                "{\"message\":\"An app with id [/base] already exists.\"}");
        refused(
                client.get("/v2/apps/base/versions/yesterday"),
                422,
                "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/version\",\"errors\":[\"'yesterday' (expected:"
                        + " a time such as 2017-05-04T10:11:12.345Z)\"]}]}");
        assertThat(client.get("/v2/groups/none").status()).isEqualTo(404);
        assertThat(client.send("POST", "/v2/tasks/delete", "{\"ids\":[\"noDot\"]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void largeBodiesAre413() {
        Reply reply = client.post("/v2/apps", "{\"id\":\"big\",\"cmd\":\"" + "x".repeat(10_000_000) + "\"}");
        assertThat(reply.status()).isEqualTo(413);
        assertThat(reply.json().path("message").asText()).contains("1048576");
        assertThat(client.get("/ping").text()).isEqualTo("pong");
    }

    @Test
    void systemEndpointsAnswer() {
        assertThat(client.send("HEAD", "/ping", null).status()).isEqualTo(200);
        assertThat(client.send("GET", "/ping", null, "Accept", "application/json")
                        .text())
                .isEqualTo("\"pong\"");
        assertThat(client.get("/v2/info").json().path("elected").asBoolean()).isTrue();
        assertThat(client.get("/v2/info").json().path("frameworkId").asText()).isEqualTo("finback-services");
        assertThat(client.get("/v2/leader").text()).isEqualTo("{\"leader\":\"127.0.0.1:8080\"}");
        assertThat(client.get("/v2/plugins").text()).isEqualTo("{\"plugins\":[]}");
        assertThat(client.get("/metrics").json().has("gauges")).isTrue();
        assertThat(client.get("/metrics/prometheus").text()).contains("finback_services_apps 1");
        assertThat(client.get("/").status()).isEqualTo(200);
        assertThat(client.get("/v2/apps?label=a==b").json().path("apps").size()).isZero();
        assertThat(client.get("/v2/apps?label=%28").status()).isEqualTo(422);
        Reply form = client.send(
                "PUT", "/v2/apps/base", "{\"instances\":0}", "Content-Type", "application/x-www-form-urlencoded");
        assertThat(form.status()).as(form.text()).isEqualTo(200);
        assertThat(client.send("POST", "/v2/apps/base/restart?force=true", null).status())
                .isEqualTo(200);
    }

    @Test
    void whatNoAgentCouldFetchIsRefused() {
        String sha = "sha256:" + "ab".repeat(32);
        for (String[] wrong : new String[][] {
            {"\"fetch\":[{\"uri\":\"a.tgz\"}]", "/fetch(0)/uri", "'a.tgz'"},
            {"\"uris\":[\"/ok\",\"a.tgz\"]", "/uris(1)", "'a.tgz'"},
            {"\"fetch\":[{\"uri\":\"/a\",\"checksum\":\"abc\"}]", "/fetch(0)/checksum", "'abc'"}
        }) {
            Reply reply = client.post("/v2/apps", "{\"id\":\"f\",\"cmd\":\"x\"," + wrong[0] + "}");
            assertThat(reply.status()).as(reply.text()).isEqualTo(422);
            assertThat(reply.text()).contains("\"path\":\"" + wrong[1] + "\"").contains(wrong[2]);
        }
        String fetch = "{\"uri\":\"https://files.example/a.tgz\",\"extract\":false,\"executable\":true,\"cache\":true,"
                + "\"destPath\":\"b\",\"checksum\":\"" + sha + "\"}";
        assertThat(client.put("/v2/apps/base", "{\"instances\":0,\"fetch\":[" + fetch + "]}")
                        .status())
                .isEqualTo(200);
        assertThat(client.get("/v2/apps/base").text())
                .contains("\"fetch\":[" + fetch + "]")
                .contains("\"uris\":[\"https://files.example/a.tgz\"]");
        assertThat(client.put("/v2/apps/base?force=true", "{\"instances\":0,\"fetch\":[],\"uris\":[]}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void whatNoProcessCanBeStartedWithIsRefused() {
        for (String field : new String[] {
            "\"env\":{\"A\":\"a\\u0000b\"}", "\"env\":{\"A=B\":\"x\"}", "\"env\":{\"\":\"x\"}", "\"user\":\"a\\u0000\""
        }) {
            assertThat(client.post("/v2/apps", "{\"id\":\"p\",\"cmd\":\"x\",\"instances\":0," + field + "}")
                            .status())
                    .as(field)
                    .isEqualTo(422);
        }
        assertThat(client.post("/v2/apps", "{\"id\":\"p\",\"cmd\":\"a\\u0000b\"}")
                        .status())
                .isEqualTo(422);
        assertThat(client.post("/v2/apps", "{\"id\":\"p\",\"cmd\":\"x\",\"networks\":7}")
                        .status())
                .isEqualTo(400);
        assertThat(client.post("/v2/apps", "{\"id\":\"/a/tasks/b\",\"cmd\":\"x\"}")
                        .status())
                .isEqualTo(422);
    }

    @Test
    void infoHasEveryKeyOfMarathons() {
        var info = client.get("/v2/info").json();
        for (String key :
                ("access_control_allow_origin checkpoint decline_offer_duration default_network_name env_vars_prefix executor"
                                + " failover_timeout features framework_name ha hostname launch_token launch_token_refresh_interval"
                                + " leader_proxy_connection_timeout_ms leader_proxy_read_timeout_ms local_port_min local_port_max"
                                + " maintenance_mode master max_instances_per_offer mesos_bridge_name mesos_heartbeat_failure_threshold"
                                + " mesos_heartbeat_interval mesos_leader_ui_url mesos_role mesos_user min_revive_offers_interval"
                                + " new_group_enforce_role offer_matching_timeout on_elected_prepare_timeout reconciliation_initial_delay"
                                + " reconciliation_interval scale_apps_initial_delay scale_apps_interval store_cache"
                                + " task_launch_confirm_timeout task_launch_timeout task_lost_expunge_initial_delay"
                                + " task_lost_expunge_interval task_reservation_timeout webui_url")
                        .split(" ", -1)) {
            assertThat(info.path("marathon_config").has(key)).as(key).isTrue();
        }
        for (String key : ("zk zk_timeout zk_connection_timeout zk_session_timeout zk_max_versions zk_compression"
                        + " zk_compression_threshold zk_max_node_size")
                .split(" ", -1)) {
            assertThat(info.path("zookeeper_config").has(key)).as(key).isTrue();
        }
        assertThat(info.path("marathon_config").path("decline_offer_duration").asLong())
                .isEqualTo(1000);
        assertThat(info.path("http_config").path("http_port").asInt()).isEqualTo(8080);
        var schema = client.get("/v2/schemas/app").json();
        assertThat(schema.path("properties").has("upgradeStrategy")).isTrue();
        assertThat(client.get("/v2/schemas/group").status()).isEqualTo(404);
    }

    @Test
    void aMethodThatDoesNotFitNamesThoseThatDo() {
        Reply reply = client.delete("/v2/apps");
        assertThat(reply.status()).isEqualTo(405);
        assertThat(reply.header("Allow")).isEqualTo("GET, HEAD, POST, PUT, PATCH");
        assertThat(client.post("/v2/apps/base", "{}").header("Allow")).isEqualTo("GET, HEAD, PUT, PATCH, DELETE");
        assertThat(client.post("/ping", "").header("Allow")).isEqualTo("GET, HEAD");
    }
}
