package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.finback.mesos.v1.Encoding;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.apache.mesos.v1.Protos.AgentID;
import org.apache.mesos.v1.Protos.FrameworkID;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The status codes and the order of their checks that Mesos' own suite asserts (scheduler_http_api_tests.cpp), over sockets. */
class SchedulerApiCodesTest {
    private static final String JSON = "application/json";
    private static final String SUBSCRIBE =
            "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{\"user\":\"root\",\"name\":\"demo\",\"failover_timeout\":60}}}";

    @TempDir
    static Path data;

    private static ApiHarness harness;

    @BeforeAll
    static void start() {
        harness = new ApiHarness(data, Map.of("finback.master.scheduler-api.heartbeat", "300 ms"));
    }

    @AfterAll
    static void stop() {
        harness.close();
    }

    private static SchedulerClient client() {
        return harness.client(Encoding.JSON);
    }

    private static void refused(HttpResponse<String> response, int status, String text) {
        assertThat(response.body()).contains(text);
        assertThat(response.statusCode()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "PATCH"})
    void otherMethodsAre405(String method) {
        HttpResponse<String> response = client().send(client().request()
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build());
        refused(response, 405, "Expecting one of { 'POST' }");
        assertThat(response.headers().firstValue("Allow")).contains("POST");
    }

