package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.controlplane.view.ClusterEvent;
import io.finback.controlplane.view.EventLogs;
import io.finback.tasks.TaskState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.master.Protos.Event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventStreamTest {
    private final List<Follower> followers = new ArrayList<>();
    private ServedApi api;

    @BeforeEach
    void serve() throws Exception {
        api = new ServedApi();
        api.view.set(Clusters.small(0));
    }

    @AfterEach
    void stop() {
        followers.forEach(Follower::close);
        api.close();
    }

    @Test
    void beginsWithASnapshotAndGoesOnWithWhatHappens() throws Exception {
        Follower follower = follow();
        JsonNode subscribed = follower.nextJson();
        assertThat(subscribed.path("type").asText()).isEqualTo("SUBSCRIBED");
        assertThat(subscribed.path("finback_sequence").asText()).isEqualTo("m1:0");
        assertThat(subscribed
                        .path("subscribed")
                        .path("heartbeat_interval_seconds")
                        .asDouble())
                .isEqualTo(15);
        assertThat(subscribed
                        .path("subscribed")
                        .path("get_state")
                        .path("get_tasks")
                        .path("tasks"))
                .hasSize(1);
        assertThat(follower.nextJson().path("type").asText()).isEqualTo("HEARTBEAT");
        happen(added("t7"), updated("t7", TaskState.FAILED));
        JsonNode added = follower.nextJson();
        assertThat(added.path("type").asText()).isEqualTo("TASK_ADDED");
        assertThat(added.path("task_added")
                        .path("task")
                        .path("task_id")
                        .path("value")
                        .asText())
                .isEqualTo("t7");
        assertThat(added.path("finback_sequence").asText()).isEqualTo("m1:1");
        JsonNode updated = follower.nextJson();
        assertThat(updated.path("task_updated").path("state").asText()).isEqualTo("TASK_FAILED");
        assertThat(updated.path("task_updated")
                        .path("framework_id")
                        .path("value")
                        .asText())
                .isEqualTo("f1");
        happen(
                new ClusterEvent.AgentAdded(Clusters.agent("a3", true)),
                new ClusterEvent.AgentRemoved(io.finback.resources.AgentId.of("a3")),
                new ClusterEvent.FrameworkAdded(Clusters.framework("f2", 0)),
                new ClusterEvent.FrameworkUpdated(Clusters.framework("f2", 0)),
                new ClusterEvent.FrameworkRemoved(Clusters.framework("f2", 0)));
        List<String> types = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            types.add(follower.nextJson().path("type").asText());
        }
        assertThat(types)
                .containsExactly(
                        "AGENT_ADDED", "AGENT_REMOVED", "FRAMEWORK_ADDED", "FRAMEWORK_UPDATED", "FRAMEWORK_REMOVED");
    }

    @Test
    void speaksProtobufThatOldClientsRead() throws Exception {
        Follower follower = followProtobuf();
        Event subscribed = Event.parseFrom(follower.next());
        assertThat(subscribed.getType()).isEqualTo(Event.Type.SUBSCRIBED);
        assertThat(subscribed.getSubscribed().getGetState().getGetTasks().getTasksCount())
                .isEqualTo(1);
        assertThat(subscribed
                        .getUnknownFields()
                        .getField(EventStreams.FIELD_NUMBER)
                        .getLengthDelimitedList()
                        .get(0)
                        .toStringUtf8())
                .isEqualTo("m1:0");
        assertThat(Event.parseFrom(follower.next()).getType()).isEqualTo(Event.Type.HEARTBEAT);
        happen(added("t7"));
        Event added = Event.parseFrom(follower.next());
        assertThat(added.getTaskAdded().getTask().getTaskId().getValue()).isEqualTo("t7");
    }

    @Test
    void resumesWithoutASnapshot() throws Exception {
        happen(added("t1"), added("t2"), added("t3"));
        Follower follower = follow(EventStreams.HEADER, "m1:1");
        JsonNode subscribed = follower.nextJson();
        assertThat(subscribed.path("type").asText()).isEqualTo("SUBSCRIBED");
        assertThat(subscribed.path("subscribed").has("get_state")).isFalse();
        assertThat(subscribed.path("finback_sequence").asText()).isEqualTo("m1:1");
        assertThat(follower.nextJson().path("type").asText()).isEqualTo("HEARTBEAT");
        assertThat(follower.nextJson().path("finback_sequence").asText()).isEqualTo("m1:2");
        assertThat(follower.nextJson().path("finback_sequence").asText()).isEqualTo("m1:3");
    }

    @Test
    void whoIsTooFarBehindOrComesFromElsewhereGetsASnapshot() throws Exception {
        for (int i = 0; i < 150; i++) {
            happen(added("t" + i));
        }
        for (String place : List.of("m1:3", "another-master:149", "m1:999")) {
            assertThat(follow(EventStreams.HEADER, place)
                            .nextJson()
                            .path("subscribed")
                            .has("get_state"))
                    .as(place)
                    .isTrue();
        }
        assertThat(api.send(
                                "POST",
                                "/api/v1",
                                "{\"type\":\"SUBSCRIBE\"}",
                                "Content-Type",
                                "application/json",
                                EventStreams.HEADER,
                                "nonsense")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void oneMoreThanAllowedEvictsTheOldest() throws Exception {
        Follower oldest = follow();
        assertThat(oldest.nextJson().path("type").asText()).isEqualTo("SUBSCRIBED");
        for (int i = 0; i < 3; i++) {
            assertThat(follow().nextJson().path("type").asText()).isEqualTo("SUBSCRIBED");
        }
        assertThat(oldest.nextJson().path("type").asText()).isEqualTo("HEARTBEAT");
        assertThat(oldest.ends()).isTrue();
        happen(added("t1"));
        Follower newest = followers.get(3);
        assertThat(newest.nextJson().path("type").asText()).isEqualTo("HEARTBEAT");
        assertThat(newest.nextJson().path("type").asText()).isEqualTo("TASK_ADDED");
        api.until(() -> metric("finback_master_event_subscribers_dropped_total") == 1);
    }

    @Test
    void whoDoesNotReadIsDroppedAndHoldsNobodyUp() throws Exception {
        try (Socket lazy =
                new Socket(InetAddress.getLoopbackAddress(), api.uri("/").getPort())) {
            lazy.setReceiveBufferSize(4096);
            String call = "{\"type\":\"SUBSCRIBE\"}";
            lazy.getOutputStream()
                    .write(("POST /api/v1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                                    + call.length() + "\r\n\r\n" + call)
                            .getBytes(StandardCharsets.US_ASCII));
            api.until(() -> metric("finback_master_event_subscribers") == 1);
            Follower reader = follow();
            assertThat(reader.nextJson().path("type").asText()).isEqualTo("SUBSCRIBED");
            assertThat(reader.nextJson().path("type").asText()).isEqualTo("HEARTBEAT");
            int said = 0;
            while (metric("finback_master_event_subscribers_dropped_total") == 0) {
                for (int i = 0; i < 50; i++) {
                    happen(added("t" + said++));
                }
                for (int i = 0; i < 50; i++) {
                    assertThat(reader.nextJson().path("type").asText()).isEqualTo("TASK_ADDED");
                }
            }
            assertThat(metric("finback_master_event_subscribers")).isEqualTo(1);
        }
    }

    @Test
    void aFollowerThatLeavesIsForgotten() throws Exception {
        Follower follower = follow();
        assertThat(follower.nextJson().path("type").asText()).isEqualTo("SUBSCRIBED");
        assertThat(metric("finback_master_event_subscribers")).isEqualTo(1);
        follower.close();
        api.until(() -> {
            happen(added("t1"));
            return metric("finback_master_event_subscribers") == 0;
        });
        assertThat(metric("finback_master_event_subscribers_dropped_total")).isZero();
    }

    private ClusterEvent added(String task) {
        return new ClusterEvent.TaskAdded(Clusters.task("f1", task, TaskState.STAGING, 0));
    }

    private ClusterEvent updated(String task, TaskState state) {
        return new ClusterEvent.TaskUpdated(Clusters.task("f1", task, state, 1));
    }

    private void happen(ClusterEvent... events) {
        long sequence = EventLogs.append(api.events, List.of(events));
        api.view.set(Clusters.small(sequence));
        EventLogs.wake(api.events);
    }

    private double metric(String name) throws Exception {
        return ReadEndpointsTest.text(api.get("/metrics"))
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    private Follower follow(String... headers) throws Exception {
        return follow("application/json", "{\"type\":\"SUBSCRIBE\"}".getBytes(StandardCharsets.UTF_8), headers);
    }

    private Follower followProtobuf() throws Exception {
        return follow(
                "application/x-protobuf",
                Call.newBuilder().setType(Call.Type.SUBSCRIBE).build().toByteArray());
    }

    private Follower follow(String type, byte[] call, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(api.uri("/api/v1"))
                .header("Content-Type", type)
                .header("Accept", type)
                .POST(HttpRequest.BodyPublishers.ofByteArray(call));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        HttpResponse<InputStream> response =
                api.client().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains(type);
        Follower follower = new Follower(response.body());
        followers.add(follower);
        return follower;
    }

    /** Reads records off a stream. */
    private record Follower(InputStream in) implements AutoCloseable {
        JsonNode nextJson() throws IOException {
            return new ObjectMapper().readTree(next());
        }

        byte[] next() throws IOException {
            ByteArrayOutputStream digits = new ByteArrayOutputStream();
            int each = in.read();
            while (each != '\n') {
                assertThat(each).as("end of stream").isBetween((int) '0', (int) '9');
                digits.write(each);
                each = in.read();
            }
            int length = Integer.parseInt(digits.toString(StandardCharsets.US_ASCII));
            byte[] record = in.readNBytes(length);
            assertThat(record).hasSize(length);
            return record;
        }

        boolean ends() throws IOException {
            return in.read() == -1;
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
