package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.namers.FarEnd;
import io.finback.meshrouter.namers.FarEnd.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A router that asks Consul, Marathon and namerd's HTTP API over TLS, showing a certificate, as linkerd.yaml says. */
class NamesOverTlsTest {
    @TempDir
    Path directory;

    private int files;

    private TestRouter run(String... lines) throws IOException {
        return TestRouter.linkerd(directory.resolve("linkerd-" + files++ + ".yaml"), String.join("\n", lines));
    }

    private static String tls(String commonName, TlsIdentity trusted, TlsIdentity me) {
        return "tls: {commonName: " + commonName + ", trustCerts: [" + trusted.cert + "], clientAuth: {certPath: "
                + me.cert + ", keyPath: " + me.key + "}}";
    }

    private static RawClient.Response get(TestRouter router, String host) throws IOException {
        return RawClient.once(router.port(0), "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    private static String service(int port) {
        return "[{\"Address\":\"127.0.0.1\",\"ServicePort\":" + port + "}]";
    }

    @Test
    void followsAServiceAndADtabOfConsul() throws Exception {
        TlsIdentity router = new TlsIdentity(directory, "router.test");
        TlsIdentity consul = new TlsIdentity(directory, "consul.test");
        BlockingQueue<String> changes = new LinkedBlockingQueue<>();
        try (RawBackend one = RawBackend.answering("one");
                RawBackend two = RawBackend.answering("two");
                FarEnd far = FarEnd.withTls(consul.context(router), uri -> {
                    if (uri.startsWith("/v1/kv/namerd/dtabs/shop")) {
                        return uri.contains("index=")
                                ? Answer.stream(new LinkedBlockingQueue<>())
                                : Answer.of("/svc => /#/io.l5d.consul/.local", "X-Consul-Index", "1");
                    }
                    try {
                        return uri.contains("index=")
                                ? Answer.of(changes.take(), "X-Consul-Index", "2")
                                : Answer.of(service(one.port()), "X-Consul-Index", "1");
                    } catch (InterruptedException e) {
                        return Answer.status(500);
                    }
                })) {
            for (String name : List.of("consul.test", "other.test")) {
                String at = "{host: 127.0.0.1, port: " + far.port() + ", " + tls(name, consul, router);
                try (TestRouter mesh = run(
                        "admin: {port: 0}",
                        "namers: [" + at + ", kind: io.l5d.consul}]",
                        "routers:",
                        "- protocol: http",
                        "  bindingTimeoutMs: 3000",
                        "  interpreter: " + at + ", kind: io.l5d.consul.interpreter, namespace: shop}",
                        "  servers: [{port: 0}]")) {
                    if (name.equals("other.test")) {
                        assertThat(get(mesh, "web").status()).isEqualTo(503);
                        continue;
                    }
                    assertThat(get(mesh, "web").text()).isEqualTo("one");
                    changes.add(service(two.port()));
                    TestRouter.await("the other instance", () -> {
                        try {
                            return get(mesh, "web").text().equals("two");
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                }
            }
        }
    }

    @Test
    void bindsByTheHttpApiOfMasters() throws Exception {
        TlsIdentity router = new TlsIdentity(directory, "router.test");
        TlsIdentity master = new TlsIdentity(directory, "master.test");
        AtomicReference<FarEnd> self = new AtomicReference<>();
        AtomicInteger streams = new AtomicInteger();
        try (RawBackend one = RawBackend.answering("one");
                RawBackend two = RawBackend.answering("two");
                FarEnd far = FarEnd.withTls(master.context(router), uri -> {
                    streams.incrementAndGet();
                    return Answer.stream(self.get().stream("all"));
                })) {
            self.set(far);
            try (TestRouter mesh = run(
                    "admin: {port: 0}",
                    "routers:",
                    "- protocol: http",
                    "  interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /$/inet/127.0.0.1/" + far.port()
                            + ", " + tls("master.test", master, router) + "}",
                    "  servers: [{port: 0}]")) {
                for (RawBackend backend : List.of(one, two)) {
                    far.stream("all")
                            .add("{\"type\":\"leaf\",\"bound\":{\"id\":\"/$/inet/127.0.0.1/" + backend.port()
                                    + "\",\"path\":\"/\"}}");
                    TestRouter.await("the instance of the tree", () -> {
                        try {
                            return get(mesh, "web").text().equals(backend == one ? "one" : "two");
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                }
                assertThat(streams).hasValue(1);
            }
        }
    }

    @Test
    void readsTheAppsOfAMarathonWithoutCheckingItsName() throws Exception {
        TlsIdentity nobody = new TlsIdentity(directory, "nobody.test");
        try (RawBackend web = RawBackend.answering("web");
                FarEnd far = FarEnd.withOpenTls(
                        nobody.context(nobody),
                        uri -> uri.contains("embed")
                                ? Answer.of("{\"app\":{\"id\":\"/web\",\"tasks\":[{\"host\":\"127.0.0.1\",\"ports\":["
                                        + web.port() + "],\"state\":\"TASK_RUNNING\"}]}}")
                                : Answer.of("{\"apps\":[{\"id\":\"/web\"}]}"));
                TestRouter mesh = run(
                        "admin: {port: 0}",
                        "namers: [{kind: io.l5d.marathon, host: 127.0.0.1, port: " + far.port()
                                + ", tls: {disableValidation: true}}]",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc => /#/io.l5d.marathon",
                        "  servers: [{port: 0}]")) {
            assertThat(get(mesh, "web").text()).isEqualTo("web");
        }
    }
}
