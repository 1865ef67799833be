package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What enemies and careless peers write on the wire: every case has one outcome, and none brings two readers out of step. */
class ProxyWireTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

    private static RawBackend answeringBytes(String answer) throws IOException {
        return new RawBackend((request, in, out, socket) -> {
            out.write(answer.getBytes(ISO_8859_1));
            out.flush();
            return true;
        });
    }

    private static TestRouter routerTo(RawBackend web) {
        return new TestRouter("/svc/web => " + ProxyTest.inet(web));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"+3", "-3", "0x3", " 3", "3 3", "", "3;a\n", "3\n", "80000000", "100000003", "fffffffffffffffff"
            })
    void refusesAChunkSizeThatTwoReadersCouldReadDifferently(String size) throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n" + size
                    + "\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n");
            assertThat(client.read(false).status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(web.requests).noneMatch(request -> request.line().contains("smuggled"));
        }
    }

    @Test
    void dropsChunkExtensionsAndKeepsTrailers() throws IOException {
        StringBuilder seen = new StringBuilder();
        RawBackend.Script script = (request, in, out, socket) -> {
            while (!seen.toString().endsWith("\r\n\r\n")) {
                seen.append((char) in.read());
            }
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = routerTo(web)) {
            String head = "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
            String body = "3;a=b;c=d\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n";
            Response response = RawClient.once(router.port(), head + body);
            assertThat(response.status()).isEqualTo(200);
            assertThat(seen.toString()).isEqualToIgnoringCase("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n");
            assertThat(web.requests.get(0).header("trailer")).isEqualTo("X-Sum");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET web HTTP/1.1",
                "GET web:80 HTTP/1.1",
                "GET * HTTP/1.1",
                "GET ftp://web/ HTTP/1.1",
                "GET /a b HTTP/1.1",
                "GET /a\u0000b HTTP/1.1",
                "GET /a\u0001b HTTP/1.1",
                "GET /a\u007fb HTTP/1.1",
                "GET /a\rb HTTP/1.1",
                "GET /a\tb HTTP/1.1",
                "G(T / HTTP/1.1",
                "GET http:///a HTTP/1.1",
                "GET",
                "GET /",
                "GET / HTTP/1.1 x",
                "GET / HTTX/1.1",
            })
    void refusesARequestLineThatIsNone(String line) throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            client.send(line + "\r\nHost: web\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n");
            assertThat(client.read(false).status()).isIn(400, 505);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(web.requests).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a/b", "a@b", "a\tb", "a?b", "a#b", "\u00e9"})
    void refusesAHostThatIsNone(String host) throws IOException {
        try (TestRouter router = new TestRouter("")) {
            assertThat(RawClient.get(router.port(), host, "/").status()).isEqualTo(400);
        }
    }

    @ParameterizedTest
    @CsvSource({"OPTIONS, *", "TRACE, /", "PATCH, /x?y#z", "PURGE, /"})
    void passesAnyOtherMethod(String method, String target) throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web)) {
            Response response = RawClient.once(router.port(), method + " " + target + " HTTP/1.1\r\nHost: web\r\n\r\n");
            assertThat(response.status()).isEqualTo(200);
            assertThat(web.requests.get(0).line()).isEqualTo(method + " " + target + " HTTP/1.1");
        }
    }

    @Test
    void keepsTheBytesOfTargetsAndHeaders() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web)) {
            String bytes = "\u00c3\u00a9\u00ff"; // é in UTF-8, and what is not UTF-8
            var unused = RawClient.once(
                    router.port(), "GET /" + bytes + "?%C3%A9+%00 HTTP/1.1\r\nHost: web\r\nX: " + bytes + "\r\n\r\n");
            assertThat(web.requests.get(0).line()).isEqualTo("GET /" + bytes + "?%C3%A9+%00 HTTP/1.1");
            assertThat(web.requests.get(0).header("x")).isEqualTo(bytes);
        }
    }

    @Test
    void unfoldsAHeader() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web)) {
            Response response =
                    RawClient.once(router.port(), "GET / HTTP/1.1\r\nHost: web\r\nX: one\r\n two\r\nY: three\r\n\r\n");
            if (response.status() == 200) {
                assertThat(web.requests.get(0).header("x")).isEqualTo("one two");
                assertThat(web.requests.get(0).headers()).noneMatch(h -> h.startsWith(" "));
            } else {
                assertThat(response.status()).isEqualTo(400);
            }
        }
    }

    @Test
    void bareLineFeedsDoNotBringReadersOutOfStep() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            client.send("GET /a HTTP/1.1\nHost: web\nX: y\n\n");
            assertThat(client.read(false).status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void anOldClientKeepsItsConnectionWhenItAsks() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 3; i++) {
                Response response = client.call("GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n");
                assertThat(response.header("connection")).isEqualToIgnoringCase("keep-alive");
                assertThat(response.text()).isEqualTo("hello");
            }
            assertThat(client.call("GET / HTTP/1.0\r\nHost: web\r\n\r\n").text())
                    .isEqualTo("hello");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                "HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            })
    void answers502ToAResponseThatTwoReadersCouldReadDifferently(String answer) throws IOException {
        try (RawBackend web = answeringBytes(answer);
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            assertThat(client.call(GET).status()).isEqualTo(502);
            assertThat(client.call(GET).status()).isEqualTo(502); // our side of the connection is sound
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 O", "x", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"
            })
    void whatComesBehindAResponseAnswersNobody(String surplus) throws IOException {
        try (RawBackend web = answeringBytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" + surplus);
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 10; i++) {
                Response response = client.call(GET);
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.text()).isEqualTo("hello");
                assertThat(response.headers()).noneMatch(h -> h.contains("HTTP/1.1 200"));
            }
            assertThat(web.accepted.get()).isEqualTo(10);
        }
    }

    @Test
    void bodilessAnswersOfEveryKindStayInStep() throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            String path = request.line()
                    .substring(request.line().indexOf('/'), request.line().lastIndexOf(' '));
            String answer =
                    switch (path) {
                        case "/304" -> "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n";
                        case "/204" -> "HTTP/1.1 204 No Content\r\n\r\n";
                        case "/head" -> "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
                        case "/chunkedhead" -> "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                        case "/interim" ->
                            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                                    + "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                        default -> "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
                    };
            out.write(answer.getBytes(ISO_8859_1));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = routerTo(web);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 2; i++) {
                Response notModified = client.call("GET /304 HTTP/1.1\r\nHost: web\r\n\r\n");
                assertThat(notModified.status()).isEqualTo(304);
                assertThat(notModified.header("content-length")).isEqualTo("500");
                assertThat(client.call("GET /204 HTTP/1.1\r\nHost: web\r\n\r\n").status())
                        .isEqualTo(204);
                Response head = client.call("HEAD /head HTTP/1.1\r\nHost: web\r\n\r\n");
                assertThat(head.header("content-length")).isEqualTo("500");
                assertThat(client.call("HEAD /chunkedhead HTTP/1.1\r\nHost: web\r\n\r\n")
                                .status())
                        .isEqualTo(200);
                client.send("GET /interim HTTP/1.1\r\nHost: web\r\n\r\n");
                assertThat(client.read(false).header("link")).isEqualTo("</a>");
                assertThat(client.read(false).status()).isEqualTo(102);
                assertThat(client.read(false).text()).isEqualTo("ok");
                assertThat(client.call(GET).text()).isEqualTo("hello");
            }
            assertThat(web.accepted.get()).isEqualTo(1);
        }
    }

    /** Lengths around what the socket's buffer takes at once (some 2.5 MB on Linux' loopback), so that the end of some waits in ours. */
    @ParameterizedTest
    @ValueSource(strings = {"close", "keep-alive"})
    void aSlowClientGetsAWholeResponse(String mode) throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            String target = request.line();
            int length = Integer.parseInt(target.substring(target.indexOf('/') + 1, target.lastIndexOf(' ')));
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n").getBytes(ISO_8859_1));
            out.write(new byte[length]);
            out.flush();
            return true;
        };
        List<RawClient> clients = new ArrayList<>();
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(web), Map.of("finback.router.client-idle-timeout", "1 s"))) {
            for (int i = 0; i < 20; i++) {
                RawClient client = new RawClient(router.port(), 4_096);
                clients.add(client);
                client.send("GET /" + length(i) + " HTTP/1.1\r\nHost: web\r\nConnection: " + mode + "\r\n\r\n");
            }
            // Longer than lingering and idling last.
            long pause = System.nanoTime();
            TestRouter.await("pause", () -> System.nanoTime() - pause > TimeUnit.MILLISECONDS.toNanos(3_500));
            for (int i = 0; i < clients.size(); i++) {
                assertThat(clients.get(i).read(false).complete())
                        .as("%d bytes", length(i))
                        .isTrue();
            }
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static int length(int i) {
        return 2_200_000 + i * 60_000;
    }
}
