package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Requests and responses as they pass: routing, headers, framing, connection reuse. */
class ProxyTest {
    static String inet(RawBackend backend) {
        return "/$/inet/127.0.0.1/" + backend.port();
    }

    @Test
    void carriesARequestAndItsResponse() throws Exception {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + inet(web))) {
            Response response = RawClient.once(
                    router.port(),
                    String.join(
                            "\r\n",
                            "GET /a/b?c=d HTTP/1.1",
                            "Host: web:4140",
                            "X-Forwarded-For: 1.2.3.4",
                            "Connection: x-drop, keep-alive",
                            "X-Drop: gone",
                            "TE: trailers",
                            "Upgrade: h2c",
                            "Proxy-Authorization: secret",
                            "Via: 1.0 first",
                            "",
                            ""));
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("hello");
            assertThat(response.header("via")).isEqualTo("1.1 linkerd");
            RawBackend.Request seen = web.requests.get(0);
            assertThat(seen.line()).isEqualTo("GET /a/b?c=d HTTP/1.1");
            assertThat(seen.header("host")).isEqualTo("web:4140");
            assertThat(seen.header("x-forwarded-for")).isEqualTo("1.2.3.4");
            assertThat(seen.header("via")).isEqualTo("1.0 first, 1.1 linkerd");
            assertThat(seen.header("l5d-dst-service")).isEqualTo("/svc/web");
            assertThat(seen.header("l5d-dst-client")).isEqualTo(inet(web));
            assertThat(seen.header("l5d-dst-residual")).isEqualTo("/");
            for (String gone : new String[] {"x-drop", "te", "upgrade", "proxy-authorization", "connection"}) {
                assertThat(seen.header(gone)).as(gone).isEmpty();
            }
        }
    }

    @Test
    void turnsAnAbsoluteUriIntoOriginForm() throws Exception {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + inet(web))) {
            Response response = RawClient.once(router.port(), "GET http://web/x?y HTTP/1.1\r\nHost: other\r\n\r\n");
            assertThat(response.status()).isEqualTo(200);
            assertThat(web.requests.get(0).line()).isEqualTo("GET /x?y HTTP/1.1");
            assertThat(web.requests.get(0).header("host")).isEqualTo("web");
        }
    }

    @Test
    void keepsClientAndInstanceConnections() throws Exception {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 50; i++) {
                assertThat(client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n").text())
                        .isEqualTo("hello");
            }
            assertThat(web.accepted.get()).isEqualTo(1);
        }
    }

    @Test
    void answersPipelinedRequestsInOrder() throws Exception {
        RawBackend.Script echoPath = (request, in, out, socket) -> {
            String path = request.line().split(" ", 3)[1];
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path).getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(echoPath);
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 200; i++) {
                all.append("GET /").append(i).append(" HTTP/1.1\r\nHost: web\r\n\r\n");
            }
            client.send(all.toString());
            for (int i = 0; i < 200; i++) {
                assertThat(client.read(false).text()).isEqualTo("/" + i);
            }
        }
    }

    @Test
    void keepsHeadAndBodylessAnswersApart() throws Exception {
        RawBackend.Script script = (request, in, out, socket) -> {
            String answer = request.line().startsWith("HEAD")
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
                    : request.line().contains("304")
                            ? "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"
                            : "HTTP/1.1 204 No Content\r\n\r\n";
            out.write(answer.getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 3; i++) {
                Response head = client.call("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
                assertThat(head.header("content-length")).isEqualTo("1000");
                assertThat(client.call("GET /304 HTTP/1.1\r\nHost: web\r\n\r\n").status())
                        .isEqualTo(304);
                assertThat(client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n").status())
                        .isEqualTo(204);
            }
            assertThat(web.accepted.get()).isEqualTo(1);
        }
    }

    @Test
    void carriesChunkedBodiesBothWays() throws Exception {
        RawBackend.Script script = (request, in, out, socket) -> {
            RawBackend.discardBody(request, in);
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
                    .getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 3; i++) {
                Response response = client.call(
                        "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
                assertThat(response.text()).isEqualTo("hello world");
                assertThat(response.complete()).isTrue();
            }
            assertThat(web.requests.get(0).header("transfer-encoding")).isEqualTo("chunked");
        }
    }

    @Test
    void carriesAResponseThatEndsWithItsConnection() throws Exception {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\n\r\nuntil the end".getBytes(US_ASCII));
            out.flush();
            return false;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + inet(web))) {
            Response modern = RawClient.get(router.port(), "web", "/");
            assertThat(modern.text()).isEqualTo("until the end");
            assertThat(modern.header("transfer-encoding")).isEqualTo("chunked");
            Response old = RawClient.once(router.port(), "GET / HTTP/1.0\r\nHost: web\r\n\r\n");
            assertThat(old.text()).isEqualTo("until the end");
            assertThat(old.header("transfer-encoding")).isEmpty();
        }
    }

    @Test
    void relaysContinueBeforeTheBodyIsSent() throws Exception {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            String body = new String(in.readNBytes(4), US_ASCII);
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body).getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 2; i++) {
                client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
                assertThat(client.read(false).status()).isEqualTo(100);
                client.send("body");
                assertThat(client.read(false).text()).isEqualTo("body");
            }
        }
    }

    @Test
    void answersEarlyAndClosesWhenTheBodyWasNotRead() throws Exception {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno".getBytes(US_ASCII));
            out.flush();
            return false;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + inet(web));
                RawClient client = new RawClient(router.port())) {
            client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000000\r\n\r\n");
            Response response = client.read(false);
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text()).isEqualTo("no");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void honoursTheRequestsOwnDtab() throws Exception {
        try (RawBackend one = RawBackend.answering("one");
                RawBackend two = RawBackend.answering("two");
                TestRouter router = new TestRouter("/svc/web => " + inet(one))) {
            Response response = RawClient.once(
                    router.port(), "GET / HTTP/1.1\r\nHost: web\r\nl5d-dtab: /svc/web => " + inet(two) + "\r\n\r\n");
            assertThat(response.text()).isEqualTo("two");
            assertThat(two.requests.get(0).header("l5d-dtab")).isEmpty();
            assertThat(two.requests.get(0).header("l5d-ctx-dtab")).isEqualTo("/svc/web => " + inet(two));
            assertThat(RawClient.get(router.port(), "web", "/").text()).isEqualTo("one");
            Response bad = RawClient.once(router.port(), "GET / HTTP/1.1\r\nHost: web\r\nl5d-dtab: /svc =>\r\n\r\n");
            assertThat(bad.status()).isEqualTo(400);
            assertThat(bad.header("l5d-err")).contains("expected");
        }
    }

    @Test
    void splitsByWeight() throws Exception {
        try (RawBackend one = RawBackend.answering("one");
                RawBackend two = RawBackend.answering("two");
                TestRouter router = new TestRouter("/svc/web => 9*" + inet(one) + " & 1*" + inet(two));
                RawClient client = new RawClient(router.port())) {
            Map<String, Integer> counts = new HashMap<>();
            for (int i = 0; i < 500; i++) {
                counts.merge(client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n").text(), 1, Integer::sum);
            }
            assertThat(counts.get("two")).isBetween(15, 110);
        }
    }

    @Test
    void countsWhatPasses() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter("/svc/web => " + inet(web))) {
            assertThat(RawClient.get(router.port(), "web", "/").status()).isEqualTo(200);
            TestRouter.await("counted", () -> {
                try {
                    return router.admin("/admin/metrics.json").contains("\"rt/http/service/svc/web/requests\":1");
                } catch (IOException e) {
                    return false;
                }
            });
            assertThat(router.admin("/admin/ping")).isEqualTo("pong");
            assertThat(router.admin("/metrics"))
                    .contains("finback_router_service_requests_total{rt=\"http\",service=\"/svc/web\"} 1");
            assertThat(router.admin("/bound-names.json")).contains(inet(web));
            assertThat(router.admin("/delegator.json?path=/svc/web")).contains("\"type\" : \"leaf\"");
            assertThat(router.admin("/health")).contains("serving");
        }
    }
}
