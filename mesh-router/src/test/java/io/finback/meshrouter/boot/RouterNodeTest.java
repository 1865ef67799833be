package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Start and stop of a router that runs alone. */
class RouterNodeTest {
    @ParameterizedTest
    @CsvSource({"http", "admin"})
    void saysWhichPortIsTaken(String listener) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String key = "finback.router." + listener + ".port";
            assertThatThrownBy(() -> RouterNode.start(TestRouter.config(Map.of(key, taken.getLocalPort()))))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining(key)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("stop what uses the port");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "finback.router.dtab, /svc =>, finback.router.dtab: expected",
        "finback.router.linkerd-yaml, no-such.yaml, 'finback.router.linkerd-yaml: ''no-such.yaml'' cannot be read'",
        "finback.router.http.port, 70000, 'finback.router.http.port: 70000 (expected: 0..65535)'",
        "finback.router.io-threads, many, finback.router.io-threads",
        "finback.router.connect-timeout, 0 s, finback.router.connect-timeout",
        "finback.router.namers.fs.root-dir, /no/such/dir, finback.router.namers.fs.root-dir",
        "finback.router.h2.max-frame-bytes, 10, 'finback.router.h2.max-frame-bytes: 10 (expected: 16384..16777215)'",
        "finback.router.h2.window-update-ratio, 1, finback.router.h2.window-update-ratio",
        "finback.router.h2.connection-window-bytes, 1, finback.router.h2.connection-window-bytes",
        "finback.router.mux.max-in-flight, 0, finback.router.mux.max-in-flight",
        "finback.router.mux.ping-every, 0 s, finback.router.mux.ping-every",
        "finback.router.thrift.max-message-bytes, 1, finback.router.thrift.max-message-bytes",
        "finback.router.thrift.framed, perhaps, finback.router.thrift.framed",
        "finback.router.limits.max-names, 0, finback.router.limits.max-names",
    })
    void refusesBadSettings(String key, String value, String message) {
        assertThatThrownBy(() -> RouterNode.start(TestRouter.config(Map.of(key, value))))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining(message);
    }

    @Test
    void isReadyAloneAndReleasesItsPorts() throws Exception {
        TestRouter router = new TestRouter("/svc => !");
        router.node.ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
        router.close();
        assertThat(router.node.terminated().toCompletableFuture().get(10, TimeUnit.SECONDS))
                .isEqualTo("stopped");
        for (int port : new int[] {router.port(), router.node.adminPort()}) {
            new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
        }
    }

    @Test
    void showsItsReadinessAlsoWhenItRunsAlone() throws Exception {
        int port = ProxyErrorsTest.closedPort();
        try (TestRouter router = new TestRouter("/svc => !", Map.of("finback.management.port", port))) {
            router.node.ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
            assertThat(RawClient.get(port, "localhost", "/ready").status()).isEqualTo(200);
            assertThat(RawClient.get(port, "localhost", "/cluster/members").status())
                    .isEqualTo(503);
        }
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
    }

    @Test
    void finishesWhatIsUnderWayBeforeItStops() throws Exception {
        AtomicBoolean arrived = new AtomicBoolean();
        CountDownLatch answer = new CountDownLatch(1);
        RawBackend.Script script = (request, in, out, socket) -> {
            arrived.set(true);
            try {
                assertThat(answer.await(10, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                return false;
            }
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient idle = new RawClient(router.port());
                RawClient busy = new RawClient(router.port())) {
            busy.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            TestRouter.await("arrived", arrived::get);
            CompletionStage<Void> stopped = router.node.stop();
            assertThat(idle.isClosedByPeer()).isTrue();
            assertThatThrownBy(() -> RawClient.get(router.port(), "web", "/")).isInstanceOf(IOException.class);
            assertThat(stopped.toCompletableFuture().isDone()).isFalse();
            answer.countDown();
            RawClient.Response response = busy.read(false);
            assertThat(response.text()).isEqualTo("done");
            assertThat(response.header("connection")).isEqualTo("close");
            stopped.toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void endsWhatDoesNotFinishInTime() throws Exception {
        AtomicBoolean arrived = new AtomicBoolean();
        RawBackend.Script silent = (request, in, out, socket) -> {
            arrived.set(true);
            return in.read() >= 0;
        };
        try (RawBackend web = new RawBackend(silent);
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(web), Map.of("finback.router.drain-limit", "200 ms"));
                RawClient busy = new RawClient(router.port())) {
            busy.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            TestRouter.await("arrived", arrived::get);
            router.node.stop().toCompletableFuture().get(20, TimeUnit.SECONDS);
            assertThat(busy.isClosedByPeer()).isTrue();
        }
    }
}
