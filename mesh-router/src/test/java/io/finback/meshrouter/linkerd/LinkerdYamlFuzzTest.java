package io.finback.meshrouter.linkerd;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.traffic.Usual;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A damaged configuration is read or refused with a reason, never anything else. {@code -Dfuzz=…} texts, {@code -Dseed=…} repeats a run. */
class LinkerdYamlFuzzTest {
    private static final String WHOLE = """
            admin: {port: 9990, ip: 127.0.0.1}
            namers:
            - kind: io.l5d.dnssrv
              experimental: true
              refreshIntervalSeconds: 5
            - kind: io.l5d.rewrite
              prefix: /rewrite
              pattern: "/{a}/b"
              name: "/srv/{a}"
            telemetry:
            - kind: io.l5d.prometheus
            routers:
            - protocol: http
              label: out
              dtab: |
                /svc => /#/io.l5d.dnssrv ;
              identifier: {kind: io.l5d.path, segments: 2, consume: true}
              service:
                responseClassifier: {kind: io.l5d.http.retryableRead5XX}
                retries: {budget: {minRetriesPerSec: 5, percentCanRetry: 0.2, ttlSecs: 10}}
                totalTimeoutMs: 2000
              client:
                kind: io.l5d.static
                configs:
                - prefix: "/#/io.l5d.dnssrv/{x}"
                  loadBalancer: {kind: ewma, decayTimeMs: 1000}
                  failureAccrual: {kind: io.l5d.consecutiveFailures, failures: 3, backoff: {kind: constant, ms: 100}}
                  hostConnectionPool: {minSize: 0, maxSize: 10, idleTimeMs: 1000, maxWaiters: 5}
              servers: [{port: 4140, ip: 0.0.0.0, maxConcurrentRequests: 10}]
            """;
    private static final String[] PIECES = {
        ":",
        " ",
        "\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "!!",
        "&a ",
        "*a",
        "<<: *a",
        "|",
        ">",
        "#",
        "%",
        "@",
        "null",
        "true",
        "-1",
        "1e9",
        "0x10",
        "99999999999999999999",
        ".nan",
        "kind",
        "kind: io.l5d.",
        "\t",
        "\u0000",
        "\u00e9",
        "? ",
        "---\n",
        "...\n",
        "~",
        "2026-11-26",
        "!!java.net.URL [x]"
    };

    private static String damaged(SplittableRandom random) {
        StringBuilder text = new StringBuilder(WHOLE);
        for (int i = random.nextInt(5); i >= 0; i--) {
            int at = random.nextInt(text.length());
            int end = Math.min(text.length(), at + 1 + random.nextInt(random.nextInt(8) == 0 ? 200 : 6));
            switch (random.nextInt(4)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, text.substring(at, end));
                default -> text.replace(at, random.nextBoolean() ? end : at, PIECES[random.nextInt(PIECES.length)]);
            }
        }
        return text.toString();
    }

    @Test
    void theWholeOneIsRead() {
        assertThat(LinkerdYaml.read(WHOLE, Usual.WIRE).routers()).hasSize(1);
    }

    @Test
    void aDamagedOneIsReadOrRefusedWithAReason() {
        long seed = Long.getLong("seed", System.nanoTime());
        int count = Integer.getInteger("fuzz", 3_000);
        for (int i = 0; i < count; i++) {
            String text = damaged(new SplittableRandom(seed + i));
            try {
                assertThat(LinkerdYaml.read(text, Usual.WIRE).routers()).isNotEmpty();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).as("seed=%d", seed + i).isNotBlank();
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("seed=" + (seed + i) + "\n" + text, e);
            }
        }
    }
}
