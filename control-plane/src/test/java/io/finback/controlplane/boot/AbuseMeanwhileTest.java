package io.finback.controlplane.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.mesos.v1.Protos.Filters;
import org.apache.mesos.v1.Protos.OfferID;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While others do their worst, all of it at once, a framework's offers keep coming: the allocator does not notice. */
class AbuseMeanwhileTest {
    private static final int ROUNDS = 60;
    /** How often each kind of abuse must have come to an end before the framework may stop looking. */
    private static final int LEAST = 3;

    @TempDir
    Path data;

    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    @Test
    void offersKeepComing() throws Exception {
        try (ApiHarness harness = new ApiHarness(
                        data,
                        Map.of(
                                "finback.master.scheduler-api.max-body",
                                "8 MiB",
                                "finback.master.connections.max-per-client",
                                600));
                SchedulerClient.Stream stream = harness.client(Encoding.PROTOBUF)
                        .subscribe(SchedulerClient.info("well").build())) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            List<AtomicInteger> done = new ArrayList<>();
            try {
                done.add(abuse(() -> hundredMegabytes(harness.port)));
                done.add(abuse(() -> aMillionTasks(harness.port)));
                done.add(abuse(() -> truncated(harness.port)));
                done.add(abuse(() -> connections(harness.port)));
                List<Long> waits = new ArrayList<>();
                for (int round = 0; round < ROUNDS || done.stream().anyMatch(count -> count.get() < LEAST); round++) {
                    long start = System.nanoTime();
                    OfferID offer = stream.await(Event.Type.OFFERS)
                            .getOffers()
                            .getOffers(0)
                            .getId();
                    stream.take(Call.newBuilder()
                            .setType(Call.Type.DECLINE)
                            .setDecline(Call.Decline.newBuilder()
                                    .addOfferIds(offer)
                                    .setFilters(Filters.newBuilder().setRefuseSeconds(0))));
                    waits.add((System.nanoTime() - start) / 1_000_000);
                }
                Collections.sort(waits);
                System.out.println("an offer and its decline beside abuse, ms: median " + waits.get(waits.size() / 2)
                        + ", worst " + waits.get(waits.size() - 1));
                // Far above what it takes, far below any timeout: nobody queues behind what is refused.
                assertThat(waits.get(waits.size() / 2)).isLessThan(1_000);
            } finally {
                over.set(true);
                for (Thread thread : threads) {
                    thread.join(30_000);
                }
            }
        }
    }

    private interface Abuse {
        void once() throws IOException;
    }

    private AtomicInteger abuse(Abuse abuse) {
        AtomicInteger done = new AtomicInteger();
        Thread thread = new Thread(
                () -> {
                    while (!over.get()) {
                        try {
                            abuse.once();
                        } catch (IOException e) {
                            // Cut off, as it should be.
                        }
                        done.incrementAndGet();
                    }
                },
                "abuse");
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
        return done;
    }

    private static void send(int port, String more, byte[] part, int times) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + more + "\r\n")
                            .getBytes(UTF_8));
            for (int i = 0; i < times; i++) {
                out.write(part);
            }
            assertThat(socket.getInputStream().read()).isNotZero();
        }
    }

    private static void hundredMegabytes(int port) throws IOException {
        send(port, "Content-Length: 104857600\r\n", new byte[65_536], 1_600);
    }

    private static void aMillionTasks(int port) throws IOException {
        byte[] body =
                ("{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"x\"},\"accept\":{\"offer_ids\":[{\"value\":\"o\"}],"
                                + "\"operations\":[{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":["
                                + "{},".repeat(1_000_000) + "{}]}}]}}")
                        .getBytes(UTF_8);
        send(port, "Content-Length: " + body.length + "\r\nMesos-Stream-Id: x\r\n", body, 1);
    }

    private static void truncated(int port) throws IOException {
        send(port, "Content-Length: 8\r\n", "{\"type\":".getBytes(UTF_8), 1);
    }

    private static void connections(int port) throws IOException {
        List<Socket> all = new ArrayList<>();
        try {
            for (int i = 0; i < 1_000; i++) {
                Socket socket = new Socket();
                all.add(socket);
                socket.bind(new InetSocketAddress("127.0.0.2", 0));
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            }
        } finally {
            for (Socket socket : all) {
                socket.close();
            }
        }
    }
}
