package io.finback.tracing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.zip.GZIPInputStream;

/** Takes what is posted to it, over a real socket. */
final class Collector implements AutoCloseable {
    @SuppressWarnings("ArrayRecordComponent") // nobody compares these
    record Message(String path, Map<String, String> headers, byte[] body) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final CountDownLatch hang;

    private Collector(IntSupplier status, CountDownLatch hang) throws IOException {
        this.hang = hang;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> answer(exchange, status));
        server.start();
    }

    static Collector answering(IntSupplier status) throws IOException {
        return new Collector(status, new CountDownLatch(0));
    }

    /** Reads and never answers. */
    static Collector hanging() throws IOException {
        return new Collector(() -> 200, new CountDownLatch(1));
    }

    private void answer(HttpExchange exchange, IntSupplier status) throws IOException {
        byte[] body;
        try (InputStream in = new GZIPInputStream(exchange.getRequestBody())) {
            body = in.readAllBytes();
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
        messages.add(new Message(exchange.getRequestURI().getPath(), headers, body));
        try {
            hang.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        exchange.sendResponseHeaders(status.getAsInt(), -1);
        exchange.close();
    }

    int port() {
        return server.getAddress().getPort();
    }

    Message next() throws InterruptedException {
        Message message = messages.poll(20, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("the collector got nothing within 20 s");
        }
        return message;
    }

    int more() {
        return messages.size();
    }

    @Override
    public void close() {
        hang.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
