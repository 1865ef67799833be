package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Instances that answer badly or not at all, over real sockets: accrual, retries of responses, budgets, timeouts of attempts. */
class ProxyResilienceTest {
    private static final String CLASSIFIER = "finback.router.service.response-classifier";

    @TempDir
    Path disco;

    private TestRouter router(Map<String, Object> settings, RawBackend... backends) throws IOException {
        StringBuilder text = new StringBuilder();
        for (RawBackend backend : backends) {
            text.append("127.0.0.1 ").append(backend.port()).append('\n');
        }
        Files.writeString(disco.resolve("web"), text);
        Map<String, Object> all = new HashMap<>(settings);
        all.put("finback.router.namers.fs.root-dir", disco.toString());
        return new TestRouter("/svc => /#/io.l5d.fs", all);
    }

    private static RawBackend answering(String head, String body) throws IOException {
        return new RawBackend((request, in, out, socket) -> {
            RawBackend.discardBody(request, in);
            out.write(("HTTP/1.1 " + head + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                    .getBytes(US_ASCII));
            out.flush();
            return true;
        });
    }

    private static RawClient.Response get(RawClient client) throws IOException {
        return client.call("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    }

    @Test
    void anInstanceThatFailsIsLeftAlone() throws IOException {
        try (RawBackend bad = answering("500 Oops", "bad");
                RawBackend good = RawBackend.answering("good");
                TestRouter router = router(Map.of(), bad, good);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 400; i++) {
                assertThat(get(client).status()).isIn(200, 500);
            }
            assertThat(bad.requests.size()).as("five failures in a row").isEqualTo(5);
            assertThat(router.admin("/admin/metrics.json"))
                    .contains("\"rt/http/client/#/io.l5d.fs/web/failure_accrual/removals\":1")
                    .contains("\"rt/http/client/#/io.l5d.fs/web/loadbalancer/available\":1");
        }
    }

    @Test
    void aProbeBringsAnInstanceBack() throws IOException {
        boolean[] well = {false};
        try (RawBackend sick = new RawBackend((request, in, out, socket) -> {
                    out.write(("HTTP/1.1 " + (well[0] ? "200 OK" : "503 No") + "\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(US_ASCII));
                    out.flush();
                    return true;
                });
                RawBackend good = RawBackend.answering("good");
                TestRouter router = router(Map.of("finback.router.client.failure-accrual.pause", "50ms"), sick, good);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 100; i++) {
                assertThat(get(client).status()).isIn(200, 503);
            }
            int before = sick.requests.size();
            well[0] = true;
            TestRouter.await("it serves again", () -> {
                try {
                    assertThat(get(client).status()).isIn(200, 503);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return sick.requests.size() > before + 20;
            });
            assertThat(router.admin("/admin/metrics.json")).contains("failure_accrual/revivals\":1");
        }
    }

    @Test
    void whenAllFailTheyAreCalledAllTheSame() throws IOException {
        try (RawBackend a = answering("500 Oops", "a");
                RawBackend b = answering("500 Oops", "b");
                TestRouter router = router(Map.of(), a, b);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 50; i++) {
                assertThat(get(client).status()).isEqualTo(500);
            }
            assertThat(a.requests.size() + b.requests.size()).isEqualTo(50);
        }
    }

    @Test
    void aReadIsTriedElsewhereWhenItsResponseIsAFailure() throws IOException {
        try (RawBackend bad = answering("503 Busy", "bad");
                RawBackend good = RawBackend.answering("good");
                TestRouter router = router(Map.of(CLASSIFIER, "io.l5d.http.retryableRead5XX"), bad, good);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 100; i++) {
                assertThat(get(client).text()).isEqualTo("good");
            }
            assertThat(bad.requests).isNotEmpty();
            assertThat(router.admin("/admin/metrics.json"))
                    .contains("\"rt/http/service/svc/web/failures\":0")
                    .contains("\"rt/http/service/svc/web/success\":100");
        }
    }

    /** A router with Linkerd's budget before one instance that answers so, and the connections that ten requests made there. */
    private int connectionsOf(RawBackend bad, Map<String, Object> settings) throws IOException {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(CLASSIFIER, "io.l5d.http.retryableRead5XX");
        all.put("finback.router.retries.limit", 100);
        try (bad;
                TestRouter router = router(all, bad);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 10; i++) {
                assertThat(get(client).status()).isEqualTo(503);
            }
            assertThat(bad.requests).as("ten, and what the budget allows").hasSizeBetween(110, 113);
            return bad.accepted.get();
        }
    }

    @Test
    void answersThatAreTriedAgainLeaveTheirConnection() throws IOException {
        assertThat(connectionsOf(answering("503 Busy", "busy"), Map.of())).isEqualTo(1);
        assertThat(connectionsOf(answering("503 Busy", ""), Map.of("finback.router.retries.discard-bytes", 0)))
                .isEqualTo(1);
        assertThat(connectionsOf(
                        new RawBackend((request, in, out, socket) -> {
                            out.write("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n"
                                    .getBytes(US_ASCII));
                            out.flush();
                            out.write("0\r\n\r\n".getBytes(US_ASCII));
                            out.flush();
                            return true;
                        }),
                        Map.of()))
                .as("the end may come after the next attempt has begun")
                .isEqualTo(1);
    }

    /** As of a server that writes head and body by themselves, to a kernel that answers every other packet. */
    @Test
    void anAttemptAtTheSameInstanceWaitsALittleForTheEndOfItsAnswer() throws IOException {
        assertThat(connectionsOf(
                        new RawBackend((request, in, out, socket) -> {
                            out.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\n".getBytes(US_ASCII));
                            out.flush();
                            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                            out.write("busy".getBytes(US_ASCII));
                            out.flush();
                            return true;
                        }),
                        Map.of()))
                .as("more than a hundred attempts, a new connection every 5 ms until the first ones are free")
                .isLessThan(30);
    }

    @Test
    void answersThatAreLongOrHaveNoEndDoNot() throws IOException {
        assertThat(connectionsOf(answering("503 Busy", "busy"), Map.of("finback.router.retries.discard-bytes", 3)))
                .isGreaterThan(90);
        assertThat(connectionsOf(
                        new RawBackend((request, in, out, socket) -> {
                            out.write("HTTP/1.1 503 Busy\r\n\r\nbusy".getBytes(US_ASCII));
                            out.flush();
                            return false;
                        }),
                        Map.of()))
                .isGreaterThan(90);
    }

    @Test
    void anAttemptThatWaitsGoesOnWhenItsConnectionIsLost() throws IOException {
        AtomicBoolean broken = new AtomicBoolean(true);
        try (RawBackend bad = new RawBackend((request, in, out, socket) -> {
                    boolean breaks = broken.getAndSet(false);
                    out.write((breaks
                                    ? "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nbu"
                                    : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                            .getBytes(US_ASCII));
                    out.flush();
                    return !breaks;
                });
                TestRouter router = router(Map.of(CLASSIFIER, "io.l5d.http.retryableRead5XX"), bad);
                RawClient client = new RawClient(router.port())) {
            assertThat(get(client).status()).isEqualTo(200);
            assertThat(bad.accepted.get()).isEqualTo(2);
        }
    }

    @Test
    void anAnswerNobodyWantsIsNotWaitedForLong() throws IOException {
        try (RawBackend bad = new RawBackend((request, in, out, socket) -> {
                    out.write("HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nbu".getBytes(US_ASCII));
                    out.flush();
                    return in.read() >= 0;
                });
                RawBackend good = RawBackend.answering("good");
                TestRouter router = router(
                        Map.of(
                                CLASSIFIER,
                                "io.l5d.http.retryableRead5XX",
                                "finback.router.retries.discard-time",
                                "200ms"),
                        bad,
                        good);
                RawClient client = new RawClient(router.port())) {
            TestRouter.await("one goes to the bad one first", () -> {
                getOk(client);
                return !bad.requests.isEmpty();
            });
            TestRouter.await("its connection is closed", () -> bad.openConnections() == 0);
        }
    }

    /** What Finagle's RequeueFilter does: a fifth of what the budget has. */
    @Test
    void oneRequestTakesAFifthOfTheBudgetOfRequeues() throws IOException {
        RawBackend gone = RawBackend.answering("");
        gone.close();
        try (TestRouter router = router(
                        Map.of("finback.router.retries.limit", 100, "finback.router.client.fail-fast", false), gone);
                RawClient client = new RawClient(router.port())) {
            assertThat(get(client).status()).isEqualTo(502);
            assertThat(router.metric("rt/http/service/svc/web/retries/total")).isEqualTo(20);
            assertThat(get(client).status()).isEqualTo(502);
            assertThat(router.metric("rt/http/service/svc/web/retries/total")).isEqualTo(36);
        }
    }

    @Test
    void aWriteIsNotUnlessTheInstanceSaysSo() throws IOException {
        try (RawBackend bad = answering("503 Busy", "bad");
                TestRouter router = router(Map.of(CLASSIFIER, "io.l5d.http.retryableRead5XX"), bad);
                RawClient client = new RawClient(router.port())) {
            assertThat(client.call("DELETE /x HTTP/1.1\r\nHost: web\r\n\r\n").status())
                    .isEqualTo(503);
            assertThat(bad.requests).hasSize(1);
        }
        try (RawBackend refusing = answering("503 Busy\r\nfinagle-http-nack: true\r\nRetry-After: 0", "");
                TestRouter router = router(Map.of(), refusing);
                RawClient client = new RawClient(router.port())) {
            assertThat(client.call("DELETE /x HTTP/1.1\r\nHost: web\r\n\r\n").status())
                    .isEqualTo(503);
            assertThat(refusing.requests).as("the first and three more").hasSize(4);
        }
    }

    @Test
    void retriesStayWithinTheirBudget() throws IOException {
        try (RawBackend bad = answering("503 Busy", "");
                TestRouter router = router(
                        Map.of(
                                CLASSIFIER,
                                "io.l5d.http.retryableRead5XX",
                                "finback.router.service.retry-budget.min-per-second",
                                0,
                                "finback.router.service.retry-budget.ttl",
                                "60s"),
                        bad);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 100; i++) {
                assertThat(get(client).status()).isEqualTo(503);
            }
            assertThat(bad.requests.size()).as("a fifth more than the requests").isEqualTo(120);
        }
    }

    @Test
    void anAttemptThatTakesTooLongIsMadeElsewhere() throws IOException {
        try (RawBackend silent = new RawBackend((request, in, out, socket) -> in.read() >= 0);
                RawBackend good = RawBackend.answering("good");
                TestRouter router = router(Map.of("finback.router.client.attempt-timeout", "300ms"), silent, good);
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 8; i++) {
                assertThat(get(client).text()).isEqualTo("good");
            }
        }
    }

