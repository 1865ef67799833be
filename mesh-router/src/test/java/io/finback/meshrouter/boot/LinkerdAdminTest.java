package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Linkerd's admin server tells of connections, bytes and caches, and its profile. */
class LinkerdAdminTest {
    @TempDir
    Path directory;

    private Path yaml;
    private Path disco;

    @BeforeEach
    void configure() throws IOException {
        disco = Files.createDirectory(directory.resolve("disco"));
        yaml = Files.writeString(
                directory.resolve("linkerd.yaml"),
                String.join(
                        "\n",
                        "admin: {port: 0}",
                        "namers: [{kind: io.l5d.fs, rootDir: " + disco + "}]",
                        "routers:",
                        "- protocol: http",
                        "  label: out",
                        "  dtab: /svc => /#/io.l5d.fs",
                        "  bindingCache: {paths: 2, trees: 2, bounds: 2, clients: 2}",
                        "  servers: [{port: 0}]"));
    }

    private void register(String name, RawBackend backend) throws IOException {
        Files.writeString(disco.resolve(name), "127.0.0.1 " + backend.port() + "\n");
    }

    private TestRouter start() {
        return new TestRouter("", Map.of("finback.router.linkerd-yaml", yaml.toString()));
    }

    @Test
    void countsConnectionsAndBytesOfBothSides() throws IOException {
        try (RawBackend web = RawBackend.answering("x".repeat(1_000))) {
            register("web", web);
            try (TestRouter router = start();
                    RawClient client = new RawClient(router.port())) {
                for (int i = 0; i < 3; i++) {
                    assertThat(client.call("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 500\r\n\r\n"
                                            + "y".repeat(500))
                                    .status())
                            .isEqualTo(200);
                }
                String client1 = "\"rt/out/client/#/io.l5d.fs/web/";
                String metrics = router.admin("/admin/metrics.json?q=rt/out/");
                assertThat(metrics)
                        .contains(client1 + "connections\":1")
                        .contains(client1 + "pool_size\":1")
                        .contains(client1 + "pool_cached\":1")
                        .contains(client1 + "pool_waiters\":0")
                        .contains(client1 + "pool_num_too_many_waiters\":0");
                assertThat(number(metrics, client1 + "received_bytes")).isBetween(3_000L, 3_600L);
                // Our headers are sent there.
                assertThat(number(metrics, client1 + "sent_bytes")).isBetween(1_800L, 3_500L);
                String server = metrics.replaceAll("server/127.0.0.1/\\d+", "server/s");
                assertThat(number(server, "\"rt/out/server/s/received_bytes")).isBetween(1_600L, 2_000L);
                assertThat(number(server, "\"rt/out/server/s/sent_bytes")).isBetween(3_000L, 3_900L);
                assertThat(router.admin("/admin/metrics/prometheus"))
                        .contains("rt:client:pool_cached{rt=\"out\", client=\"#/io.l5d.fs/web\"} 1");
                web.kill();
                TestRouter.await("the connection is gone", () -> {
                    try {
                        return router.admin("/admin/metrics.json?q=rt/out/client")
                                .contains("pool_cached\":0");
                    } catch (IOException e) {
                        return false;
                    }
                });
            }
        }
    }

    private static long number(String metrics, String name) {
        String rest = metrics.substring(metrics.indexOf(name) + name.length() + 2);
        return Long.parseLong(rest.substring(0, rest.replaceAll("[^0-9].*", "").length()));
    }

