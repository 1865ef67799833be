package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import io.finback.meshrouter.namers.FakeNamerd;
import io.finback.meshrouter.namers.FarEnd;
import io.finback.meshrouter.namers.RealZooKeeper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A router whose linkerd.yaml takes its names from elsewhere, called as its users do. */
class LinkerdNamersTest {
    @TempDir
    Path directory;

    private int files;

    private TestRouter run(String... lines) throws IOException {
        return TestRouter.linkerd(directory.resolve("linkerd-" + files++ + ".yaml"), String.join("\n", lines));
    }

    private static String get(int port, String target, String header) throws IOException {
        return call(port, target, header).text();
    }

    private static Response call(int port, String target, String header) throws IOException {
        return RawClient.once(port, "GET " + target + " HTTP/1.1\r\n" + header + "\r\nConnection: close\r\n\r\n");
    }

    private static int port(TestRouter router, int r, int s) {
        return router.node.routers().get(r).servers().get(s).port();
    }

    @Test
    void bindsThroughAMeshAndGoesOnWithoutIt() throws IOException {
        try (RawBackend web = RawBackend.answering("web");
                FakeNamerd namerd = new FakeNamerd(0)) {
            namerd.bind("/svc/web", "leaf { id { elems: \"#\" elems: \"disco\" } }");
            namerd.replicas("/#/disco", "127.0.0.1:" + web.port());
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "routers:",
                    "- protocol: http",
                    "  interpreter:",
                    "    kind: io.l5d.mesh",
                    "    dst: /$/inet/127.0.0.1/" + namerd.port(),
                    "    root: /default",
                    "    experimental: true",
                    "    retry: {baseSeconds: 1, maxSeconds: 2}",
                    "    failureThreshold: {minPeriodMs: 1000, closeTimeoutMs: 1000}",
                    "    initialStreamWindowSizeKB: 64",
                    "    transformers: [{kind: io.l5d.specificHost, host: 127.0.0.1}]",
                    "  servers: [{port: 0}]")) {
                assertThat(get(port(router, 0, 0), "/", "Host: web")).isEqualTo("web");
                assertThat(web.requests.get(0).header("l5d-dst-client"))
                        .isEqualTo("/%/io.l5d.specificHost/127.0.0.1/#/disco");
                assertThat(router.admin("/delegator.json?path=/svc/web")).contains("no such root");
                assertThat(router.admin("/http/interpreter_state/io.l5d.mesh.json"))
                        .contains("/svc/web", "127.0.0.1:" + web.port(), "/default");
                assertThat(router.admin("/metrics"))
                        .contains("finback_router_name_watches 2\n", "finback_router_name_watches_failing 0\n");
                namerd.stop();
                TestRouter.await("its absence to be noticed", () -> {
                    try {
                        return router.admin("/metrics").contains("finback_router_name_watches_failing 2\n");
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                assertThat(get(port(router, 0, 0), "/", "Host: web")).isEqualTo("web");
            }
        }
    }

    @Test
    void followsServersetsAndLeadersInZooKeeper() throws Exception {
        try (RawBackend web = RawBackend.answering("web");
                RawBackend leader = RawBackend.answering("leader");
                RealZooKeeper zookeeper = new RealZooKeeper(directory.resolve("zookeeper"))) {
            zookeeper.create(
                    "/discovery/prod/web/member_", RealZooKeeper.member("127.0.0.1", web.port() - 1, "ALIVE", ""));
            zookeeper.create("/leaders/web/member_", "127.0.0.1:" + leader.port());
            zookeeper.create(
                    "/services/web/4711",
                    "{\"name\":\"web\",\"id\":\"4711\",\"address\":\"127.0.0.1\",\"port\":" + web.port()
                            + ",\"sslPort\":null}");
            try (TestRouter router = run(
                    "admin: {port: 0}",
                    "namers:",
                    "- kind: io.l5d.serversets",
                    "  zkAddrs: [{host: 127.0.0.1, port: " + zookeeper.port() + "}]",
                    "- kind: io.l5d.zkLeader",
                    "  prefix: /lead",
                    "  zkAddrs:",
                    "  - host: 127.0.0.1",
                    "    port: " + zookeeper.port(),
                    "- kind: io.l5d.curator",
                    "  experimental: true",
                    "  basePath: /services",
                    "  zkAddrs: {host: 127.0.0.1, port: " + zookeeper.port() + "}",
                    "routers:",
                    "- protocol: http",
                    "  dtab: |",
                    "    /svc => /#/io.l5d.serversets/discovery/prod;",
                    "    /svc/curated => /#/io.l5d.curator/web;",
                    "    /svc/lead => /#/lead/leaders/web",
                    "  servers: [{port: 0}]")) {
                assertThat(get(port(router, 0, 0), "/", "Host: web:http")).isEqualTo("web");
                assertThat(get(port(router, 0, 0), "/", "Host: lead")).isEqualTo("leader");
                assertThat(get(port(router, 0, 0), "/", "Host: curated")).isEqualTo("web");
                assertThat(call(port(router, 0, 0), "/", "Host: web:other").status())
                        .isEqualTo(502);
                assertThat(router.admin("/namer_state/io.l5d.serversets.json"))
                        .contains("SyncConnected", "/discovery/prod/web:http", "127.0.0.1:" + web.port());
                assertThat(router.admin("/delegator.json?path=/svc/web:http/x"))
                        .contains("/#/io.l5d.serversets/discovery/prod/web:http");
                zookeeper.stop();
                assertThat(get(port(router, 0, 0), "/", "Host: web:http")).isEqualTo("web");
            }
        }
    }

    @Test
    void sendsToTheDaemonOfANodeByItsNameOnTheHostsNetwork() throws Exception {
        try (RawBackend here = RawBackend.answering("daemon of a");
                RawBackend there = RawBackend.answering("daemon of b");
                FarEnd far = new FarEnd(uri -> {
                    if (uri.contains("watch=true")) {
                        return FarEnd.Answer.stream(new LinkedBlockingQueue<>());
                    }
                    String subsets = uri.contains("%3Dl5d")
                            ? endpoint(here.port(), "a") + "," + endpoint(there.port(), "b")
                            : endpoint(9, "b");
                    return FarEnd.Answer.of("{\"metadata\":{},\"items\":[{\"subsets\":[" + subsets + "]}]}");
                });
                TestRouter router = run(
                        "admin: {port: 0}",
                        "namers: [{kind: io.l5d.k8s, host: 127.0.0.1, port: " + far.port() + "}]",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc => /#/io.l5d.k8s/shop/http",
                        "  interpreter:",
                        "    kind: default",
                        "    transformers:",
                        "    - kind: io.l5d.k8s.daemonset",
                        "      k8sHost: 127.0.0.1",
                        "      k8sPort: " + far.port(),
                        "      namespace: infra",
                        "      port: http",
                        "      service: l5d",
                        "      hostNetwork: true",
                        "  servers: [{port: 0}]")) {
            for (int i = 0; i < 5; i++) {
                assertThat(get(port(router, 0, 0), "/", "Host: web")).isEqualTo("daemon of b");
            }
        }
    }

    private static String endpoint(int port, String node) {
        return "{\"addresses\":[{\"ip\":\"127.0.0.1\",\"nodeName\":\"" + node
                + "\"}],\"ports\":[{\"name\":\"http\",\"port\":" + port + "}]}";
    }

    @Test
    void identifiesByIngressRulesAndBindsByADtabInAConfigMap() throws Exception {
        String ingress =
                "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"a\"},\"spec\":{\"rules\":[{\"host\":\"shop.test\",\"http\":"
                        + "{\"paths\":[{\"path\":\"/api/.*\",\"backend\":{\"serviceName\":\"api\",\"servicePort\":\"http\"}}]}}]}}";
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        try (RawBackend api = RawBackend.answering("api");
                FarEnd far = new FarEnd(uri -> {
                    String items;
                    if (uri.startsWith("/apis/extensions/v1beta1/namespaces/shop/ingresses")) {
                        asked.countDown();
                        try {
                            boolean unused = answer.await(20, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        items = ingress;
                    } else {
                        items = "{\"metadata\":{\"name\":\"dtabs\"},\"data\":{\"main\":\"/svc/shop/http/api => "
                                + ProxyTest.inet(api) + "\"}}";
                    }
                    return uri.contains("watch=true")
                            ? FarEnd.Answer.stream(new java.util.concurrent.LinkedBlockingQueue<>())
                            : FarEnd.Answer.of("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[" + items + "]}");
                });
                TestRouter router = run(
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  identifier: {kind: io.l5d.ingress, host: 127.0.0.1, port: " + far.port()
                                + ", namespace: shop}",
                        "  interpreter:",
                        "    kind: io.l5d.k8s.configMap",
                        "    experimental: true",
                        "    host: 127.0.0.1",
                        "    port: " + far.port(),
                        "    name: dtabs",
                        "    filename: main",
                        "  servers: [{port: 0}]")) {
            assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
            var waiting = java.util.concurrent.CompletableFuture.supplyAsync(() -> {
                try {
                    return get(port(router, 0, 0), "/api/x?y", "Host: shop.test");
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            answer.countDown();
            assertThat(waiting.get(20, TimeUnit.SECONDS))
                    .as("it waits for the rules")
                    .isEqualTo("api");
            assertThat(api.requests.get(0).line()).isEqualTo("GET /api/x?y HTTP/1.1");
            assertThat(call(port(router, 0, 0), "/other", "Host: shop.test").status())
                    .isEqualTo(400);
            assertThat(router.admin("/http/interpreter_state/io.l5d.k8s.configMap.json"))
                    .contains("/svc/shop/http/api");
            assertThat(router.admin("/delegator.json?path=/svc/shop/http/api")).contains("/$/inet/127.0.0.1");
        }
    }

    @Test
    void announcesItsServersInZooKeeperUntilItStops() throws Exception {
        try (RawBackend web = RawBackend.answering("web");
                RealZooKeeper zookeeper = new RealZooKeeper(directory.resolve("zookeeper"))) {
            String zk = "zkAddrs: [{host: 127.0.0.1, port: " + zookeeper.port() + "}]";
            TestRouter announcing = run(
                    "admin: {port: 0, shutdownGraceMs: 1000}",
                    "routers:",
                    "- protocol: http",
                    "  dtab: /svc => " + ProxyTest.inet(web),
                    "  announcers:",
                    "  - kind: io.l5d.serversets",
                    "    pathPrefix: /a/b",
                    "    " + zk,
                    "  servers: [{port: 0, announce: [/#/io.l5d.serversets/inner]}]");
            try (TestRouter outer = run(
                    "admin: {port: 0}",
                    "namers: [{kind: io.l5d.serversets, " + zk + "}]",
                    "routers:",
                    "- protocol: http",
                    "  dtab: /svc => /#/io.l5d.serversets/a/b",
                    "  servers: [{port: 0}]")) {
                assertThat(status(outer, 200)).isTrue();
                assertThat(get(port(outer, 0, 0), "/", "Host: inner")).isEqualTo("web");
                zookeeper.expireSessions();
                TestRouter.await(
                        "the node of another session",
                        () -> zookeeper.children("/a/b/inner").equals(List.of("member_0000000001")));
                assertThat(status(outer, 200)).isTrue();
                announcing.close();
                assertThat(zookeeper.children("/a/b/inner")).isEmpty();
                assertThat(status(outer, 502)).isTrue();
            } finally {
                announcing.close();
            }
        }
    }

    private boolean status(TestRouter router, int expected) {
        TestRouter.await("status " + expected, () -> {
            try {
                return call(port(router, 0, 0), "/", "Host: inner").status() == expected;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        return true;
    }
}
