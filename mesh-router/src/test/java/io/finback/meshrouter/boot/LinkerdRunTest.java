package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import io.finback.meshrouter.namers.FarEnd;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A router that runs a linkerd.yaml, called as its users do. */
class LinkerdRunTest {
    @TempDir
    Path directory;

    private int files;

    TestRouter run(String... lines) throws IOException {
        Path file = directory.resolve("linkerd-" + files++ + ".yaml");
        Files.writeString(file, String.join("\n", lines).replace("DISCO", disco().toString()));
        return new TestRouter("", Map.of("finback.router.linkerd-yaml", file.toString()));
    }

    private Path disco() throws IOException {
        return Files.createDirectories(directory.resolve("disco"));
    }

    private void register(String name, RawBackend... backends) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (RawBackend backend : backends) {
            lines.append("127.0.0.1 ").append(backend.port()).append('\n');
        }
        Path to = disco().resolve(name);
        Files.createDirectories(to.getParent());
        Files.writeString(to, lines.toString());
    }

    private static String get(int port, String target, String... headers) throws IOException {
        return call(port, target, headers).text();
    }

    private static Response call(int port, String target, String... headers) throws IOException {
        StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.1\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return RawClient.once(port, request + "Connection: close\r\n\r\n");
    }

    private static int port(TestRouter router, int r, int s) {
        return router.node.routers().get(r).servers().get(s).port();
    }

    @Test
    void runsSeveralRoutersWithSeveralServersEach() throws IOException {
        try (RawBackend web = RawBackend.answering("web");
                RawBackend users = RawBackend.answering("users")) {
            register("web", web);
            register("users", users);
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "namers:",
                    "- kind: io.l5d.fs",
                    "  rootDir: DISCO",
                    "routers:",
                    "- protocol: http",
                    "  label: outgoing",
                    "  dtab: /svc => /#/io.l5d.fs",
                    "  servers:",
                    "  - port: 0",
                    "  - {port: 0, ip: 127.0.0.1}",
                    "- protocol: http",
                    "  label: incoming",
                    "  dtab: /svc => /#/io.l5d.fs/users",
                    "  identifier: {kind: io.l5d.path, segments: 1, consume: true}",
                    "  servers: [{port: 0}]")) {
                assertThat(get(port(router, 0, 0), "/", "Host: web")).isEqualTo("web");
                assertThat(get(port(router, 0, 1), "/", "Host: users")).isEqualTo("users");
                Response wrong = call(port(router, 0, 0), "/", "Host: web:4140");
                assertThat(wrong.status())
                        .as("the port of a host is part of its name")
                        .isEqualTo(502);
                assertThat(wrong.header("l5d-err")).contains("Unable+to+route+request");
                assertThat(get(port(router, 1, 0), "/any/thing?x=y", "Host: a")).isEqualTo("users");
                assertThat(users.requests.get(1).line()).isEqualTo("GET /thing?x=y HTTP/1.1");
                assertThat(users.requests.get(1).header("l5d-dst-service")).isEqualTo("/svc/any");
                assertThat(users.requests.get(1).header("l5d-dst-residual")).isEqualTo("/any");
                assertThat(users.requests.get(1).header("l5d-ctx-trace")).hasSize(44);
                assertThat(users.requests.get(1).header("l5d-reqid")).hasSize(16);
                String metrics = router.admin("/admin/metrics.json?q=rt/");
                assertThat(metrics)
                        .contains("\"rt/outgoing/service/svc/web/requests\":1")
                        .contains("\"rt/incoming/client/#/io.l5d.fs/users/success\":1")
                        .contains("rt/outgoing/server/127.0.0.1/" + port(router, 0, 1) + "/status/200");
                assertThat(router.admin("/admin/metrics/prometheus"))
                        .contains("rt:service:requests{rt=\"outgoing\", service=\"/svc/web\"} 1")
                        .contains(
                                "rt:client:request_latency_ms_count{rt=\"incoming\", client=\"#/io.l5d.fs/users\"} 1");
                assertThat(router.admin("/config.json")).contains("outgoing");
                assertThat(router.admin("/namer_state/io.l5d.fs.json")).contains("127.0.0.1:" + web.port());
                assertThat(router.admin("/outgoing/interpreter_state/default.json"))
                        .contains("state");
                assertThat(router.admin("/delegator.json?namespace=incoming&path=/svc/x"))
                        .contains("/#/io.l5d.fs/users");
                assertThat(router.admin("/finback/clients.json")).contains("\"open\" : true");
                assertThat(router.admin("/client_state.json"))
                        .contains("\"state\" : \"bound\"", "\"addresses\" : [ \"127.0.0.1:");
            }
        }
    }

    @Test
    void identifiesByHeaderMethodAndHostAndWhatIsFixed() throws IOException {
        try (RawBackend web = RawBackend.answering("web")) {
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "routers:",
                    "- protocol: http",
                    "  dstPrefix: /http",
                    "  dtab: /http/1.1/GET/web => " + ProxyTest.inet(web) + "; /http/named => " + ProxyTest.inet(web),
                    "  identifier:",
                    "  - {kind: io.l5d.header, header: x-name}",
                    "  - kind: io.l5d.methodAndHost",
                    "    httpUriInDst: true",
                    "  servers: [{port: 0}]",
                    "- protocol: http",
                    "  label: fixed",
                    "  dtab: /svc/it => " + ProxyTest.inet(web),
                    "  identifier: {kind: io.l5d.static, path: it}",
                    "  servers: [{port: 0}]")) {
                assertThat(get(port(router, 0, 0), "/a/b?c", "Host: WEB")).isEqualTo("web");
                assertThat(web.requests.get(0).header("l5d-dst-service")).isEqualTo("/http/1.1/GET/web/a/b");
                assertThat(get(port(router, 0, 0), "/", "Host: other", "X-Name: /named/x"))
                        .isEqualTo("web");
                assertThat(call(port(router, 0, 0), "/", "X-Name: named", "Host: web")
                                .status())
                        .isEqualTo(400);
                assertThat(get(port(router, 1, 0), "/", "Host: whatever")).isEqualTo("web");
            }
        }
    }

    @Test
    void answers400WithoutAnIdentification() throws IOException {
        try (TestRouter router = run("admin: {port: 0}", "routers: [{protocol: http, servers: [{port: 0}]}]")) {
            Response response = RawClient.once(router.port(), "GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
            assertThat(response.status()).isEqualTo(400);
            assertThat(response.text()).contains("Unknown destination");
        }
    }

    @Test
    void triesFailedResponsesAgainAndSaysTheDeadline() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        RawBackend.Script flaky = (request, in, out, socket) -> {
            String status = calls.incrementAndGet() % 2 == 1 ? "500 No" : "200 OK";
            out.write(("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n").getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(flaky);
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => " + ProxyTest.inet(web),
                        "  service:",
                        "    kind: io.l5d.static",
                        "    configs:",
                        "    - prefix: /svc/{name}",
                        "      responseClassifier: {kind: io.l5d.http.retryableRead5XX}",
                        "      totalTimeoutMs: 5000",
                        "  servers: [{port: 0}]")) {
            assertThat(call(router.port(), "/", "Host: web").status()).isEqualTo(200);
            assertThat(calls.get()).isEqualTo(2);
            String[] deadline = web.requests.get(0).header("l5d-ctx-deadline").split(" ", -1);
            assertThat(Long.parseLong(deadline[1]) - Long.parseLong(deadline[0]))
                    .isEqualTo(TimeUnit.SECONDS.toNanos(5));
            assertThat(router.admin("/admin/metrics.json")).contains("rt/http/service/svc/web/retries/total\":1");
        }
    }

    @Test
    void clearsTheContextOfThoseItDoesNotTrust() throws IOException {
        try (RawBackend web = RawBackend.answering("web");
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => " + ProxyTest.inet(web),
                        "  servers:",
                        "  - port: 0",
                        "    clearContext: true",
                        "    timestampHeader: x-request-start",
                        "    addForwardedHeader: {by: {kind: static, label: edge}, for: {kind: ip}}")) {
            assertThat(call(router.port(), "/", "Host: web", "l5d-dtab: /svc/web => !", "L5D-Ctx-Dtab: /svc=>!")
                            .status())
                    .isEqualTo(200);
            assertThat(web.requests.get(0).header("l5d-ctx-dtab")).isEmpty();
            assertThat(web.requests.get(0).header("forwarded")).isEqualTo("by=edge;for=127.0.0.1");
            assertThat(web.requests.get(0).header("x-request-start")).matches("\\d{13}");
            Response refused = call(router.port(), "/", "Host: other");
            assertThat(refused.status()).isEqualTo(502);
            assertThat(refused.header("l5d-err")).isEmpty();
        }
    }

    @Test
    void nacksBeyondItsConcurrency() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch arrived = new CountDownLatch(1);
        RawBackend.Script slow = (request, in, out, socket) -> {
            arrived.countDown();
            try {
                assertThat(answer.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                return false;
            }
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(slow);
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => " + ProxyTest.inet(web),
                        "  servers: [{port: 0, maxConcurrentRequests: 1}]");
                RawClient first = new RawClient(router.port())) {
            first.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
            Response nack = call(router.port(), "/", "Host: web");
            assertThat(nack.status()).isEqualTo(503);
            assertThat(nack.header("finagle-http-nack")).isEqualTo("true");
            answer.countDown();
            assertThat(first.read(false).status()).isEqualTo(200);
            assertThat(call(router.port(), "/", "Host: web").status()).isEqualTo(200);
        }
    }

    @Test
    void keepsToTheSizeOfItsPool() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        RawBackend.Script counting = (request, in, out, socket) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
            now.decrementAndGet();
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(counting);
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc/web => " + ProxyTest.inet(web),
                        "  client: {hostConnectionPool: {maxSize: 2, maxWaiters: 5}}",
                        "  servers: [{port: 0}]")) {
            RawClient[] clients = new RawClient[8];
            for (int i = 0; i < clients.length; i++) {
                clients[i] = new RawClient(router.port());
                clients[i].send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            }
            int ok = 0;
            for (RawClient client : clients) {
                ok += client.read(false).status() == 200 ? 1 : 0;
                client.close();
            }
            assertThat(most.get()).isLessThanOrEqualTo(2);
            assertThat(ok).as("two called, five waited").isGreaterThanOrEqualTo(7);
        }
    }

    @Test
    void followsFilesAndWeighs() throws IOException {
        try (RawBackend light = RawBackend.answering("light");
                RawBackend heavy = RawBackend.answering("heavy")) {
            register("web", light);
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "namers: [{kind: io.l5d.fs, rootDir: DISCO}]",
                    "routers:",
                    "- protocol: http",
                    "  dtab: /svc => /#/io.l5d.fs",
                    "  servers: [{port: 0}]")) {
                assertThat(get(router.port(), "/", "Host: web")).isEqualTo("light");
                Files.writeString(
                        disco().resolve("web"),
                        "127.0.0.1 " + light.port() + " * 0.01 # old\n\n127.0.0.1 " + heavy.port() + " * 99\n");
                TestRouter.await("the heavy one", () -> {
                    try {
                        return get(router.port(), "/", "Host: web").equals("heavy");
                    } catch (IOException e) {
                        return false;
                    }
                });
                int before = light.requests.size();
                for (int i = 0; i < 50; i++) {
                    assertThat(get(router.port(), "/", "Host: web")).isNotEmpty();
                }
                assertThat(light.requests.size() - before).isLessThan(10);
                register("late", heavy);
                TestRouter.await("a new file", () -> {
                    try {
                        return get(router.port(), "/", "Host: late").equals("heavy");
                    } catch (IOException e) {
                        return false;
                    }
                });
            }
        }
    }

    @Test
    void rewritesTransformsAndFollowsADtabFile() throws IOException {
        try (RawBackend web = RawBackend.answering("web")) {
            Path dtab = directory.resolve("dtab");
            Files.writeString(dtab, "/svc => /#/nice # first");
            Files.writeString(disco().resolve("web"), "127.0.0.1 1\n");
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "namers:",
                    "- {kind: io.l5d.fs, rootDir: DISCO}",
                    "- kind: io.l5d.rewrite",
                    "  prefix: /nice",
                    "  pattern: \"/{name}.example.com\"",
                    "  name: \"/#/io.l5d.fs/{name}\"",
                    "routers:",
                    "- protocol: http",
                    "  interpreter:",
                    "    kind: io.l5d.fs",
                    "    dtabFile: " + dtab,
                    "    transformers: [{kind: io.l5d.port, port: " + web.port() + "}]",
                    "  servers: [{port: 0}]")) {
                assertThat(get(router.port(), "/", "Host: web.example.com")).isEqualTo("web");
                assertThat(web.requests.get(0).header("l5d-dst-client"))
                        .isEqualTo("/%/io.l5d.port/" + web.port() + "/#/io.l5d.fs/web");
                Files.writeString(dtab, "/svc/web.example.com => !; # later");
                TestRouter.await("the dtab's change", () -> {
                    try {
                        return call(router.port(), "/", "Host: web.example.com").status() == 502;
                    } catch (IOException e) {
                        return false;
                    }
                });
            }
        }
    }

    @Test
    void writesAnAccessLogAndKeepsRecentRequests() throws IOException {
        Path log = directory.resolve("access.log");
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = run(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.l5d.recentRequests, sampleRate: 1.0}]",
                        "routers:",
                        "- protocol: http",
                        "  httpAccessLog: " + log,
                        "  dtab: /svc/web => " + ProxyTest.inet(web),
                        "  servers: [{port: 0}]")) {
            assertThat(get(router.port(), "/a?b", "Host: web", "User-Agent: te\"st", "Referer: http://here/"))
                    .isEqualTo("hello");
            TestRouter.await("a line", () -> {
                try {
                    return Files.readString(log).contains("\n");
                } catch (IOException e) {
                    return false;
                }
            });
            assertThat(Files.readString(log))
                    .matches(
                            "127\\.0\\.0\\.1 - - \\[\\d\\d/\\w{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}] \"GET /a\\?b HTTP/1.1\""
                                    + " 200 5 \"http://here/\" \"te\\\\x22st\"\n");
            assertThat(router.admin("/requests")).contains("\"uri\" : \"/a?b\"");
        }
    }

    @Test
    void bindsThroughNamerdAndShowsItAtOnce() throws Exception {
        try (RawBackend web = RawBackend.answering("web")) {
            String leaf = "{\"type\":\"leaf\",\"bound\":{\"id\":\"" + ProxyTest.inet(web) + "\",\"path\":\"/\"}}";
            AtomicReference<FarEnd> self = new AtomicReference<>();
            FarEnd.Recording recording = uri -> {
                self.get().stream(uri).add(uri.contains("/dtabs/") ? "[{\"prefix\":\"/svc\",\"dst\":\"/x\"}]" : leaf);
                return FarEnd.Answer.stream(self.get().stream(uri));
            };
            try (FarEnd namerd = new FarEnd(recording)) {
                self.set(namerd);
                try (TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/127.0.0.1/"
                                + namerd.port() + "}",
                        "  servers: [{port: 0}]")) {
                    assertThat(router.admin("/delegator.json?path=/svc/web")).contains(ProxyTest.inet(web));
                    assertThat(get(router.port(), "/", "Host: web")).isEqualTo("web");
                }
            }
        }
    }

    @Test
    void answers503WhenANameIsNotKnownInTime() throws Exception {
        try (FarEnd silent = new FarEnd(uri -> FarEnd.Answer.stream(new java.util.concurrent.LinkedBlockingQueue<>()));
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  bindingTimeoutMs: 300",
                        "  interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/127.0.0.1/"
                                + silent.port() + "}",
                        "  servers: [{port: 0}]")) {
            Response late = call(router.port(), "/", "Host: web");
            assertThat(late.status()).isEqualTo(503);
            assertThat(late.text()).contains("binding timed out").contains("namerd bind");
            assertThat(router.node.routers().get(0).servers().get(0).listener().concurrent())
                    .isZero();
        }
    }

    @Test
    void sendsToStatsd() throws Exception {
        try (DatagramSocket statsd = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                TestRouter router = run(
                        "admin: {port: 0}",
                        "telemetry: [{kind: io.l5d.statsd, experimental: true, port: " + statsd.getLocalPort()
                                + ", gaugeIntervalMs: 100}]",
                        "routers: [{protocol: http, servers: [{port: 0}]}]")) {
            statsd.setSoTimeout(20_000);
            assertThat(call(router.port(), "/", "Host: nobody").status()).isEqualTo(502);
            StringBuilder all = new StringBuilder();
            while (!all.toString().contains(".requests:1|c") || !all.toString().contains("linkerd.jvm.num_cpus:")) {
                DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
                statsd.receive(packet);
                all.append(new String(packet.getData(), 0, packet.getLength(), US_ASCII));
            }
            assertThat(all.toString()).contains("linkerd.rt.http.server.127.0.0.1." + router.port() + ".requests:1|c");
        }
    }

    @Test
    void shutsDownWhenAskedTo() throws Exception {
        try (TestRouter router = run("admin: {port: 0}", "routers: [{protocol: http, servers: [{port: 0}]}]")) {
            Response answer = RawClient.once(
                    router.node.adminPort(), "POST /admin/shutdown HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            assertThat(answer.status()).isEqualTo(200);
            router.node.terminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void changesLevelsAndShowsThreads() throws IOException {
        try (TestRouter router = run("admin: {port: 0}", "routers: [{protocol: http, servers: [{port: 0}]}]")) {
            String body = "{\"logger\":\"ROOT\",\"level\":\"LOUD\"}";
            Response refused = RawClient.once(
                    router.node.adminPort(),
                    "POST /logging.json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                            + body.length() + "\r\n\r\n" + body);
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.text()).contains("LOUD");
            assertThat(router.admin("/logging.json")).contains("ROOT");
            assertThat(router.admin("/admin/threads")).contains("finback-mesh");
            assertThat(router.admin("/admin/metrics.json?tree=1")).contains("\"jvm\":{");
        }
    }

    @Test
    void knowsWhatItWillListenAt() throws IOException {
        Path file = Files.writeString(
                directory.resolve("two.yaml"),
                "admin: {port: 1}\nrouters: [{protocol: http, label: a, servers: [{port: 2}, {port: 3, ip: 0.0.0.0}]}]");
        assertThat(RouterNode.listeners(TestRouter.config(Map.of("finback.router.linkerd-yaml", file.toString()))))
                .hasToString("{finback.router.admin=127.0.0.1:1, finback.router.a=127.0.0.1:2,"
                        + " finback.router.a[1]=0.0.0.0:3}");
    }

    @Test
    void saysWhereAFileIsWrong() {
        assertThatThrownBy(() -> run("routers:", "- protocol: http", "  dtabs: x"))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.router.linkerd-yaml: " + directory)
                .hasMessageContaining("line 3: unknown key 'dtabs' in routers[0]");
    }
}