    @Test
    void countsHowItsTablesOfNamesDo() throws IOException {
        try (RawBackend web = RawBackend.answering("x")) {
            for (String name : new String[] {"a", "b", "c"}) {
                register(name, web);
            }
            try (TestRouter router = start()) {
                for (String name : new String[] {"a", "b", "c", "c"}) {
                    assertThat(RawClient.get(router.port(), name, "/").status()).isEqualTo(200);
                }
                assertThat(router.admin("/admin/metrics.json?q=rt/out/bindcache"))
                        .contains("\"rt/out/bindcache/client/misses\":3")
                        .contains("\"rt/out/bindcache/client/evicts\":1")
                        .contains("\"rt/out/bindcache/path/evicts\":2")
                        .contains("\"rt/out/bindcache/tree/oneshots\":0");
                assertThat(router.admin("/admin/metrics/prometheus"))
                        .contains("rt:bindcache:client:misses{rt=\"out\"} 3");
            }
        }
    }

    @Test
    void profilesItselfInPprofsForm() throws IOException {
        try (TestRouter router = start()) {
            Thread busy = new Thread(LinkerdAdminTest::spin, "busy");
            busy.setDaemon(true);
            busy.start();
            String profile = router.admin("/admin/pprof/profile?seconds=1&hz=50");
            busy.interrupt();
            assertThat(profile)
                    .startsWith("--- symbol\nbinary=finback\n0x")
                    .contains("io.finback.meshrouter.boot.LinkerdAdminTest.spin\n")
                    .contains("\n---\n--- profile\n");
            assertThat(router.admin("/admin/pprof/profile?hz=0")).contains("hz: 0 (expected: 1 to 1000)");
        }
    }

    @Test
    void takesOneProfileAtOnce() throws IOException {
        try (TestRouter router = start()) {
            CompletableFuture<Integer> first = CompletableFuture.supplyAsync(() -> profile(router));
            CompletableFuture<Integer> second = CompletableFuture.supplyAsync(() -> profile(router));
            assertThat(List.of(first.join(), second.join())).containsExactlyInAnyOrder(200, 503);
            assertThat(router.admin("/admin/pprof/profile?seconds=1")).startsWith("--- symbol");
        }
    }

