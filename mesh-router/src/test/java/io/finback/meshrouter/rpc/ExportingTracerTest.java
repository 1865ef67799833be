package io.finback.meshrouter.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.tracing.ExportingTracer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client, a service that calls another, and one collector for all. */
@Timeout(60)
class ExportingTracerTest {
    private static String part(JsonNode span) {
        return span.path("kind").asText() + " " + span.path("name").asText();
    }

    @Test
    void callsOfCallsAreOneChain() throws Exception {
        List<JsonNode> spans = new CopyOnWriteArrayList<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/api/v2/spans", exchange -> {
            new ObjectMapper()
                    .readTree(new GZIPInputStream(exchange.getRequestBody()).readAllBytes())
                    .forEach(spans::add);
            exchange.sendResponseHeaders(202, -1);
            exchange.close();
        });
        collector.start();
        String url = "http://127.0.0.1:" + collector.getAddress().getPort() + "/api/v2/spans";
        ExportingTracer tracer = ExportingTracer.zipkin(url, "shop", 1);
        Service<byte[], byte[]> unused = Service.of(body -> body);
        try (Listening last = Mux.server().withTracer(tracer).withLabel("last").serve("127.0.0.1:0", unused)) {
            Service<byte[], byte[]> toLast =
                    Mux.client().withTracer(tracer).newService("127.0.0.1:" + last.port(), "to-last");
            try (Listening first = Mux.server()
                    .withTracer(tracer)
                    .withLabel("first")
                    .serve("127.0.0.1:0", (request, context) -> toLast.call(request, context))) {
                Service<byte[], byte[]> toFirst =
                        Mux.client().withTracer(tracer).newService("127.0.0.1:" + first.port(), "to-first");
                assertThat(toFirst.call(new byte[] {7}).join()).containsExactly(7);
            }
        } finally {
            tracer.close();
            collector.stop(0);
        }
        assertThat(tracer.counts().sent()).isEqualTo(4);
        Map<String, JsonNode> by = spans.stream().collect(Collectors.toMap(ExportingTracerTest::part, span -> span));
        assertThat(by).containsOnlyKeys("CLIENT to-first", "SERVER first", "CLIENT to-last", "SERVER last");
        assertThat(by.values().stream().map(span -> span.path("traceId").asText()))
                .containsOnly(by.get("SERVER last").path("traceId").asText());
        assertThat(by.get("CLIENT to-first").has("parentId")).isFalse();
        isParent(by, "CLIENT to-first", "SERVER first");
        isParent(by, "SERVER first", "CLIENT to-last");
        isParent(by, "CLIENT to-last", "SERVER last");
    }

    private static void isParent(Map<String, JsonNode> by, String parent, String child) {
        assertThat(by.get(child).path("parentId").asText())
                .as(parent + " of " + child)
                .isEqualTo(by.get(parent).path("id").asText());
    }

    @Test
    void refusesARateThatIsNone() {
        assertThatThrownBy(() -> ExportingTracer.otlp("http://127.0.0.1:4318/v1/traces", "shop", 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0.0..1.0");
    }
}
