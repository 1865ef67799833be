package io.finback.controlplane.mesosapi;

import static io.finback.controlplane.mesosapi.ReadEndpointsTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.master.Protos.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperatorApiTest {
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET_HEALTH", "GET_FLAGS", "GET_VERSION", "GET_METRICS", "GET_LOGGING_LEVEL", "GET_STATE", "GET_AGENTS",
                "GET_FRAMEWORKS", "GET_EXECUTORS", "GET_OPERATIONS", "GET_TASKS", "GET_ROLES", "GET_WEIGHTS",
                        "GET_MASTER",
                "GET_MAINTENANCE_STATUS", "GET_MAINTENANCE_SCHEDULE", "GET_QUOTA"
            })
    void bothEncodingsSayTheSame(String type) throws Exception {
        HttpResponse<byte[]> json = api.call("{\"type\":\"" + type + "\"}");
        assertThat(json.statusCode()).isEqualTo(200);
        assertThat(json.headers().firstValue("Content-Type")).contains("application/json");
        HttpResponse<byte[]> binary = protobuf(Call.Type.valueOf(type), "application/x-protobuf");
        assertThat(binary.headers().firstValue("Content-Type")).contains("application/x-protobuf");
        Response parsed = Response.parseFrom(binary.body());
        JsonNode answer = new ObjectMapper().readTree(json.body());
        assertThat(answer.path("type").asText())
                .isEqualTo(type)
                .isEqualTo(parsed.getType().name());
        if (!type.equals("GET_METRICS")) {
            assertThat(new ObjectMapper().readTree(io.finback.mesos.v1.Encoding.JSON.write(parsed)))
                    .isEqualTo(answer);
        }
    }

    @Test
    void theStateHasEveryPartInTheNewerForm() throws Exception {
        Response.GetState state = Response.parseFrom(
                        protobuf(Call.Type.GET_STATE, "application/x-protobuf").body())
                .getGetState();
        assertThat(state.getGetTasks().getTasksList()).hasSize(1);
        assertThat(state.getGetTasks().getUnreachableTasksList()).hasSize(1);
        assertThat(state.getGetTasks().getCompletedTasksList()).hasSize(1);
        Protos.Task task = state.getGetTasks().getTasks(0);
        assertThat(task.getStatusesList()).hasSize(2);
        assertThat(task.getResources(0).getAllocationInfo().getRole()).isEqualTo("eng");
        assertThat(task.getDiscovery().getPorts().getPorts(0).getNumber()).isEqualTo(31005);
        Response.GetAgents.Agent agent = state.getGetAgents().getAgents(0);
        assertThat(state.getGetAgents().getAgentsList()).hasSize(1);
        assertThat(agent.getDrainInfo().getState()).isEqualTo(Protos.DrainState.DRAINING);
        assertThat(agent.getTotalResourcesList())
                .anyMatch(resource -> resource.getReservationsCount() == 1
                        && resource.getReservations(0).getRole().equals("eng"));
        Response.GetFrameworks.Framework framework = state.getGetFrameworks().getFrameworks(0);
        assertThat(framework.getOffers(0).getAgentId().getValue()).isEqualTo("a1");
        assertThat(framework.getConnected()).isTrue();
        assertThat(state.getGetFrameworks()
                        .getCompletedFrameworks(0)
                        .getFrameworkInfo()
                        .getId()
                        .getValue())
                .isEqualTo("f0");
    }

    @Test
    void operationsThatNobodyHasAcknowledgedAreShown() throws Exception {
        Protos.Operation operation = Response.parseFrom(protobuf(Call.Type.GET_OPERATIONS, "application/x-protobuf")
                        .body())
                .getGetOperations()
                .getOperations(0);
        assertThat(operation.isInitialized()).isTrue();
        assertThat(operation.getFrameworkId().getValue()).isEqualTo("f1");
        assertThat(operation.getAgentId().getValue()).isEqualTo("a1");
        assertThat(operation.getInfo().getId().getValue()).isEqualTo("op-1");
        assertThat(operation
                        .getInfo()
                        .getReserve()
                        .getResources(0)
                        .getReservations(0)
                        .getRole())
                .isEqualTo("eng");
        assertThat(operation.getLatestStatus().getState()).isEqualTo(Protos.OperationState.OPERATION_FINISHED);
        assertThat(operation.getUuid().getValue().size()).isEqualTo(16);
    }

    @Test
    void checksInMesosOrder() throws Exception {
        String call = "{\"type\":\"GET_HEALTH\"}";
        assertThat(api.send("GET", "/api/v1", "").statusCode()).isEqualTo(405);
        assertThat(api.send("POST", "/api/v1", call).statusCode()).isEqualTo(400);
        assertThat(post(call, "text/plain", "*/*").statusCode()).isEqualTo(415);
        assertThat(post(call, "application/json; charset=utf-8", "*/*").statusCode())
                .isEqualTo(415);
        assertThat(post("{", "application/json", "text/html").statusCode())
                .as("parsed first")
                .isEqualTo(400);
        assertThat(post(call, "application/json", "text/html").statusCode()).isEqualTo(406);
        assertThat(post(call, "application/json", "text/html, */*;q=0.1").statusCode())
                .isEqualTo(200);
        assertThat(post(call, "application/x-protobuf", "*/*").statusCode()).isEqualTo(400);
        assertThat(api.call("[]").statusCode()).isEqualTo(400);
        assertThat(api.call("{}").statusCode()).isEqualTo(400);
        assertThat(api.call("{\"type\":\"UNKNOWN\"}").statusCode()).isEqualTo(400);
        assertThat(api.call("{\"type\":\"TEARDOWN\"}").statusCode()).isEqualTo(400);
        assertThat(api.call("{\"type\":\"LIST_FILES\",\"list_files\":{\"path\":\"/\"}}")
                        .statusCode())
                .isEqualTo(404);
        assertThat(api.told).isEmpty();
    }

    @Test
    void readsOfTheClusterWaitForAWholeView() throws Exception {
        api.view.set(ClusterSnapshot.EMPTY);
        assertThat(api.call("{\"type\":\"GET_STATE\"}").statusCode()).isEqualTo(503);
        assertThat(api.call("{\"type\":\"GET_ROLES\"}").statusCode()).isEqualTo(503);
        assertThat(api.call("{\"type\":\"SUBSCRIBE\"}").statusCode()).isEqualTo(503);
        assertThat(api.call("{\"type\":\"GET_HEALTH\"}").statusCode()).isEqualTo(200);
    }

    @Test
    void tellsTheAllocatorWhatOperatorsWant() throws Exception {
        assertThat(api.call("""
                {"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"role":"eng","weight":2.5}]}}""").statusCode()).isEqualTo(200);
        assertThat(api.told.remove()).isEqualTo(new OperatorCommand.SetWeights(Map.of("eng", 2.5)));
        assertThat(api.call("""
                {"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"a1"},"max_grace_period":{"seconds":30},"mark_gone":true}}""").statusCode()).isEqualTo(200);
        assertThat(api.told.remove())
                .isEqualTo(new OperatorCommand.Drain(AgentId.of("a1"), Optional.of(Duration.ofSeconds(30)), true));
        assertThat(api.call("""
                {"type":"UPDATE_QUOTA","update_quota":{"force":true,"quota_configs":[{"role":"eng",
                 "guarantees":{"cpus":{"value":1.5}},"limits":{"cpus":{"value":3}}}]}}""").statusCode()).isEqualTo(200);
        OperatorCommand.SetQuotas quotas = (OperatorCommand.SetQuotas) api.told.remove();
        assertThat(quotas.force()).isTrue();
        assertThat(quotas.quotas().get(0).guarantees()).containsEntry("cpus", 1_500L);
        assertThat(api.call("""
                {"type":"RESERVE_RESOURCES","reserve_resources":{"agent_id":{"value":"a1"},"resources":[{"name":"cpus",
                 "type":"SCALAR","scalar":{"value":1},"reservations":[{"type":"DYNAMIC","role":"eng","principal":"ops"}]}]}}""").statusCode()).isEqualTo(202);
        OperatorCommand.ChangeResources change = (OperatorCommand.ChangeResources) api.told.remove();
        assertThat(change.agent()).isEqualTo(AgentId.of("a1"));
        assertThat(change.operations().get(0).resources().special()).hasSize(1);
        assertThat(api.call("""
                {"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":
                 [{"hostname":"n1"}],"unavailability":{"start":{"nanoseconds":1700000000000000000}}}]}}}""").statusCode()).isEqualTo(200);
        assertThat(((OperatorCommand.SetMaintenance) api.told.remove())
                        .schedule()
                        .windows())
                .hasSize(1);
        for (String call : List.of("START_MAINTENANCE", "STOP_MAINTENANCE")) {
            assertThat(api.call("{\"type\":\"" + call + "\",\"" + call.toLowerCase(java.util.Locale.ROOT)
                                    + "\":{\"machines\":[{\"hostname\":\"n1\"}]}}")
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(api.told.remove()).isInstanceOf(OperatorCommand.MachinesDown.class);
        assertThat(api.told.remove()).isInstanceOf(OperatorCommand.MachinesUp.class);
        assertThat(api.call("{\"type\":\"TEARDOWN\",\"teardown\":{\"framework_id\":{\"value\":\"f1\"}}}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(api.tornDown).containsExactly(FrameworkId.of("f1"));
    }

    @ParameterizedTest
    @CsvSource({"INVALID,400,400", "NOT_FOUND,400,404", "CONFLICT,409,409", "UNAVAILABLE,503,503"})
    void passesRefusalsOn(OperatorReply.Why why, int code, int codeOfMarkGone) throws Exception {
        api.reply.set(CompletableFuture.completedFuture(new OperatorReply.Refused(why, "because of this")));
        HttpResponse<byte[]> drain =
                api.call("{\"type\":\"DEACTIVATE_AGENT\",\"deactivate_agent\":{\"agent_id\":{\"value\":\"a1\"}}}");
        assertThat(drain.statusCode()).isEqualTo(code);
        assertThat(text(drain)).contains("because of this");
        assertThat(api.call("{\"type\":\"MARK_AGENT_GONE\",\"mark_agent_gone\":{\"agent_id\":{\"value\":\"a1\"}}}")
                        .statusCode())
                .isEqualTo(codeOfMarkGone);
    }

    @Test
    void badValuesReachNobody() throws Exception {
        for (String call : List.of(
                "{\"type\":\"UPDATE_WEIGHTS\",\"update_weights\":{\"weight_infos\":[{\"role\":\"a\",\"weight\":0}]}}",
                "{\"type\":\"UPDATE_WEIGHTS\",\"update_weights\":{\"weight_infos\":[{\"role\":\"a\",\"weight\":\"NaN\"}]}}",
                "{\"type\":\"UPDATE_WEIGHTS\",\"update_weights\":{\"weight_infos\":[{\"weight\":1}]}}",
                "{\"type\":\"DRAIN_AGENT\",\"drain_agent\":{\"agent_id\":{\"value\":\"\"}}}",
                "{\"type\":\"DRAIN_AGENT\",\"drain_agent\":{\"agent_id\":{\"value\":\"a1\"},\"max_grace_period\":{\"seconds\":-1}}}",
                "{\"type\":\"UPDATE_QUOTA\",\"update_quota\":{\"quota_configs\":[{\"role\":\"a\",\"limits\":{\"cpus\":{\"value\":-1}}}]}}",
                "{\"type\":\"RESERVE_RESOURCES\",\"reserve_resources\":{\"agent_id\":{\"value\":\"a1\"},\"resources\":[]}}",
                "{\"type\":\"RESERVE_RESOURCES\",\"reserve_resources\":{\"agent_id\":{\"value\":\"a1\"},\"resources\":"
                        + "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1}}]}}",
                "{\"type\":\"CREATE_VOLUMES\",\"create_volumes\":{\"agent_id\":{\"value\":\"a1\"},\"volumes\":"
                        + "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"reservations\":"
                        + "[{\"type\":\"DYNAMIC\",\"role\":\"eng\"}]}]}}",
                "{\"type\":\"SET_LOGGING_LEVEL\",\"set_logging_level\":{\"level\":9,\"duration\":{\"nanoseconds\":1000}}}",
                "{\"type\":\"GROW_VOLUME\",\"grow_volume\":{\"volume\":{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":"
                        + "{\"value\":1}},\"addition\":{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1}}}}")) {
            HttpResponse<byte[]> response = api.call(call);
            assertThat(response.statusCode()).as(call).isEqualTo(400);
            assertThat(text(response)).as(call).isNotBlank();
        }
        assertThat(api.told).isEmpty();
    }

    @Test
    void theBuiltInFrameworkIsNotTornDown() throws Exception {
        HttpResponse<byte[]> response = api.send("POST", "/teardown", "frameworkId=built-in");
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(api.tornDown).isEmpty();
    }

    @Test
    void largeBodiesAreRefused() throws Exception {
        HttpResponse<byte[]> response = api.call(" ".repeat((1 << 20) + 1) + "{\"type\":\"GET_HEALTH\"}");
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(text(response)).contains("1048576");
        // Over Akka's own limit for bodies in memory, too.
        // Said before it is sent: a client that goes on sending what is refused meets the end of its connection first.
        URI uri = api.uri("/api/v1");
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write(("POST /api/v1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                                    + ((8 << 20) + 1) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String larger = new String(socket.getInputStream().readNBytes(2_000), StandardCharsets.UTF_8);
            assertThat(larger).startsWith("HTTP/1.1 413").contains("1048576");
        }
    }

    @Test
    void theLogLevelChangesForAWhile() throws Exception {
        HttpResponse<byte[]> set = api.call(
                "{\"type\":\"SET_LOGGING_LEVEL\",\"set_logging_level\":{\"level\":1,\"duration\":{\"nanoseconds\":300000000}}}");
        assertThat(set.statusCode()).isEqualTo(200);
        api.until(() -> level() == 0);
    }

    @Test
    void formsAndListsWriteToo() throws Exception {
        assertThat(api.send("PUT", "/weights", "[{\"role\":\"eng\",\"weight\":3}]")
                        .statusCode())
                .isEqualTo(200);
        assertThat(api.told.remove()).isEqualTo(new OperatorCommand.SetWeights(Map.of("eng", 3.0)));
        assertThat(api.send(
                                "POST",
                                "/quota",
                                "{\"role\":\"eng\",\"force\":true,\"guarantee\":[{\"name\":\"cpus\",\"type\":"
                                        + "\"SCALAR\",\"scalar\":{\"value\":2}}]}")
                        .statusCode())
                .isEqualTo(200);
        OperatorCommand.SetQuotas set = (OperatorCommand.SetQuotas) api.told.remove();
        assertThat(set.quotas().get(0).limits()).isEqualTo(set.quotas().get(0).guarantees());
        assertThat(api.send("DELETE", "/master/quota/eng/dev", "").statusCode()).isEqualTo(200);
        OperatorCommand.SetQuotas removed = (OperatorCommand.SetQuotas) api.told.remove();
        assertThat(removed.quotas().get(0).role()).isEqualTo("eng/dev");
        assertThat(removed.quotas().get(0).isDefault()).isTrue();
        assertThat(api.send("POST", "/machine/down", "[{\"hostname\":\"n1\",\"ip\":\"10.0.0.1\"}]")
                        .statusCode())
                .isEqualTo(200);
        assertThat(((OperatorCommand.MachinesDown) api.told.remove())
                        .machines()
                        .get(0)
                        .ip())
                .contains("10.0.0.1");
        assertThat(api.send("POST", "/maintenance/schedule", "{\"windows\":[]}").statusCode())
                .isEqualTo(200);
        assertThat(api.told.remove()).isInstanceOf(OperatorCommand.SetMaintenance.class);
        String resources = java.net.URLEncoder.encode(
                "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"role\":\"eng\",\"reservation\":{\"principal\":\"ops\"}}]",
                java.nio.charset.StandardCharsets.UTF_8);
        assertThat(api.send("POST", "/master/reserve", "slaveId=a1&resources=" + resources)
                        .statusCode())
                .isEqualTo(202);
        assertThat(api.send("POST", "/unreserve", "slaveId=a1&resources=" + resources)
                        .statusCode())
                .isEqualTo(202);
        assertThat(api.told).hasSize(2);
        assertThat(api.send("POST", "/teardown", "frameworkId=f1").statusCode()).isEqualTo(200);
        assertThat(api.tornDown).containsExactly(FrameworkId.of("f1"));
        api.teardownAnswer.set(new CallAnswer.Refused(CallAnswer.Why.INVALID, "no such framework"));
        assertThat(api.send("POST", "/teardown", "frameworkId=f9").statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PUT|/weights|{}",
                "PUT|/weights|[",
                "PUT|/weights|[{\"role\":\"a\"}]",
                "POST|/quota|[]",
                "POST|/quota|{\"role\":\"a\"}",
                "POST|/machine/down|{}",
                "POST|/machine/up|x",
                "POST|/reserve|slaveId=a1",
                "POST|/reserve|slaveId=a1&resources=%zz",
                "POST|/reserve|slaveId=a1&resources=[{}]",
                "POST|/create-volumes|volumes=[]",
                "POST|/teardown|framework=f1",
                "POST|/teardown|",
                "POST|/maintenance/schedule|{\"windows\":[{}]}",
                "DELETE|/quota/%20|"
            })
    void badFormsReachNobody(String method, String path, String body) throws Exception {
        HttpResponse<byte[]> response = api.send(method, path, body == null ? "" : body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(text(response)).isNotBlank();
        assertThat(api.told).isEmpty();
        assertThat(api.tornDown).isEmpty();
    }

    private int level() throws Exception {
        return new ObjectMapper()
                .readTree(api.call("{\"type\":\"GET_LOGGING_LEVEL\"}").body())
                .path("get_logging_level")
                .path("level")
                .asInt();
    }

    private HttpResponse<byte[]> post(String body, String contentType, String accept) throws Exception {
        return api.send("POST", "/api/v1", body, "Content-Type", contentType, "Accept", accept);
    }

    private HttpResponse<byte[]> protobuf(Call.Type type, String accept) throws Exception {
        return api.send(
                "POST",
                "/api/v1",
                Call.newBuilder().setType(type).build().toByteArray(),
                "Content-Type",
                "application/x-protobuf",
                "Accept",
                accept);
    }
}
