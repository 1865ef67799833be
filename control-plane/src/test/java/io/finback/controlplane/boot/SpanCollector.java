package io.finback.controlplane.boot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.finback.controlplane.service.TestMaster;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/** A collector that takes Zipkin's v2 JSON over a real socket. */
final class SpanCollector implements AutoCloseable {
    /** One span as it was sent. */
    record Got(JsonNode json) {
        String trace() {
            return text("traceId");
        }

        String id() {
            return text("id");
        }

        String parent() {
            return text("parentId");
        }

        String kind() {
            return text("kind");
        }

        String text(String field) {
            return json.path(field).asText("");
        }

        String service() {
            return json.at("/localEndpoint/serviceName").asText("");
        }

        String tag(String name) {
            return json.path("tags").path(name).asText("");
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    final List<Got> spans = new CopyOnWriteArrayList<>();

    private SpanCollector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v2/spans", this::take);
        server.start();
    }

    static SpanCollector start() throws IOException {
        return new SpanCollector();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (InputStream in = new GZIPInputStream(exchange.getRequestBody())) {
            for (JsonNode span : new ObjectMapper().readTree(in.readAllBytes())) {
                spans.add(new Got(span));
            }
        }
        exchange.sendResponseHeaders(202, -1);
        exchange.close();
    }

    int port() {
        return server.getAddress().getPort();
    }

    String url() {
        return "http://127.0.0.1:" + port() + "/api/v2/spans";
    }

    /** Waits for this many spans. */
    void await(int count) {
        TestMaster.await(count + " spans", () -> spans.size() >= count);
    }

    /** All of this name that have come. */
    List<Got> named(String name) {
        return spans.stream().filter(span -> span.text("name").equals(name)).toList();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