    private static int profile(TestRouter router) {
        try {
            return RawClient.once(
                            router.node.adminPort(),
                            "GET /admin/pprof/profile?seconds=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    .status();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void tellsStatsdWhatWasAddedSinceAlsoOfClientsThatCameBack() throws IOException {
        try (DatagramSocket statsd = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                RawBackend web = RawBackend.answering("x")) {
            statsd.setSoTimeout(20_000);
            Files.writeString(
                    yaml,
                    "telemetry: [{kind: io.l5d.statsd, experimental: true, port: " + statsd.getLocalPort()
                            + ", gaugeIntervalMs: 100}]\n"
                            + Files.readString(yaml).replace("clients: 2", "clients: 1"));
            for (String name : new String[] {"a", "b"}) {
                register(name, web);
            }
            try (TestRouter router = start()) {
                for (int i = 0; i < 3; i++) {
                    assertThat(status(router, "a")).isEqualTo(200);
                }
                isCounted(statsd, "io.l5d.fs.a.requests", 3);
                assertThat(status(router, "b")).isEqualTo(200);
                isCounted(statsd, "io.l5d.fs.b.requests", 1);
                assertThat(status(router, "a")).isEqualTo(200);
                isCounted(statsd, "io.l5d.fs.a.requests", 1);
            }
        }
    }

    /** Packets say that so many were added, never that some were taken away. */
    private static void isCounted(DatagramSocket statsd, String counter, int expected) throws IOException {
        byte[] bytes = new byte[2_000];
        int sum = 0;
        while (sum < expected) {
            DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
            statsd.receive(packet);
            String text = new String(bytes, 0, packet.getLength(), StandardCharsets.UTF_8);
            for (String line : text.split("\n", -1)) {
                if (line.contains(counter) && line.endsWith("|c")) {
                    int added = Integer.parseInt(line.substring(line.indexOf(':') + 1, line.length() - 2));
                    assertThat(added).as(line).isPositive();
                    sum += added;
                }
            }
        }
        assertThat(sum).isEqualTo(expected);
    }

    /** Plain files of its own, which load and run nothing else. */
    @Test
    void showsPagesOfItsOwn() throws IOException {
        try (TestRouter router = start()) {
            for (String page : new String[] {"/", "/delegator"}) {
                RawClient.Response answer = RawClient.once(
                        router.node.adminPort(), "GET " + page + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                assertThat(answer.header("Content-Security-Policy"))
                        .startsWith("default-src 'none'; script-src 'self'");
                assertThat(answer.header("Content-Type")).startsWith("text/html");
                assertThat(answer.text()).contains("<title>Finback router").doesNotContain("//");
            }
            for (String file : new String[] {"admin.css", "page.js", "dashboard.js", "delegator.js"}) {
                assertThat(router.admin("/files/" + file)).isNotEmpty().isEqualTo(router.admin("/admin/files/" + file));
            }
            assertThat(router.admin("/files/../reference.conf")).startsWith("GET / /delegator");
            assertThat(router.admin("/files/nothing.js")).startsWith("GET / /delegator");
        }
        Files.writeString(
                yaml,
                Files.readString(yaml).replace("admin: {port: 0}", "admin: {port: 0, security: {uiEnabled: false}}"));
        try (TestRouter router = start()) {
            assertThat(router.admin("/")).isEqualTo("/ is switched off (admin.security)\n");
            assertThat(router.admin("/files/page.js")).contains("is switched off");
            assertThat(router.admin("/admin/lint")).contains("lint_results");
        }
    }

    @Test
    void saysWhatLooksWrong() throws IOException {
        try (RawBackend web = RawBackend.answering("x");
                TestRouter router = start()) {
            assertThat(router.admin("/admin/lint.json")).contains("\"num_issues_found\" : 0");
            for (String name : new String[] {"a", "b", "c"}) {
                register(name, web);
                TestRouter.await(name + " is known", () -> status(router, name) == 200);
            }
            Files.writeString(disco.resolve("nobody"), "");
            TestRouter.await("nobody is known", () -> status(router, "nobody") == 502);
            assertThat(router.admin("/admin/lint"))
                    .contains("binding-cache-too-small")
                    .contains("router out: ")
                    .contains("names were forgotten")
                    .contains("bound-name-without-instances");
        }
    }

    private static int status(TestRouter router, String name) {
        try {
            return RawClient.get(router.port(), name, "/").status();
        } catch (IOException e) {
            return 0;
        }
    }

    @Test
    void tellsWhatItIsMadeOf() throws IOException {
        try (TestRouter router = start()) {
            assertThat(router.admin("/admin/registry.json"))
                    .contains("\"dtab\" : \"/svc => /#/io.l5d.fs\"")
                    .contains("\"protocol\" : \"http\"")
                    .contains("\"interpreter\" : \"default\"")
                    .contains("\"/#/io.l5d.fs\"");
            assertThat(router.admin("/admin/toggles")).contains("\"libraries\" : [ ]");
        }
    }

    @Test
    void explainsWhichNameARequestWouldGet() throws IOException {
        Files.writeString(
                yaml,
                Files.readString(yaml)
                        .replace(
                                "label: out",
                                "label: out\n  identifier: [{kind: io.l5d.header}, {kind: io.l5d.path}]"));
        try (TestRouter router = start()) {
            assertThat(router.admin("/identifier?uri=/shop/cart").replaceAll("\\s", ""))
                    .isEqualTo("{\"out\":{\"identifier\":1,\"paths\":[\"/svc/shop\"]}}");
            assertThat(router.admin("/identifier?uri=/shop&header=l5d-name:/web")
                            .replaceAll("\\s", ""))
                    .isEqualTo("{\"out\":{\"identifier\":0,\"paths\":[\"/svc/web\"]}}");
            assertThat(router.admin("/identifier")).contains("none of its identifiers knows it");
            assertThat(router.admin("/identifier?header=odd")).isEqualTo("header: 'odd' (expected: Name: value)\n");
        }
    }

    private static void spin() {
        while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
        }
    }
}
