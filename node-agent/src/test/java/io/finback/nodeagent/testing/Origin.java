package io.finback.nodeagent.testing;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A real HTTP server whose answers tests choose. */
public final class Origin implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();

    public Origin() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
    }

    public String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    public int asked(String path) {
        return asked.getOrDefault(path, new AtomicInteger()).get();
    }

    public Origin serve(String path, byte[] content) {
        return answer(path, 200, "", content, new CountDownLatch(0));
    }

    /** Sends the head and half of the content, and the rest once {@code go} is open. */
    public Origin serveHalting(String path, byte[] content, CountDownLatch go) {
        return answer(path, 200, "", content, go);
    }

    public Origin redirect(String path, String to) {
        return answer(path, 302, to, new byte[0], new CountDownLatch(0));
    }

    private Origin answer(String path, int status, String location, byte[] content, CountDownLatch go) {
        server.createContext(path, exchange -> {
            asked.computeIfAbsent(path, any -> new AtomicInteger()).incrementAndGet();
            if (!location.isEmpty()) {
                exchange.getResponseHeaders().add("Location", location);
            }
            exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
            int half = content.length / 2;
            exchange.getResponseBody().write(content, 0, half);
            exchange.getResponseBody().flush();
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.getResponseBody().write(content, half, content.length - half);
            exchange.close();
        });
        return this;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
