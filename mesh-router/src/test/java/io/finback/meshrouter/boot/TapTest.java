package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests are shown while they pass. */
@Timeout(60)
class TapTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Somebody who looks. */
    private static final class Viewer implements AutoCloseable {
        private final Socket socket = new Socket();
        private final BufferedReader lines;

        Viewer(TestRouter router, String query) throws IOException {
            // So that little waits in the kernel.
            socket.setReceiveBufferSize(2_048);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), router.node.adminPort()));
            socket.getOutputStream()
                    .write(("GET /finback/tap" + query + " HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
                            .getBytes(US_ASCII));
            lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8), 1);
        }

        /** The next line that says something; empty at the end. */
        String next() throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("{")) {
                    return line;
                }
            }
            return "";
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static long metric(TestRouter router, String name) {
        try {
            Matcher found = Pattern.compile(name + " (\\d+)").matcher(router.admin("/metrics"));
            return found.find() ? Long.parseLong(found.group(1)) : -1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void look(TestRouter router, int viewers) {
        TestRouter.await(viewers + " look", () -> metric(router, "finback_router_tap_viewers") == viewers);
    }

    private static TestRouter router(RawBackend web, Map<String, Object> settings) {
        return new TestRouter(
                "/svc/web => " + ProxyTest.inet(web) + "; /svc/other => " + ProxyTest.inet(web),
                new HashMap<>(settings));
    }

    private static String status(TestRouter router, String query) throws IOException {
        return RawClient.once(
                        router.node.adminPort(),
                        "GET /finback/tap" + query + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                .text();
    }

    @Test
    void showsTheRequestsAndAttemptsThatOneAsksFor() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = router(web, Map.of());
                Viewer viewer = new Viewer(router, "?attempts=true&service=/svc/web");
                Viewer failures = new Viewer(router, "?status=5xx&seconds=600");
                RawClient client = new RawClient(router.port())) {
            look(router, 2);
            assertThat(client.call("GET /no HTTP/1.1\r\nHost: other\r\n\r\n").status())
                    .isEqualTo(200);
            // Told by somebody else that it is not to be sampled: shown all the same.
            assertThat(client.call("GET /x?secret=1 HTTP/1.1\r\nHost: web\r\nb3: 0\r\n\r\n")
                            .status())
                    .isEqualTo(200);
            JsonNode attempt = JSON.readTree(viewer.next());
            assertThat(attempt.path("kind").asText()).isEqualTo("attempt");
            assertThat(attempt.path("instance").asText()).isEqualTo("127.0.0.1:" + web.port());
            JsonNode request = JSON.readTree(viewer.next());
            assertThat(request.path("kind").asText()).isEqualTo("request");
            assertThat(request.path("service").asText()).isEqualTo("/svc/web");
            assertThat(request.path("method").asText()).isEqualTo("GET");
            assertThat(request.path("path").asText())
                    .as("queries are nobody's business")
                    .isEqualTo("/x");
            assertThat(request.path("host").asText()).isEqualTo("web");
            assertThat(request.path("status").asInt()).isEqualTo(200);
            assertThat(request.path("ms").asDouble()).isPositive();
            assertThat(request.path("trace")).isEqualTo(attempt.path("trace"));
            assertThat(client.call("GET /y HTTP/1.1\r\nHost: nobody\r\n\r\n").status())
                    .isEqualTo(502);
            JsonNode failure = JSON.readTree(failures.next());
            assertThat(failure.path("status").asInt()).isEqualTo(502);
            assertThat(failure.path("path").asText()).isEqualTo("/y");
            assertThat(web.requests.get(1).header("b3"))
                    .as("what was decided stays")
                    .matches("[0-9a-f]+-[0-9a-f]+-0.*");
        }
    }

    @Test
    void endsInTimeAndLetsSoManyLook() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = router(web, Map.of("finback.router.tap.viewers", 1))) {
            try (Viewer viewer = new Viewer(router, "")) {
                look(router, 1);
                assertThat(viewer.socket.isConnected()).isTrue();
                assertThat(status(router, "")).startsWith("1 look already (expected: at most as many");
            }
            look(router, 0);
            try (Viewer viewer = new Viewer(router, "?seconds=1")) {
                look(router, 1);
                assertThat(viewer.next()).isEmpty();
                look(router, 0);
            }
        }
    }

    @Test
    void whoDoesNotReadSlowsNobodyAndIsToldWhatWasMissed() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = router(web, Map.of("finback.router.tap.queue", 1));
                Viewer viewer = new Viewer(router, "?attempts=true");
                RawClient client = new RawClient(router.port())) {
            look(router, 1);
            String target = "/" + "x".repeat(1_000);
            TestRouter.await("lines are dropped", () -> {
                try {
                    for (int i = 0; i < 100; i++) {
                        assertThat(client.call("GET " + target + " HTTP/1.1\r\nHost: web\r\n\r\n")
                                        .status())
                                .isEqualTo(200);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return metric(router, "finback_router_tap_dropped_total") > 0;
            });
            long dropped = 0;
            while (dropped == 0) {
                dropped = JSON.readTree(viewer.next()).path("dropped").asLong();
            }
            assertThat(dropped).isPositive();
        }
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = router(web, Map.of())) {
            assertThat(status(router, "?servce=x"))
                    .isEqualTo("servce (expected: attempts, service, path, status, sample, seconds)\n");
            assertThat(status(router, "?status=6xx")).isEqualTo("status: '6xx' (expected: such as 503 or 5xx)\n");
            assertThat(status(router, "?sample=0")).startsWith("sample: 0.0 (expected: above 0");
            assertThat(status(router, "?seconds=601"))
                    .isEqualTo("seconds: 601 (expected: 1 to 600, finback.router.tap.longest)\n");
        }
    }
}
