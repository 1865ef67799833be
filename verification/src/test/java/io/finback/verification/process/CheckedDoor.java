package io.finback.verification.process;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What a health check looks at: a server on loopback, or a file for a command. Good until it is {@link #shut}. */
final class CheckedDoor implements AutoCloseable {
    private static final String PASSWORD = "changeit";

    private final String how;
    private final Closing shut;
    private final Closing close;

    private interface Closing {
        void run() throws IOException;
    }

    private CheckedDoor(String how, Closing shut, Closing close) {
        this.how = how;
        this.shut = shut;
        this.close = close;
    }

    /** @param protocol as Marathon names them */
    static CheckedDoor of(String protocol, Path dir) throws Exception {
        if (protocol.equals("COMMAND")) {
            Path file = Files.createTempFile(dir, "door", "");
            Closing delete = () -> Files.deleteIfExists(file);
            return new CheckedDoor("\"command\":{\"value\":\"test -e " + file + "\"}", delete, delete);
        }
        if (protocol.endsWith("TCP")) {
            ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            return new CheckedDoor("\"port\":" + socket.getLocalPort(), socket::close, socket::close);
        }
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        HttpServer server = protocol.endsWith("HTTPS") ? secured(any, dir) : HttpServer.create(any, 0);
        AtomicInteger status = new AtomicInteger(200);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        server.start();
        return new CheckedDoor(
                "\"path\":\"/\",\"port\":" + server.getAddress().getPort(),
                () -> status.set(500),
                () -> server.stop(0));
    }

    /** Fields of the check that say where to look. */
    String how() {
        return how;
    }

    void shut() throws IOException {
        shut.run();
    }

    @Override
    public void close() throws IOException {
        close.run();
    }

    /** With a certificate that nobody vouches for: checks do not ask. */
    private static HttpServer secured(InetSocketAddress at, Path dir) throws Exception {
        Path store = dir.resolve("door.p12");
        if (!Files.exists(store)) {
            keys(store);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        HttpsServer server = HttpsServer.create(at, 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        return server;
    }

    private static void keys(Path store) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "door",
                        "-keyalg",
                        "RSA",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError("keytool made no key");
        }
    }
}
