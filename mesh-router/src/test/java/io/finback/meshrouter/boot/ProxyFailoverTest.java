package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several instances, named by a file: balance, and what happens when one dies. */
class ProxyFailoverTest {
    @TempDir
    Path disco;

    private void name(String file, RawBackend... backends) throws IOException {
        StringBuilder text = new StringBuilder("# instances\n");
        for (RawBackend backend : backends) {
            text.append("127.0.0.1 ").append(backend.port()).append('\n');
        }
        Files.writeString(disco.resolve(file), text);
    }

    private TestRouter router() {
        return new TestRouter("/svc => /#/io.l5d.fs", Map.of("finback.router.namers.fs.root-dir", disco.toString()));
    }

    @Test
    void balancesOverAllInstances() throws IOException {
        try (RawBackend a = RawBackend.answering("a");
                RawBackend b = RawBackend.answering("b");
                RawBackend c = RawBackend.answering("c")) {
            name("web", a, b, c);
            try (TestRouter router = router();
                    RawClient client = new RawClient(router.port())) {
                for (int i = 0; i < 600; i++) {
                    assertThat(client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n")
                                    .status())
                            .isEqualTo(200);
                }
            }
            for (RawBackend backend : List.of(a, b, c)) {
                assertThat(backend.requests.size()).isBetween(140, 260);
            }
        }
    }

    @Test
    void noRequestFailsWhileAnInstanceIsKilled() throws Exception {
        Map<String, AtomicInteger> answers = new ConcurrentHashMap<>();
        ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        AtomicBoolean stop = new AtomicBoolean();
        try (RawBackend a = RawBackend.answering("a");
                RawBackend b = RawBackend.answering("b");
                RawBackend c = RawBackend.answering("c")) {
            name("web", a, b, c);
            try (TestRouter router = router()) {
                List<Thread> clients = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    Thread thread = new Thread(() -> load(router.port(), stop, answers, failures));
                    thread.start();
                    clients.add(thread);
                }
                TestRouter.await("all serve", () -> answers.size() == 3);
                a.kill();
                int served = count(answers, "b");
                TestRouter.await("the others serve on", () -> count(answers, "b") > served + 2_000);
                stop.set(true);
                for (Thread thread : clients) {
                    thread.join(10_000);
                }
                assertThat(failures).isEmpty();
                assertThat(router.admin("/admin/metrics.json")).contains("\"rt/http/service/svc/web/failures\":0");
            }
        }
    }

    private static int count(Map<String, AtomicInteger> answers, String name) {
        return answers.get(name).get();
    }

    private static void load(
            int port, AtomicBoolean stop, Map<String, AtomicInteger> answers, ConcurrentLinkedQueue<String> failures) {
        try (RawClient client = new RawClient(port)) {
            while (!stop.get()) {
                RawClient.Response response = client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
                if (response.status() != 200) {
                    failures.add(response.status() + " " + response.text());
                }
                answers.computeIfAbsent(response.text(), name -> new AtomicInteger())
                        .incrementAndGet();
            }
        } catch (IOException e) {
            failures.add(e.toString());
        }
    }

    @Test
    void aBodyIsSentToAnotherInstanceWhenTheFirstRefuses() throws IOException {
        RawBackend.Script echo = (request, in, out, socket) -> {
            String body = new String(in.readNBytes(Integer.parseInt(request.header("content-length"))), US_ASCII);
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend alive = new RawBackend(echo)) {
            Files.writeString(
                    disco.resolve("web"),
                    "127.0.0.1 " + alive.port() + "\n127.0.0.1 " + ProxyErrorsTest.closedPort() + "\n");
            try (TestRouter router = router()) {
                for (int i = 0; i < 50; i++) {
                    RawClient.Response response = RawClient.once(
                            router.port(), "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\n\r\nbody");
                    assertThat(response.text()).isEqualTo("body");
                }
                // A dead instance is not tried again at once.
                assertThat(router.admin("/metrics"))
                        .containsPattern(
                                "client_connect_failures_total\\{rt=\"http\",client=\"/#/io.l5d.fs/web\"} [0-4]\n");
            }
        }
    }

    @Test
    void whatMayHaveBeenProcessedIsNotSentAgain() throws IOException {
        RawBackend.Script dying = (request, in, out, socket) -> {
            RawBackend.discardBody(request, in);
            return false;
        };
        try (RawBackend a = new RawBackend(dying);
                RawBackend b = new RawBackend(dying)) {
            name("web", a, b);
            try (TestRouter router = router()) {
                RawClient.Response post =
                        RawClient.once(router.port(), "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\n\r\nbody");
                assertThat(post.status()).isEqualTo(502);
                assertThat(a.requests.size() + b.requests.size()).isEqualTo(1);
                assertThat(RawClient.get(router.port(), "web", "/").status()).isEqualTo(502);
                assertThat(a.requests.size() + b.requests.size()).isEqualTo(1 + 4);
            }
        }
    }

    @Test
    void followsItsFileAndClosesConnectionsToWhoLeft() throws IOException {
        try (RawBackend a = RawBackend.answering("a");
                RawBackend b = RawBackend.answering("b")) {
            name("web", a);
            try (TestRouter router = router()) {
                assertThat(RawClient.get(router.port(), "web", "/").text()).isEqualTo("a");
                name("web", b, b);
                TestRouter.await("b answers", () -> {
                    try {
                        return RawClient.get(router.port(), "web", "/").text().equals("b");
                    } catch (IOException e) {
                        return false;
                    }
                });
                TestRouter.await("connections to a closed", () -> a.openConnections() == 0);
            }
            TestRouter.await("connections to b closed", () -> b.openConnections() == 0);
        }
    }
}
