package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.namers.FakeNamerd;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS on both sides of a router, as linkerd.yaml says. */
class LinkerdTlsTest {
    @TempDir
    Path directory;

    private TlsIdentity identity(String name) throws Exception {
        return new TlsIdentity(directory, name);
    }

    /** An HTTPS server that wants its clients' certificate; answers with the protocol it speaks. */
    private static HttpsServer backend(SSLContext context) throws IOException {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters mine = context.getDefaultSSLParameters();
                mine.setNeedClientAuth(true);
                parameters.setSSLParameters(mine);
            }
        });
        server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            byte[] answer = ("secret " + body.length).getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        return server;
    }

    @Test
    void speaksTlsToBothSidesAndChecksNames() throws Exception {
        TlsIdentity edge = identity("edge.test");
        TlsIdentity web = identity("web.test");
        HttpsServer backend = backend(web.context(edge));
        Path disco = Files.createDirectory(directory.resolve("disco"));
        for (String name : List.of("web", "other")) {
            Files.writeString(
                    disco.resolve(name), "127.0.0.1 " + backend.getAddress().getPort() + "\n");
        }
        Path yaml = directory.resolve("linkerd.yaml");
        Files.writeString(
                yaml,
                String.join(
                        "\n",
                        "admin: {port: 0}",
                        "namers: [{kind: io.l5d.fs, rootDir: " + disco + "}]",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc => /#/io.l5d.fs",
                        "  servers:",
                        "  - port: 0",
                        "    tls: {certPath: " + edge.cert + ", keyPath: " + edge.key + "}",
                        "  client:",
                        "    kind: io.l5d.static",
                        "    configs:",
                        "    - prefix: \"/#/io.l5d.fs/{service}\"",
                        "      tls:",
                        "        commonName: \"{service}.test\"",
                        "        trustCerts: [" + web.cert + "]",
                        "        clientAuth: {certPath: " + edge.cert + ", keyPath: " + edge.key + "}"));
        HttpClient client = HttpClient.newBuilder()
                .sslContext(web.context(edge))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        try (TestRouter router = new TestRouter("", Map.of("finback.router.linkerd-yaml", yaml.toString()))) {
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> answer = post(client, router, "web", 200_000);
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo("secret 200000");
            }
            HttpResponse<String> refused = post(client, router, "other", 10);
            assertThat(refused.statusCode()).isEqualTo(502);
            assertThat(refused.body()).contains("other.test");
            assertThat(router.admin("/admin/metrics.json")).contains("rt/http/client/#/io.l5d.fs/web/connects\":1,");
        } finally {
            backend.stop(0);
        }
    }

    /** Two routers of a protocol behind one another, with TLS between them. */
    private TestRouter[] chained(String protocol, int backend, TlsIdentity edge, TlsIdentity web, String outerServer)
            throws IOException {
        String head = "admin: {port: 0}\nrouters:\n- protocol: " + protocol + "\n  experimental: true\n"
                + (protocol.equals("h2") ? "  identifier: {kind: io.l5d.static, path: web}\n" : "");
        TestRouter inner = TestRouter.linkerd(
                directory.resolve(protocol + "-inner.yaml"),
                head + "  dtab: /svc => /$/inet/127.0.0.1/" + backend
                        + "\n  servers:\n  - port: 0\n    tls: {certPath: "
                        + web.cert + ", keyPath: " + web.key + ", caCertPath: " + edge.cert
                        + ", requireClientAuth: true}\n");
        TestRouter outer = TestRouter.linkerd(
                directory.resolve(protocol + "-outer.yaml"),
                head + "  dtab: /svc => /$/inet/127.0.0.1/" + inner.port() + "\n  servers:\n  - port: 0\n    "
                        + outerServer + "\n  client:\n    tls: {commonName: web.test, trustCerts: [" + web.cert
                        + "], clientAuth: {certPath: " + edge.cert + ", keyPath: " + edge.key + "}}\n");
        return new TestRouter[] {outer, inner};
    }

    @Test
    void http2IsChosenByAlpnOnBothSides() throws Exception {
        TlsIdentity edge = identity("edge.test");
        TlsIdentity web = identity("web.test");
        try (Listening backend =
                H2.server().serve("127.0.0.1:0", Service.of(request -> H2Message.response(200, request.body())))) {
            TestRouter[] routers = chained(
                    "h2", backend.port(), edge, web, "tls: {certPath: " + edge.cert + ", keyPath: " + edge.key + "}");
            try (TestRouter outer = routers[0];
                    TestRouter inner = routers[1]) {
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_2)
                        .sslContext(web.context(edge))
                        .connectTimeout(Duration.ofSeconds(10))
                        .build();
                for (int i = 0; i < 3; i++) {
                    HttpResponse<byte[]> answer = client.send(
                            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + outer.port() + "/"))
                                    .timeout(Duration.ofSeconds(20))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[300_000]))
                                    .build(),
                            HttpResponse.BodyHandlers.ofByteArray());
                    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
                    assertThat(answer.statusCode()).isEqualTo(200);
                    assertThat(answer.body()).hasSize(300_000);
                    assertThat(answer.headers().firstValue("via")).contains("2.0 linkerd, 2.0 linkerd");
                }
                assertThat(inner.metric("rt/h2/server/127.0.0.1/" + inner.port() + "/requests"))
                        .isEqualTo(3);
            }
        }
    }

    @Test
    void aNamerdIsAskedOverTlsAndOnlyTheRightOne() throws Exception {
        TlsIdentity names = identity("namerd.test");
        try (RawBackend web = RawBackend.answering("web");
                FakeNamerd namerd = FakeNamerd.withTls(names.cert, names.key)) {
            namerd.bind(
                    "/svc/web",
                    "leaf { id { elems: \"$\" elems: \"inet\" elems: \"127.0.0.1\" elems: \"" + web.port() + "\" } }");
            for (String name : List.of("namerd.test", "other.test")) {
                String yaml = "admin: {port: 0}\nrouters:\n- protocol: http\n  bindingTimeoutMs: 2000\n  interpreter:\n"
                        + "    kind: io.l5d.mesh\n    dst: /$/inet/127.0.0.1/" + namerd.port()
                        + "\n    tls: {commonName: "
                        + name + ", trustCerts: [" + names.cert + "]}\n  servers: [{port: 0}]\n";
                try (TestRouter router = TestRouter.linkerd(directory.resolve(name + ".yaml"), yaml)) {
                    int status = RawClient.once(
                                    router.port(0), "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
                            .status();
                    assertThat(status).isEqualTo(name.equals("namerd.test") ? 200 : 503);
                }
            }
        }
    }

    @Test
    void thriftAndMuxSpeakTlsToo() throws Exception {
        TlsIdentity edge = identity("edge.test");
        TlsIdentity web = identity("web.test");
        byte[] call = {(byte) 0x80, 1, 0, 1, 0, 0, 0, 1, 'm', 0, 0, 0, 7, 0};
        for (String protocol : List.of("thrift", "mux", "thriftmux")) {
            Server<byte[], byte[]> server = protocol.equals("thrift")
                    ? Thrift.server()
                    : protocol.equals("mux") ? Mux.server() : ThriftMux.server();
            Client<byte[], byte[]> client = protocol.equals("thrift") ? Thrift.client() : Mux.client();
            try (Listening backend = server.serve("127.0.0.1:0", Service.of(request -> request))) {
                TestRouter[] routers = chained(protocol, backend.port(), edge, web, "timeoutMs: 20000");
                try (TestRouter outer = routers[0];
                        TestRouter inner = routers[1]) {
                    assertThat(client.newService("127.0.0.1:" + outer.port(), protocol)
                                    .call(call)
                                    .get(Duration.ofSeconds(20)))
                            .isEqualTo(call);
                    assertThat(inner.metric("rt/" + protocol + "/server/127.0.0.1/" + inner.port() + "/requests"))
                            .isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aCertificateThatIsOverEndsTheAttempt() throws Exception {
        TlsIdentity edge = identity("edge.test");
        TlsIdentity authority = identity("authority.test");
        TlsIdentity old = TlsIdentity.expired(directory, "old.test", "authority.test");
        HttpsServer backend = backend(old.context(edge));
        Path yaml = directory.resolve("linkerd.yaml");
        Files.writeString(
                yaml,
                String.join(
                        "\n",
                        "admin: {port: 0}",
                        "routers:",
                        "- protocol: http",
                        "  dtab: /svc => /$/inet/127.0.0.1/"
                                + backend.getAddress().getPort(),
                        "  servers: [{port: 0}]",
                        "  client:",
                        "    tls:",
                        "      commonName: old.test",
                        "      trustCerts: [" + authority.cert + "]",
                        "      clientAuth: {certPath: " + edge.cert + ", keyPath: " + edge.key + "}"));
        try (TestRouter router = new TestRouter("", Map.of("finback.router.linkerd-yaml", yaml.toString()))) {
            RawClient.Response answer = RawClient.get(router.port(), "web", "/");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.text()).contains("TLS: ").contains("NotAfter");
        } finally {
            backend.stop(0);
        }
    }

    private static HttpResponse<String> post(HttpClient client, TestRouter router, String name, int bytes)
            throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + router.port() + "/"))
                        .version(HttpClient.Version.HTTP_1_1)
                        .header("l5d-dtab", "/svc/127.0.0.1:" + router.port() + " => /#/io.l5d.fs/" + name)
                        .timeout(Duration.ofSeconds(20))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[bytes]))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
