package io.finback.nodeagent.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** A registry on loopback, as much of one as images are read from; asks for a login, or for a token it sells for one. */
public final class Registry implements AutoCloseable {
    /** How it wants to be asked. */
    public enum Login {
        NONE,
        BASIC,
        TOKEN
    }

    private static final String PAIR =
            "Basic " + Base64.getEncoder().encodeToString("captain:ahab".getBytes(StandardCharsets.UTF_8));

    private final HttpServer server;
    private final Login login;
    private final Map<String, byte[]> content = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    public Registry(Login login) throws IOException {
        this.login = login;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newFixedThreadPool(2));
        server.createContext("/", this::answer);
        server.start();
    }

    /** {@code 127.0.0.1:port}. */
    public String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    public void push(String repository, String tag, Images image) throws IOException {
        Map<String, byte[]> blobs = image.blobs();
        String manifest = new String(blobs.remove(""), StandardCharsets.US_ASCII);
        content.put(repository + "/manifests/" + tag, blobs.get(manifest));
        blobs.forEach((digest, bytes) -> {
            content.put(repository + "/manifests/" + digest, bytes);
            content.put(repository + "/blobs/" + digest, bytes);
        });
    }

    /** From now on these are other bytes under the same digest. */
    public void corrupt(String part) {
        content.replaceAll((name, bytes) -> name.contains(part) ? new byte[] {1, 2, 3} : bytes);
    }

    /** Paths, in order. */
    public List<String> asked() {
        return List.copyOf(asked);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String said = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        asked.add(path);
        if (path.equals("/token")) {
            boolean right = said.equals(PAIR)
                    && exchange.getRequestURI().getQuery().contains("scope=repository:team/busybox:pull");
            send(exchange, right ? 200 : 401, "{\"token\":\"harpoon\"}".getBytes(StandardCharsets.UTF_8));
            return;
        }
        boolean allowed = login == Login.NONE
                || (login == Login.BASIC && said.equals(PAIR))
                || (login == Login.TOKEN && said.equals("Bearer harpoon"));
        if (path.startsWith("/elsewhere/")) {
            // Who is told a secret meant for another has been told too much.
            byte[] bytes = content.get(path.substring("/elsewhere/".length()));
            send(exchange, said.equals("null") && bytes != null ? 200 : 400, bytes == null ? new byte[0] : bytes);
            return;
        }
        if (!allowed) {
            exchange.getResponseHeaders()
                    .add(
                            "WWW-Authenticate",
                            login == Login.BASIC
                                    ? "Basic realm=\"x\""
                                    : "Bearer realm=\"http://" + host()
                                            + "/token\",service=\"test\",scope=\"repository:team/busybox:pull\"");
            send(exchange, 401, "{}".getBytes(StandardCharsets.UTF_8));
            return;
        }
        byte[] bytes = content.get(path.replaceFirst("^/v2/", ""));
        if (bytes != null && path.contains("/blobs/")) {
            exchange.getResponseHeaders()
                    .add(
                            "Location",
                            "http://localhost:" + server.getAddress().getPort() + "/elsewhere/"
                                    + path.replaceFirst("^/v2/", ""));
            send(exchange, 307, new byte[0]);
            return;
        }
        send(
                exchange,
                bytes == null ? 404 : 200,
                bytes == null ? "no such thing".getBytes(StandardCharsets.UTF_8) : bytes);
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
