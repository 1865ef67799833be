package io.finback.meshrouter.namers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** A recorded far end: answers by request, and streams that a test writes line by line. */
public final class FarEnd implements AutoCloseable {
    /** Answers one request; null when the test wants to hold it. */
    @FunctionalInterface
    public interface Recording {
        Answer answer(String uri) throws IOException;
    }

    /** What is sent back; with {@code lines} the body is a stream that ends with the first empty line. */
    public record Answer(int status, String body, String header, String value, BlockingQueue<String> lines) {
        public static Answer of(String body) {
            return new Answer(200, body, "", "", null);
        }

        public static Answer of(String body, String header, String value) {
            return new Answer(200, body, header, value, null);
        }

        public static Answer status(int status) {
            return new Answer(status, "", "", "", null);
        }

        public static Answer stream(BlockingQueue<String> lines) {
            return new Answer(200, "", "", "", lines);
        }
    }

    private final HttpServer server;
    private final ExecutorService executor = Executors.newCachedThreadPool();
    public final List<String> requests = new CopyOnWriteArrayList<>();
    /** The header of each request, or {@code null} as text. */
    public final List<String> authorizations = new CopyOnWriteArrayList<>();

    private final ConcurrentHashMap<String, BlockingQueue<String>> streams = new ConcurrentHashMap<>();

    public FarEnd(Recording recording) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext("/", exchange -> serve(exchange, recording));
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** The stream a test writes to, by a name of its own. */
    public BlockingQueue<String> stream(String name) {
        return streams.computeIfAbsent(name, n -> new LinkedBlockingQueue<>());
    }

    private void serve(HttpExchange exchange, Recording recording) throws IOException {
        String uri = exchange.getRequestURI().toString();
        requests.add(uri);
        authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        Answer answer = recording.answer(uri);
        if (!answer.header().isEmpty()) {
            exchange.getResponseHeaders().set(answer.header(), answer.value());
        }
        if (answer.lines() == null) {
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
            return;
        }
        exchange.sendResponseHeaders(answer.status(), 0);
        try (OutputStream out = exchange.getResponseBody()) {
            for (String line = answer.lines().take();
                    !line.isEmpty();
                    line = answer.lines().take()) {
                out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
        server.stop(0);
    }
}
