package io.finback.meshrouter.namers;

import static io.finback.meshrouter.namers.Bindings.await;
import static io.finback.meshrouter.namers.Bindings.bound;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.boot.TestRouter;
import io.finback.meshrouter.namers.FarEnd.Answer;
import io.finback.names.Path;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Namers and interpreters against recorded far ends. */
class NamersTest {
    @org.junit.jupiter.api.io.TempDir
    java.nio.file.Path directory;

    private final Streams streams = Usual.streams();
    private final Changes changes = new Changes();

    @AfterEach
    void close() {
        streams.close();
    }

    // --- Consul ---

    private static ConsulNamer.Options consul(FarEnd far, boolean tag, boolean health, Map<String, Double> weights) {
        return new ConsulNamer.Options(
                Origin.clear("127.0.0.1", far.port()),
                tag,
                health,
                Set.of("passing", "warning"),
                Optional.of("secret"),
                "stale",
                true,
                weights);
    }

    private static String node(String address, String service, int port, String tags) {
        return "{\"Address\":\"" + address + "\",\"ServiceAddress\":\"" + service + "\",\"ServicePort\":" + port
                + ",\"ServiceTags\":[" + tags + "]}";
    }

    @Test
    void followsConsulsBlockingQueries() throws IOException {
        BlockingQueue<String> second = new LinkedBlockingQueue<>();
        FarEnd.Recording recording = uri -> {
            if (uri.contains("/none")) {
                return Answer.of("[]", "X-Consul-Index", "7");
            }
            if (!uri.contains("index=")) {
                return Answer.of("[" + node("10.0.0.1", "", 80, "") + "]", "X-Consul-Index", "7");
            }
            try {
                return Answer.of(second.take(), "X-Consul-Index", "8");
            } catch (InterruptedException e) {
                return Answer.status(500);
            }
        };
        try (FarEnd far = new FarEnd(recording)) {
            NameSource source = ConsulNamer.start(
                    Path.parse("/#/io.l5d.consul"), consul(far, false, false, Map.of("big", 5.0)), streams, changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            assertThat(bound(interpreter, "/#/io.l5d.consul/dc1/web/x")).isEqualTo("pending");
            await(interpreter, "/#/io.l5d.consul/dc1/web/x", "/#/io.l5d.consul/dc1/web rest /x [10.0.0.1:80]");
            assertThat(far.requests.get(0)).isEqualTo("/v1/catalog/service/web?dc=dc1&stale");
            long version = changes.version();
            second.add("[" + node("10.0.0.1", "10.1.0.1", 80, "\"big\",\"x\"") + "]");
            await(interpreter, "/#/io.l5d.consul/dc1/web", "/#/io.l5d.consul/dc1/web [10.1.0.1:80 * 5.0]");
            assertThat(changes.version()).as("the name itself did not change").isEqualTo(version);
            second.add("[]");
            await(interpreter, "/#/io.l5d.consul/dc1/web", "~");
            await(interpreter, "/#/io.l5d.consul/.local/none", "~");
            assertThat(source.state()).containsEntry("/dc1/web", "neg");
            source.close();
        }
    }

    @Test
    void takesHealthAndTagsFromConsul() throws IOException {
        String service = "{\"Node\":{\"Address\":\"10.0.0.%d\"},\"Service\":{\"Address\":\"\",\"Port\":80},"
                + "\"Checks\":[{\"Status\":\"passing\"},{\"Status\":\"%s\"}]}";
        try (FarEnd far = new FarEnd(uri -> Answer.of(
                "[" + String.format(service, 1, "passing") + "," + String.format(service, 2, "critical") + ","
                        + String.format(service, 3, "warning") + "]",
                "X-Consul-Index",
                "1"))) {
            NameSource source =
                    ConsulNamer.start(Path.parse("/#/c"), consul(far, true, true, Map.of()), streams, changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            await(interpreter, "/#/c/.local/v1/web", "/#/c/.local/v1/web [10.0.0.1:80, 10.0.0.3:80]");
            assertThat(far.requests.get(0)).isEqualTo("/v1/health/service/web?tag=v1&stale");
            source.close();
        }
    }

    @Test
    void keepsTheLastAddressesWhileConsulIsAway() throws IOException {
        FarEnd far = new FarEnd(uri -> uri.contains("index=")
                ? Answer.status(500)
                : Answer.of("[" + node("10.0.0.1", "", 80, "") + "]", "X-Consul-Index", "7"));
        NameSource source =
                ConsulNamer.start(Path.parse("/#/c"), consul(far, false, false, Map.of()), streams, changes);
        Interpreter interpreter = DtabInterpreter.of(List.of(source));
        await(interpreter, "/#/c/dc/web", "/#/c/dc/web [10.0.0.1:80]");
        TestRouter.await("a failed query", () -> far.requests.stream().anyMatch(r -> r.contains("index=")));
        far.close();
        assertThat(bound(interpreter, "/#/c/dc/web")).isEqualTo("/#/c/dc/web [10.0.0.1:80]");
        source.close();
    }

    // --- Kubernetes ---

    private static String endpoints(String... ips) {
        String addresses = String.join(
                ",", List.of(ips).stream().map(ip -> "{\"ip\":\"" + ip + "\"}").toList());
        return "{\"subsets\":[{\"addresses\":[" + addresses + "],\"ports\":[{\"name\":\"http\",\"port\":8080}]}]}";
    }

    @Test
    void followsKubernetesEndpoints() throws IOException {
        AtomicReference<FarEnd> self = new AtomicReference<>();
        FarEnd.Recording recording = uri -> {
            if (uri.contains("watch=true")) {
                return Answer.stream(self.get().stream(uri.contains("services") ? "svc" : uri));
            }
            if (uri.contains("/services/")) {
                return Answer.of("{\"spec\":{\"ports\":[{\"name\":\"http\",\"port\":80,\"targetPort\":8080}]}}");
            }
            return Answer.of(
                    uri.contains("none")
                            ? "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}"
                            : "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" + endpoints("10.0.0.1") + "]}");
        };
        try (FarEnd far = new FarEnd(recording)) {
            self.set(far);
            NameSource source = K8sNamer.start(
                    Path.parse("/#/k"), "127.0.0.1", far.port(), Optional.empty(), Optional.empty(), streams, changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            await(interpreter, "/#/k/prod/http/web", "/#/k/prod/http/web [10.0.0.1:8080]");
            await(interpreter, "/#/k/prod/80/web", "/#/k/prod/80/web [10.0.0.1:8080]");
            await(interpreter, "/#/k/prod/admin/web", "~");
            await(interpreter, "/#/k/prod/http/none", "~");
            String watch =
                    "/api/v1/namespaces/prod/endpoints?fieldSelector=metadata.name%3Dweb&watch=true&resourceVersion=5";
            TestRouter.await("the watch", () -> far.requests.contains(watch));
            BlockingQueue<String> lines = far.stream(watch);
            // Three names watch the same service.
            for (int i = 0; i < 3; i++) {
                lines.add("{\"type\":\"MODIFIED\",\"object\":" + endpoints("10.0.0.2", "10.0.0.3") + "}");
            }
            TestRouter.await("the change", () -> List.of("/#/k/prod/http/web", "/#/k/prod/80/web").stream()
                    .anyMatch(name -> bound(interpreter, name).endsWith("[10.0.0.2:8080, 10.0.0.3:8080]")));
            source.close();
        }
    }

    // --- Marathon ---

    @Test
    void followsMarathonsAppsAndTasks() throws IOException {
        AtomicReference<String> tasks =
                new AtomicReference<>("{\"host\":\"h1\",\"ports\":[31000],\"state\":\"TASK_RUNNING\"}");
        FarEnd.Recording recording = uri -> uri.equals("/m/v2/apps")
                ? Answer.of("{\"apps\":[{\"id\":\"/shop\"},{\"id\":\"/shop/api\"}]}")
                : uri.equals("/m/v2/apps/shop/api?embed=apps.tasks")
                        ? Answer.of("{\"app\":{\"id\":\"/shop/api\",\"tasks\":[" + tasks.get() + "]}}")
                        : Answer.status(404);
        try (FarEnd far = new FarEnd(recording)) {
            NameSource source = MarathonNamer.start(
                    Path.parse("/#/m"),
                    new MarathonNamer.Options(
                            Origin.clear("127.0.0.1", far.port()), "/m", Duration.ofMillis(50), false),
                    streams,
                    changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            await(interpreter, "/#/m/shop/api/v1", "/#/m/shop/api rest /v1 [h1:31000]");
            await(interpreter, "/#/m/other", "~");
            tasks.set("{\"host\":\"h2\",\"ports\":[31001],\"state\":\"TASK_RUNNING\"},"
                    + "{\"host\":\"h3\",\"ports\":[31002],\"state\":\"TASK_STAGING\"}");
            await(interpreter, "/#/m/shop/api", "/#/m/shop/api [h2:31001]");
            source.close();
        }
    }

    // --- DNS ---

    private static void name(ByteBuffer out, String name) {
        for (String label : name.split("\\.", -1)) {
            out.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.put((byte) 0);
    }

    /** Answers SRV queries for {@code known}, those of port 0 with the root as target, and that there is no such name for others. */
    private static void answer(DatagramSocket dns, String known, int[][] records) {
        Thread thread = new Thread(() -> {
            try {
                while (true) {
                    DatagramPacket query = new DatagramPacket(new byte[512], 512);
                    dns.receive(query);
                    ByteBuffer in = ByteBuffer.wrap(query.getData(), 0, query.getLength());
                    String asked = new String(query.getData(), 0, query.getLength(), StandardCharsets.ISO_8859_1);
                    if (asked.contains("silence")) {
                        continue;
                    }
                    boolean found = asked.contains(known.split("\\.", -1)[2]);
                    int end = 12;
                    while (in.get(end) != 0) {
                        end += in.get(end) + 1;
                    }
                    byte[] question = new byte[end + 5 - 12];
                    System.arraycopy(query.getData(), 12, question, 0, question.length);
                    ByteBuffer out = ByteBuffer.allocate(512);
                    out.putShort(in.getShort(0)).putShort((short) (found ? 0x8400 : 0x8403));
                    out.putShort((short) 1).putShort((short) (found ? records.length : 0));
                    out.putShort((short) 0).putShort((short) 0).put(question);
                    for (int i = 0; found && i < records.length; i++) {
                        ByteBuffer data = ByteBuffer.allocate(100);
                        data.putShort((short) records[i][0]).putShort((short) records[i][1]);
                        data.putShort((short) records[i][2]);
                        if (records[i][2] == 0) {
                            data.put((byte) 0);
                        } else {
                            name(data, "h" + i + ".test");
                        }
                        out.putShort((short) 0xc00c)
                                .putShort((short) 33)
                                .putShort((short) 1)
                                .putInt(1);
                        out.putShort((short) data.position()).put(data.array(), 0, data.position());
                    }
                    dns.send(new DatagramPacket(out.array(), out.position(), query.getSocketAddress()));
                }
            } catch (IOException e) {
                // the test has closed the socket
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Test
    void readsSrvRecords() throws IOException {
        try (DatagramSocket dns = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            answer(dns, "_http._tcp.web.test", new int[][] {{1, 10, 8080}, {1, 0, 8081}, {9, 1, 1}, {1, 1, 0}});
            NameSource source = DnsSrvNamer.start(
                    Path.parse("/#/d"),
                    List.of("127.0.0.1:" + dns.getLocalPort()),
                    Duration.ofSeconds(1),
                    streams,
                    changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            await(
                    interpreter,
                    "/#/d/_http._tcp.web.test",
                    "/#/d/_http._tcp.web.test [h0.test:8080 * 10.0, h1.test:8081]");
            await(interpreter, "/#/d/_http._tcp.none.test", "~");
            source.close();
            TestRouter.await("its thread to end", () -> Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals("finback-dnssrv")));
        }
    }

    @Test
    void namesOfServersThatDoNotAnswerHoldNoOthersUp() throws IOException {
        try (DatagramSocket dns = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            answer(dns, "_http._tcp.web.test", new int[][] {{1, 10, 8080}});
            NameSource source = DnsSrvNamer.start(
                    Path.parse("/#/d"),
                    List.of("127.0.0.1:" + dns.getLocalPort()),
                    Duration.ofSeconds(1),
                    streams,
                    changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            for (int i = 0; i < 3; i++) {
                assertThat(bound(interpreter, "/#/d/_http._tcp.silence" + i + ".test"))
                        .isEqualTo("pending");
            }
            await(interpreter, "/#/d/_http._tcp.web.test", "/#/d/_http._tcp.web.test [h0.test:8080 * 10.0]");
            assertThat(streams.failures()).as("nobody was waited for").isZero();
            source.close();
        }
    }

    // --- namerd ---

    private static final String TREE = "{\"type\":\"alt\",\"alt\":[{\"type\":\"neg\"},{\"type\":\"union\",\"union\":["
            + "{\"weight\":0.9,\"tree\":{\"type\":\"leaf\",\"bound\":{\"addr\":{\"type\":\"pending\"},\"id\":\"/#/fs/web\",\"path\":\"/\"}}},"
            + "{\"weight\":0.1,\"tree\":{\"type\":\"fail\"}}]}]}";

    @Test
    void bindsThroughNamerd() throws IOException {
        AtomicReference<FarEnd> self = new AtomicReference<>();
        try (FarEnd far = new FarEnd(uri -> Answer.stream(self.get().stream(uri)))) {
            self.set(far);
            NamerdHttp namerd = NamerdHttp.start(
                    Origin.clear("127.0.0.1", far.port()),
                    "shop",
                    Credentials.of("router", Files.writeString(directory.resolve("secret"), "s3cret\n")),
                    Optional.empty(),
                    streams,
                    changes);
            assertThat(bound(namerd, "/svc/web")).isEqualTo("pending");
            String bind = "/api/1/bind/shop?watch=true&path=%2Fsvc%2Fweb&dtab=";
            TestRouter.await("asked", () -> far.requests.contains(bind));
            far.stream(bind).add(TREE);
            String addr = "/api/1/addr/shop?watch=true&path=%2F%23%2Ffs%2Fweb";
            TestRouter.await("asked for addresses", () -> {
                assertThat(bound(namerd, "/svc/web")).isEqualTo("pending");
                return far.requests.contains(addr);
            });
            far.stream(addr)
                    .add("{\"type\":\"bound\",\"addrs\":[{\"ip\":\"10.0.0.1\",\"port\":80,\"meta\":{}}],\"meta\":{}}");
            await(namerd, "/svc/web", "/#/fs/web [10.0.0.1:80]");
            assertThat(far.authorizations)
                    .isNotEmpty()
                    .containsOnly("Basic "
                            + Base64.getEncoder().encodeToString("router:s3cret".getBytes(StandardCharsets.UTF_8)));
            far.stream(addr)
                    .add("{\"type\":\"bound\",\"addrs\":[{\"ip\":\"10.0.0.2\",\"port\":80,\"meta\":{}}],\"meta\":{}}");
            await(namerd, "/svc/web", "/#/fs/web [10.0.0.2:80]");
            far.stream(bind).add("{\"type\":\"neg\"}");
            await(namerd, "/svc/web", "~");
            far.stream(bind).add("{\"type\":\"leaf\",\"bound\":{\"id\":\"/$/inet/1.2.3.4/5\",\"path\":\"/x\"}}");
            await(namerd, "/svc/web", "/$/inet/1.2.3.4/5 rest /x [1.2.3.4:5]");
            // A line that cannot be read breaks the stream off; what was known stays until it works again.
            far.stream(bind).add("{\"type\":\"exception\",\"message\":\"odd\"}");
            TestRouter.await("a failure", () -> streams.failures() == 1);
            assertThat(bound(namerd, "/svc/web")).isEqualTo("/$/inet/1.2.3.4/5 rest /x [1.2.3.4:5]");
            TestRouter.await(
                    "the stream to begin again",
                    () -> far.requests.stream().filter(bind::equals).count() == 2);
            for (int i = 0; i < 3; i++) {
                far.stream(bind).add("{\"type\":\"leaf\",\"bound\":{\"id\":\"/$/inet/1.2.3.5/5\",\"path\":\"/\"}}");
            }
            await(namerd, "/svc/web", "/$/inet/1.2.3.5/5 [1.2.3.5:5]");
            TestRouter.await("nothing to fail", () -> streams.failing() == 0);
            namerd.close();
        }
    }
}
