package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What strangers can make a router remember has a limit. */
class BoundsTest {
    private static final int LIMIT = 50;

    @Test
    void tenThousandNamesLeaveNoMoreThanTheLimit() throws IOException {
        try (RawBackend web = RawBackend.answering("hello");
                TestRouter router = new TestRouter(
                        "/svc/known => " + ProxyTest.inet(web) + "; /svc/any => " + ProxyTest.inet(web),
                        Map.of("finback.router.limits.max-names", LIMIT));
                RawClient client = new RawClient(router.port())) {
            for (int i = 0; i < 10_000; i++) {
                assertThat(client.call("GET / HTTP/1.1\r\nHost: unknown-" + i + "\r\n\r\n")
                                .status())
                        .isEqualTo(502);
            }
            assertThat(router.admin("/metrics")).doesNotContain("unknown-");
            for (int i = 0; i < 10 * LIMIT; i++) {
                assertThat(client.call("GET / HTTP/1.1\r\nHost: x\r\nl5d-name: /svc/any/" + i + "\r\n\r\n")
                                .status())
                        .isEqualTo(200);
            }
            String metrics = router.admin("/metrics");
            assertThat(metrics.lines().filter(l -> l.startsWith("finback_router_service_requests_total{")))
                    .hasSizeLessThanOrEqualTo(LIMIT);
            assertThat(metrics.lines().filter(l -> l.startsWith("finback_router_client_requests_total{")))
                    .hasSizeLessThanOrEqualTo(LIMIT);
            assertThat(router.admin("/bound-names.json").split(",")).hasSizeLessThanOrEqualTo(LIMIT);
            assertThat(client.call("GET / HTTP/1.1\r\nHost: known\r\n\r\n").text())
                    .isEqualTo("hello");
        }
    }
}
