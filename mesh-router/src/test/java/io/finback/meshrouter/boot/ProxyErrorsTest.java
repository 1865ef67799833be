package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the router answers itself, and what it refuses to pass. */
class ProxyErrorsTest {
    static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void assertError(Response response, int status, String reason) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.text()).contains(reason);
        assertThat(URLDecoder.decode(response.header("l5d-err"), StandardCharsets.UTF_8))
                .isEqualTo(response.text());
        assertThat(response.header("content-type")).startsWith("text/plain");
    }

    @Test
    void answers400WithoutAName() throws IOException {
        try (TestRouter router = new TestRouter("")) {
            assertError(RawClient.once(router.port(), "GET / HTTP/1.0\r\n\r\n"), 400, "Unknown destination");
            assertError(
                    RawClient.once(router.port(), "GET / HTTP/1.1\r\nHost: x\r\nl5d-name: /a//b\r\n\r\n"),
                    400,
                    "expected");
        }
    }

    @ParameterizedTest
    @CsvSource({"'', neg", "/svc => $, empty", "/svc => !, fail", "/svc => /$/nil, empty"})
    void answers502WhenTheNameLeadsNowhere(String dtab, String why) throws IOException {
        try (TestRouter router = new TestRouter(dtab);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 2; i++) { // the connection stays
                Response response = client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
                assertError(response, 502, why);
                assertThat(response.text()).startsWith("Unable to route request!");
            }
        }
    }

    @Test
    void answers502WhenADelegationDoesNotEnd() throws IOException {
        try (TestRouter router = new TestRouter("/svc => /svc")) {
            assertError(RawClient.get(router.port(), "web", "/"), 502, "max depth");
        }
    }

    @Test
    void answers502WithTheAddressWhenNobodyListens() throws IOException {
        int port = closedPort();
        try (TestRouter router = new TestRouter("/svc/web => /$/inet/127.0.0.1/" + port)) {
            assertError(RawClient.get(router.port(), "web", "/"), 502, "127.0.0.1:" + port);
            Response post =
                    RawClient.once(router.port(), "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc");
            assertError(post, 502, "127.0.0.1:" + port);
            assertThat(post.header("connection")).isEqualTo("close");
        }
    }

    @Test
    void answers503WhenAHostNameDoesNotResolve() throws IOException {
        try (TestRouter router = new TestRouter("/svc/web => /$/inet/no-such-host.invalid/80")) {
            Response response = RawClient.get(router.port(), "web", "/");
            assertError(response, 503, "no-such-host.invalid");
            assertThat(response.header("retry-after")).isEqualTo("1");
        }
    }

    @Test
    void answers503AfterTheTotalTimeout() throws IOException {
        try (RawBackend silent = new RawBackend((request, in, out, socket) -> in.read() >= 0);
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(silent), Map.of("finback.router.total-timeout", "300 ms"))) {
            assertError(RawClient.get(router.port(), "web", "/"), 503, "total timeout");
            TestRouter.await("upstream closed", () -> silent.openConnections() == 0);
        }
    }

    @Test
    void answers503OverTheConnectionLimit() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(web), Map.of("finback.router.limits.max-connections", 1));
                RawClient first = new RawClient(router.port())) {
            assertThat(first.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n").status())
                    .isEqualTo(200);
            Response refused = RawClient.get(router.port(), "web", "/");
            assertError(refused, 503, "limits.max-connections");
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(first.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n").status())
                    .isEqualTo(200);
        }
    }

    @Test
    void refusesWhatItDoesNotSupport() throws IOException {
        try (TestRouter router = new TestRouter("/svc => !")) {
            assertError(
                    RawClient.once(
                            router.port(),
                            "GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
                    501,
                    "websocket");
            assertError(RawClient.once(router.port(), "CONNECT web:80 HTTP/1.1\r\nHost: web\r\n\r\n"), 501, "CONNECT");
            String via = "Via: " + "1.1 x, ".repeat(1_001) + "1.1 x\r\n";
            assertError(
                    RawClient.once(router.port(), "GET / HTTP/1.1\r\nHost: web\r\n" + via + "\r\n"), 400, "circles");
        }
    }

    @Test
    void refusesWhatIsTooLong() throws IOException {
        try (TestRouter router = new TestRouter("/svc => !")) {
            assertError(
                    RawClient.once(router.port(), "GET /" + "a".repeat(5_000) + " HTTP/1.1\r\nHost: web\r\n\r\n"),
                    414,
                    "request line");
            assertError(
                    RawClient.once(
                            router.port(), "GET / HTTP/1.1\r\nHost: web\r\nX: " + "a".repeat(9_000) + "\r\n\r\n"),
                    431,
                    "headers");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 3|Transfer-Encoding: chunked",
                "Transfer-Encoding: chunked|Content-Length: 3",
                "Content-Length: 3|Content-Length: 4",
                "Content-Length: 3, 4",
                "Content-Length: 0000000000000000003",
                "Content-Length: 1000000000000000000",
                "Content-Length: +3",
                "Content-Length: -3",
                "Content-Length: 3 3",
                "Content-Length: 0x3",
                "Content-Length:",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: chunked, identity",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked|Transfer-Encoding: identity",
                "Transfer-Encoding : chunked",
                "Transfer-Encoding: \u000bchunked",
                "Content-Length : 3",
                "Host: other",
                "X: a\u0000b",
                " leading: x",
            })
    void refusesFramingThatTwoReadersCouldReadDifferently(String headers) throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient client = new RawClient(router.port())) {
            String ambiguous = headers.startsWith(" ") ? headers + "\r\nHost: web" : "Host: web\r\n" + headers;
            String smuggled = "3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n";
            client.send("POST / HTTP/1.1\r\n" + ambiguous.replace("|", "\r\n") + "\r\n\r\n" + smuggled);
            assertThat(client.read(false).status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(web.requests).isEmpty();
        }
    }

    @Test
    void refusesChunksInAnOldRequest() throws IOException {
        try (TestRouter router = new TestRouter("/svc => !")) {
            Response response = RawClient.once(
                    router.port(), "POST / HTTP/1.0\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            assertThat(response.status()).isEqualTo(400);
        }
    }

    @Test
    void passesNothingOnBehindABadChunk() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient client = new RawClient(router.port())) {
            String chunked = "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
            String smuggled = "zz\r\nGET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n";
            client.send(chunked + smuggled);
            assertThat(client.read(false).status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
            TestRouter.await("upstream closed", () -> web.openConnections() == 0);
            assertThat(web.requests).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void neverCompletesATruncatedResponse() throws IOException {
        String[] truncated = {
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        };
        for (String answer : truncated) {
            RawBackend.Script script = (request, in, out, socket) -> {
                out.write(answer.getBytes(US_ASCII));
                out.flush();
                return false;
            };
            try (RawBackend web = new RawBackend(script);
                    TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web))) {
                Response response = RawClient.get(router.port(), "web", "/");
                assertThat(response.text()).isEqualTo("only this");
                assertThat(response.complete()).as(answer).isFalse();
            }
        }
    }

    @Test
    void resetsAnOldClientWhoseResponseWasTruncated() throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n".getBytes(US_ASCII));
            out.flush();
            return false;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web))) {
            Response response = RawClient.once(router.port(), "GET / HTTP/1.0\r\nHost: web\r\n\r\n");
            assertThat(response.complete()).isFalse();
        } catch (java.net.SocketException e) {
            assertThat(e).hasMessageContaining("reset"); // before the head was read
        }
    }

    @Test
    void answers502ToAnUnreadableResponse() throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("220 smtp ready\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            return false;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(web), Map.of("finback.router.retries.limit", 1))) {
            assertError(RawClient.get(router.port(), "web", "/"), 502, "no response");
        }
    }
}