    @Test
    void anAttemptThatMayNotBeRepeatedTimesOut() throws IOException {
        try (RawBackend silent = new RawBackend((request, in, out, socket) -> in.read() >= 0);
                TestRouter router = router(Map.of("finback.router.client.attempt-timeout", "300ms"), silent);
                RawClient client = new RawClient(router.port())) {
            RawClient.Response answer = client.call("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.text()).contains("attempt timeout of PT0.3S exceeded");
            assertThat(silent.requests).hasSize(1);
        }
    }

    @Test
    void peakEwmaTurnsAwayFromASlowInstance() throws IOException {
        RawBackend.Script slowly = (request, in, out, socket) -> {
            java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend slow = new RawBackend(slowly);
                RawBackend fast = RawBackend.answering("fast");
                TestRouter router = router(
                        Map.of(
                                "finback.router.client.load-balancer.kind",
                                "ewma",
                                "finback.router.client.load-balancer.decay",
                                "500ms"),
                        slow,
                        fast);
                RawClient client = new RawClient(router.port())) {
            // Either may have looked slow at its first request: what counts is where it settles.
            TestRouter.await("nearly all of 100 requests are answered by the fast one", () -> {
                int before = slow.requests.size();
                for (int i = 0; i < 100; i++) {
                    getOk(client);
                }
                return slow.requests.size() - before <= 10;
            });
        }
    }

    private static void getOk(RawClient client) {
        try {
            assertThat(get(client).status()).isEqualTo(200);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void wrongSettingsStopTheStartAndNameTheirKey() {
        assertThatThrownBy(() -> RouterSettings.from(
                        TestRouter.config(Map.of("finback.router.client.load-balancer.kind", "random"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.router.client.load-balancer.kind: 'random'");
        assertThatThrownBy(() -> RouterSettings.from(TestRouter.config(Map.of(CLASSIFIER, "x"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.router.service.response-classifier: 'x'");
        assertThatThrownBy(
                        () -> RouterSettings.from(TestRouter.config(Map.of("finback.router.namers.dnssrv.lookups", 0))))
                .isInstanceOf(StartFailure.class)
                .hasMessage("finback.router.namers.dnssrv.lookups: 0 (expected: 1..1000)");
        assertThatThrownBy(() ->
                        RouterSettings.from(TestRouter.config(Map.of("finback.router.retries.discard-time", "0s"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.router.retries.discard-time: PT0S");
        assertThatThrownBy(() -> RouterSettings.from(
                        TestRouter.config(Map.of("finback.router.client.requeue-budget.ttl", "5m"))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.router.client.requeue-budget: ttlSecs: 300");
    }
}
