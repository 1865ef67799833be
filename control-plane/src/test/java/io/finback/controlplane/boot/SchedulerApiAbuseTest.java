package io.finback.controlplane.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.mesos.v1.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

/** What no honest client does; the master answers with a limit, and others are served. */
class SchedulerApiAbuseTest {
    private static final int HUNDRED_MB = 100 * 1024 * 1024;

    @TempDir
    static Path data;

    private static ApiHarness harness;

    @BeforeAll
    static void start() {
        harness = new ApiHarness(
                data,
                Map.of(
                        "finback.master.scheduler-api.body-timeout", "1 s",
                        "finback.master.scheduler-api.max-body", "8 MiB",
                        "finback.master.scheduler-api.buffer-bytes", "64 KiB",
                        "finback.master.connections.max", 1200,
                        "finback.master.connections.max-per-client", 1000));
    }

    @AfterAll
    static void stop() {
        harness.close();
    }

    /** Still there, for somebody else. */
    private static void serves() {
        try (SchedulerClient.Stream stream = harness.client(Encoding.JSON)
                .subscribe(SchedulerClient.info("well").build())) {
            stream.take(Call.newBuilder().setType(Call.Type.REVIVE));
        }
    }

    private static String head(String more) {
        return "POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + more + "\r\n";
    }

