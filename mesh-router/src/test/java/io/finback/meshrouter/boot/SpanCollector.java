package io.finback.meshrouter.boot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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
    private final CountDownLatch hang;
    final List<Got> spans = new CopyOnWriteArrayList<>();

    private SpanCollector(CountDownLatch hang) throws IOException {
        this.hang = hang;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v2/spans", this::take);
        server.start();
    }

    static SpanCollector start() throws IOException {
        return new SpanCollector(new CountDownLatch(0));
    }

    /** Reads and never answers. */
    static SpanCollector hanging() throws IOException {
        return new SpanCollector(new CountDownLatch(1));
    }

    private void take(HttpExchange exchange) throws IOException {
        try (InputStream in = new GZIPInputStream(exchange.getRequestBody())) {
            for (JsonNode span : new ObjectMapper().readTree(in.readAllBytes())) {
                spans.add(new Got(span));
            }
        }
        try {
            hang.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
        TestRouter.await(count + " spans", () -> spans.size() >= count);
    }

    /** The only span of this kind and service that has come. */
    Got the(String kind, String service) {
        List<Got> found = spans.stream()
                .filter(span -> span.kind().equals(kind) && span.service().equals(service))
                .toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " spans " + kind + " of " + service + " in " + spans);
        }
        return found.get(0);
    }

    @Override
    public void close() {
        hang.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
