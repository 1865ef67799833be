package io.finback.tracing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPInputStream;

/** A collector that takes Zipkin's v2 JSON over a real socket; for the tests of all modules. */
public final class SpanCollector implements AutoCloseable {
    /** One span as it was sent. */
    public record Got(JsonNode json) {
        public String trace() {
            return text("traceId");
        }

        public String id() {
            return text("id");
        }

        public String parent() {
            return text("parentId");
        }

        public String kind() {
            return text("kind");
        }

        public String text(String field) {
            return json.path(field).asText("");
        }

        public String service() {
            return json.at("/localEndpoint/serviceName").asText("");
        }

        public String tag(String name) {
            return json.path("tags").path(name).asText("");
        }
    }

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch hang;
    private final List<Got> spans = new CopyOnWriteArrayList<>();

    private SpanCollector(CountDownLatch hang) throws IOException {
        this.hang = hang;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v2/spans", this::take);
        server.start();
    }

    public static SpanCollector start() throws IOException {
        return new SpanCollector(new CountDownLatch(0));
    }

    /** Reads and never answers. */
    public static SpanCollector hanging() throws IOException {
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

    public int port() {
        return server.getAddress().getPort();
    }

    public String url() {
        return "http://127.0.0.1:" + port() + "/api/v2/spans";
    }

    /** Waits for this many spans. */
    public void await(int count) {
        await(count + " spans", () -> spans.size() >= count);
    }

    /** Waits for so many spans of this name, and returns all of it. */
    public List<Got> await(String name, int count) {
        await(count + " spans " + name, () -> named(name).size() >= count);
        return named(name);
    }

    private void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("not within " + LIMIT + ": " + what + ", only " + spans);
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** All that have come. */
    public List<Got> spans() {
        return List.copyOf(spans);
    }

    /** All of this name that have come. */
    public List<Got> named(String name) {
        return spans.stream().filter(span -> span.text("name").equals(name)).toList();
    }

    /** The only span of this kind and service that has come. */
    public Got the(String kind, String service) {
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