    /** The first line of the answer to whatever is written. */
    private static String answer(IoConsumer write) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), harness.port)) {
            socket.setSoTimeout(30_000);
            Thread writer = new Thread(() -> {
                try {
                    write.accept(socket.getOutputStream());
                } catch (IOException e) {
                    // Refused before all of it was written.
                }
            });
            writer.start();
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            for (int next = in.read(); next >= 0 && next != '\r'; next = in.read()) {
                line.write(next);
            }
            return line.toString(UTF_8);
        }
    }

    private interface IoConsumer {
        void accept(OutputStream out) throws IOException;
    }

    @Test
    void aHundredMegabytesAreRefusedWhileTheyArrive() throws IOException {
        byte[] chunk = new byte[64 * 1024];
        assertThat(answer(out -> {
                    out.write(head("Content-Length: " + HUNDRED_MB + "\r\n").getBytes(UTF_8));
                    for (int sent = 0; sent < HUNDRED_MB / 2; sent += chunk.length) {
                        out.write(chunk);
                    }
                }))
                .startsWith("HTTP/1.1 413");
        serves();
    }

    @Test
    void anEndlessChunkedBodyIsRefusedToo() throws IOException {
        byte[] chunk = ("10000\r\n" + "x".repeat(65536) + "\r\n").getBytes(UTF_8);
        assertThat(answer(out -> {
                    out.write(head("Transfer-Encoding: chunked\r\n").getBytes(UTF_8));
                    for (int sent = 0; sent < 1600; sent++) {
                        out.write(chunk);
                    }
                }))
                .startsWith("HTTP/1.1 413");
        serves();
    }

    @Test
    void aBodyThatDoesNotComeIsTimedOut() throws IOException {
        assertThat(answer(out -> {
                    out.write(head("Content-Length: 100\r\n").getBytes(UTF_8));
                    out.write('{');
                    out.flush();
                }))
                .startsWith("HTTP/1.1 408");
        serves();
    }

    @Test
    void aMillionTasksInOneAcceptAreTooMany() {
        String many =
                "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"x\"},\"accept\":{\"offer_ids\":[{\"value\":\"o\"}],"
                        + "\"operations\":[{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[" + "{},".repeat(1_000_000)
                        + "{}]}}]}}";
        HttpResponse<String> response =
                harness.client(Encoding.JSON).post(many, "Content-Type", "application/json", "Mesos-Stream-Id", "x");
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(response.body()).contains("more than 500000 values");
        serves();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 17, 40})
    void aBodyThatBreaksOffIsNotUnderstood(int length) {
        Call call = SchedulerClient.subscribeCall(SchedulerClient.info("broken").build());
        for (Encoding encoding : Encoding.values()) {
            byte[] whole = encoding.write(call);
            byte[] part = java.util.Arrays.copyOf(whole, Math.min(length, whole.length - 1));
            assertThat(harness.client(encoding)
                            .post(part, "Content-Type", encoding.mediaType())
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void aSingularMessageRepeatedAMillionTimesCostsNothing() {
        byte[] once = Call.newBuilder()
                .setAccept(Call.Accept.getDefaultInstance())
                .build()
                .toByteArray();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000_000; i++) {
            out.writeBytes(once);
        }
        assertThat(harness.client(Encoding.PROTOBUF)
                        .post(out.toByteArray(), "Content-Type", "application/x-protobuf")
                        .body())
                .contains("accept: given twice");
        serves();
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void aSubscriberThatNeverReadsIsDisconnected(Encoding encoding) throws IOException {
        SchedulerClient client = harness.client(encoding);
        String framework;
        String streamId;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), harness.port)) {
            socket.setReceiveBufferSize(4096);
            byte[] body = encoding.write(
                    SchedulerClient.subscribeCall(SchedulerClient.info("deaf").build()));
            OutputStream out = socket.getOutputStream();
            out.write(("POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: " + encoding.mediaType()
                            + "\r\nAccept: application/json\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .getBytes(UTF_8));
            out.write(body);
            String head = readUntil(socket.getInputStream(), "HEARTBEAT");
            streamId = between(head, "Mesos-Stream-Id: ", "\r\n");
            framework = between(head, "\"framework_id\":{\"value\":\"", "\"");
            Call.Reconcile.Builder reconcile = Call.Reconcile.newBuilder();
            for (int i = 0; i < 20_000; i++) {
                reconcile.addTasks(Call.Reconcile.Task.newBuilder()
                        .setTaskId(TaskID.newBuilder().setValue("unknown-" + i)));
            }
            Call call = Call.newBuilder()
                    .setType(Call.Type.RECONCILE)
                    .setFrameworkId(
                            org.apache.mesos.v1.Protos.FrameworkID.newBuilder().setValue(framework))
                    .setReconcile(reconcile)
                    .build();
            int status = 202;
            String said = "";
            for (int i = 0; i < 20 && status == 202; i++) {
                var answer = client.call(call, "Mesos-Stream-Id", streamId);
                status = answer.statusCode();
                said = i + ": " + answer.body();
            }
            assertThat(status).as(said).isEqualTo(403);
        }
        assertThat(harness.api.counters().prometheus())
                .containsPattern("finback_scheduler_api_slow_subscribers_total [1-9]");
        serves();
    }

    @Test
    void oneClientsConnectionsDoNotKeepOthersOut() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 1500; i++) {
                Socket socket = new Socket();
                idle.add(socket);
                socket.bind(new InetSocketAddress("127.0.0.2", 0));
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), harness.port));
            }
            // The last ones are closed without a word, the first ones stand.
            for (int i = 1100; i < 1500; i++) {
                idle.get(i).setSoTimeout(30_000);
                assertThat(isEnded(idle.get(i))).as("connection %d", i).isTrue();
            }
            idle.get(0).setSoTimeout(10);
            assertThatThrownBy(() -> isEnded(idle.get(0))).isInstanceOf(SocketTimeoutException.class);
            assertThat(harness.gate.prometheus()).contains("finback_master_connections_refused_total 5");
            try (SchedulerClient.Stream stream = harness.client(Encoding.PROTOBUF)
                    .subscribe(SchedulerClient.info("among").build())) {
                assertThat(stream.await(Event.Type.HEARTBEAT)).isNotNull();
                stream.take(Call.newBuilder().setType(Call.Type.REVIVE));
            }
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private static boolean isEnded(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    private static String readUntil(InputStream in, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int next = in.read();
            if (next < 0) {
                throw new AssertionError("ended: " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private static String between(String text, String before, String after) {
        int from = text.indexOf(before) + before.length();
        return text.substring(from, text.indexOf(after, from));
    }
}
