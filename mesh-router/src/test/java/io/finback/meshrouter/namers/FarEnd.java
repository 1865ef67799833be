package io.finback.meshrouter.namers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
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
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

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
        this(HttpServer.create(anyPort(), 0), recording);
    }

    /** Speaks TLS and wants to see certificates. */
    public static FarEnd withTls(SSLContext context, Recording recording) throws IOException {
        return withTls(context, true, recording);
    }

    /** Speaks TLS with everybody. */
    public static FarEnd withOpenTls(SSLContext context, Recording recording) throws IOException {
        return withTls(context, false, recording);
    }

    private static FarEnd withTls(SSLContext context, boolean demand, Recording recording) throws IOException {
        HttpsServer server = HttpsServer.create(anyPort(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters mine = context.getDefaultSSLParameters();
                mine.setNeedClientAuth(demand);
                parameters.setSSLParameters(mine);
            }
        });
        return new FarEnd(server, recording);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private FarEnd(HttpServer server, Recording recording) {
        this.server = server;
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