    @Test
    void aBodyWithoutContentTypeIs400() {
        refused(client().post(SUBSCRIBE), 400, "Expecting 'Content-Type' to be present");
        refused(client().post(""), 400, "Expecting 'Content-Type' to be present");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/json;charset=utf-8",
                "application/json; charset=UTF-8",
                "application/json; a=b",
                "application/x-protobuf; a=b",
                "application/octet-stream",
                "nonsense"
            })
    void otherContentTypesAre415(String type) {
        refused(client().post(SUBSCRIBE, "Content-Type", type), 415, "Expecting 'Content-Type' of application/json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "not json",
                "{\"type\":5}",
                "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{}}}"
            })
    void jsonThatIsNoCallIs400(String body) {
        refused(client().post(body, "Content-Type", JSON), 400, "");
    }

    @Test
    void whatIsMissingIsNamed() {
        refused(
                client().post(
                                "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{\"name\":\"x\"}}}",
                                "Content-Type",
                                JSON),
                400,
                "subscribe.framework_info.user: missing");
    }

    @Test
    void bytesThatAreNoCallAre400() {
        refused(
                client().post(new byte[] {1, 2, 3, 4}, "Content-Type", "application/x-protobuf"),
                400,
                "Failed to parse body into Call protobuf");
        refused(
                client().post(SUBSCRIBE, "Content-Type", "application/x-protobuf"),
                400,
                "Failed to parse body into Call protobuf");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void anEnvelopeThatIsWrongIs400(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        refused(client.call(Call.getDefaultInstance()), 400, "Expecting 'type' to be present");
        refused(
                client.call(Call.newBuilder().setType(Call.Type.SUBSCRIBE).build()),
                400,
                "Expecting 'subscribe' to be present");
        refused(
                client.call(Call.newBuilder().setType(Call.Type.TEARDOWN).build()),
                400,
                "Expecting 'framework_id' to be present");
        refused(
                client.call(Call.newBuilder()
                        .setType(Call.Type.ACCEPT)
                        .setFrameworkId(FrameworkID.newBuilder().setValue("x"))
                        .build()),
                400,
                "Expecting 'accept' to be present");
        FrameworkInfo info = SchedulerClient.info("x")
                .setId(FrameworkID.newBuilder().setValue("a"))
                .build();
        refused(
                client.call(Call.newBuilder()
                        .setType(Call.Type.SUBSCRIBE)
                        .setFrameworkId(FrameworkID.newBuilder().setValue("b"))
                        .setSubscribe(Call.Subscribe.newBuilder().setFrameworkInfo(info))
                        .build()),
                400,
                "'framework_id' differs from 'subscribe.framework_info.id'");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void anUnknownTypeIs501(Encoding encoding) {
        refused(
                harness.client(encoding)
                        .call(Call.newBuilder().setType(Call.Type.UNKNOWN).build()),
                501,
                "UNKNOWN");
    }

    @Test
    void aTypeOfTheFutureIsNoType() {
        refused(client().post("{\"type\":\"FORTY_TWO\"}", "Content-Type", JSON), 400, "Expecting 'type' to be present");
    }

    @Test
    void anAnswerNobodyAcceptsIs406ForSubscribeOnly() {
        refused(client().post(SUBSCRIBE, "Content-Type", JSON, "Accept", "text/html"), 406, "Expecting 'Accept'");
        refused(
                client().post(
                                "{\"type\":\"TEARDOWN\",\"framework_id\":{\"value\":\"x\"}}",
                                "Content-Type",
                                JSON,
                                "Accept",
                                "text/html"),
                400,
                "Mesos-Stream-Id");
    }

    @Test
    void subscribingWithAStreamIdIs400() {
        refused(
                client().post(SUBSCRIBE, "Content-Type", JSON, "Mesos-Stream-Id", "x"),
                400,
                "Subscribe calls should not include the 'Mesos-Stream-Id' header");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aCallWithoutOrWithAnotherStreamIdIs400(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        try (SchedulerClient.Stream stream =
                client.subscribe(SchedulerClient.info("ids").build())) {
            Call teardown = Call.newBuilder()
                    .setType(Call.Type.TEARDOWN)
                    .setFrameworkId(stream.framework)
                    .build();
            refused(client.call(teardown), 400, "Mesos-Stream-Id");
            refused(client.call(teardown, "Mesos-Stream-Id", "another"), 400, "");
            stream.take(Call.newBuilder().setType(Call.Type.TEARDOWN));
            assertThat(stream.awaitEnd()).isTrue();
        }
    }

    @Test
    void aFrameworkNobodyKnowsIs400() {
        Call call = Call.newBuilder()
                .setType(Call.Type.REVIVE)
                .setFrameworkId(FrameworkID.newBuilder().setValue("nobody"))
                .build();
        refused(client().call(call, "Mesos-Stream-Id", "x"), 400, "");
        Call path = Call.newBuilder()
                .setType(Call.Type.REVIVE)
                .setFrameworkId(FrameworkID.newBuilder().setValue("../etc"))
                .build();
        refused(client().call(path, "Mesos-Stream-Id", "x"), 400, "Framework cannot be found");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aDisconnectedFrameworkIs403(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        SchedulerClient.Stream stream =
                client.subscribe(SchedulerClient.info("gone").build());
        stream.close();
        org.assertj.core.api.Assertions.assertThat(stream.awaitEnd()).isTrue();
        long deadline = System.nanoTime() + SchedulerClient.PATIENCE.toNanos();
        HttpResponse<String> response = stream.call(Call.newBuilder().setType(Call.Type.REVIVE));
        while (response.statusCode() == 202 && System.nanoTime() < deadline) {
            response = stream.call(Call.newBuilder().setType(Call.Type.REVIVE));
        }
        refused(response, 403, "Framework is not subscribed");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aUuidOfAnotherLengthIs400(Encoding encoding) {
        try (SchedulerClient.Stream stream =
                harness.client(encoding).subscribe(SchedulerClient.info("uuid").build())) {
            refused(
                    stream.call(Call.newBuilder()
                            .setType(Call.Type.ACKNOWLEDGE)
                            .setAcknowledge(Call.Acknowledge.newBuilder()
                                    .setAgentId(AgentID.newBuilder().setValue("a"))
                                    .setTaskId(TaskID.newBuilder().setValue("t"))
                                    .setUuid(ByteString.copyFromUtf8("short")))),
                    400,
                    "uuid: 5 bytes (expected: 16)");
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aSubscriptionBeginsAsClientsKnowIt(Encoding encoding) {
        try (SchedulerClient.Stream stream =
                harness.client(encoding).subscribe(SchedulerClient.info("first").build())) {
            assertThat(stream.streamId).isNotEmpty().hasSizeLessThanOrEqualTo(128);
            assertThat(stream.contentType).isEqualTo(encoding.mediaType());
            Event first = stream.next();
            assertThat(first.getType()).isEqualTo(Event.Type.SUBSCRIBED);
            assertThat(first.getSubscribed().getFrameworkId().getValue()).matches(ApiHarness.MASTER_ID + "-\\d{4}");
            assertThat(first.getSubscribed().getMasterInfo().getPid()).isEqualTo("master@127.0.0.1:5050");
            assertThat(first.getSubscribed().getMasterInfo().getIp()).isEqualTo(0x0100007F);
            assertThat(first.getSubscribed().getHeartbeatIntervalSeconds()).isEqualTo(0.3);
            assertThat(stream.next().getType()).isEqualTo(Event.Type.HEARTBEAT);
            assertThat(stream.await(Event.Type.HEARTBEAT)).isNotNull();
            assertThat(stream.await(Event.Type.HEARTBEAT)).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/*", "application/json", "application/x-protobuf, application/json"})
    void jsonIsPreferred(String accept) {
        HttpRequest request = client().request()
                .headers("Content-Type", JSON, "Accept", accept)
                .POST(HttpRequest.BodyPublishers.ofString(SUBSCRIBE.replace("\"name\"", "\"role\":\"/bad\",\"name\"")))
                .build();
        HttpResponse<String> response = client().send(request);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains(JSON);
        assertThat(response.body()).contains("\"type\":\"ERROR\"").contains("/bad");
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    @SuppressWarnings("deprecation") // role is what frameworks without MULTI_ROLE say
    void aFrameworkThatIsNotWantedIsToldInItsStream(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        FrameworkInfo noRole = SchedulerClient.info("bad").setRole("/bad").build();
        try (SchedulerClient.Stream stream = client.subscribe(noRole)) {
            assertThat(stream.next().getType()).isEqualTo(Event.Type.ERROR);
            assertThat(stream.awaitEnd()).isTrue();
        }
        FrameworkInfo negative =
                SchedulerClient.info("bad").setFailoverTimeout(-1).build();
        try (SchedulerClient.Stream stream = client.subscribe(negative)) {
            assertThat(stream.next().getError().getMessage()).contains("failover_timeout: -1.0");
            assertThat(stream.awaitEnd()).isTrue();
        }
        FrameworkInfo builtIn = SchedulerClient.info("bad")
                .setId(FrameworkID.newBuilder().setValue(ControlPlaneHarness.FRAMEWORK.value()))
                .build();
        try (SchedulerClient.Stream stream = client.subscribe(builtIn)) {
            assertThat(stream.next().getError().getMessage()).contains("built-in");
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aSecondSubscriptionTakesOver(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        try (SchedulerClient.Stream first =
                client.subscribe(SchedulerClient.info("twice").build())) {
            FrameworkInfo again =
                    SchedulerClient.info("twice").setId(first.framework).build();
            try (SchedulerClient.Stream second = client.subscribe(again)) {
                assertThat(second.framework).isEqualTo(first.framework);
                assertThat(second.streamId).isNotEqualTo(first.streamId);
                assertThat(first.await(Event.Type.ERROR).getError().getMessage())
                        .isEqualTo("Framework failed over");
                assertThat(first.awaitEnd()).isTrue();
                assertThat(first.call(Call.newBuilder().setType(Call.Type.REVIVE))
                                .statusCode())
                        .isEqualTo(400);
                second.take(Call.newBuilder().setType(Call.Type.REVIVE));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aFrameworkThatWasTornDownMayNotComeBack(Encoding encoding) {
        SchedulerClient client = harness.client(encoding);
        SchedulerClient.Stream stream =
                client.subscribe(SchedulerClient.info("away").build());
        stream.take(Call.newBuilder().setType(Call.Type.TEARDOWN));
        assertThat(stream.awaitEnd()).isTrue();
        FrameworkInfo again =
                SchedulerClient.info("away").setId(stream.framework).build();
        try (SchedulerClient.Stream second = client.subscribe(again)) {
            assertThat(second.next().getError().getMessage()).contains("Framework has been removed");
            assertThat(second.awaitEnd()).isTrue();
        }
    }

    @Test
    void callsWithoutEffectAreTaken() {
        try (SchedulerClient.Stream stream =
                client().subscribe(SchedulerClient.info("calm").build())) {
            stream.take(Call.newBuilder().setType(Call.Type.REVIVE));
            stream.take(Call.newBuilder().setType(Call.Type.SUPPRESS));
            stream.take(Call.newBuilder().setType(Call.Type.REQUEST).setRequest(Call.Request.getDefaultInstance()));
            stream.take(
                    Call.newBuilder().setType(Call.Type.RECONCILE).setReconcile(Call.Reconcile.getDefaultInstance()));
        }
    }
}
