package io.finback.verification.process;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A service instance for tests: answers every request with its task id and pid. Arguments: the port, and perhaps a file; with one that is
 * not there, the answer is 503.
 */
public final class Backend {
    private Backend() {}

    /** A command line that starts one; {@code more} follows the port. */
    static String command(String port, String more) {
        Path classes;
        try {
            classes = Path.of(Backend.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return "exec " + Path.of(System.getProperty("java.home"), "bin", "java")
                + " -Xmx24m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp " + classes + " " + Backend.class.getName()
                + " " + port + " " + more;
    }

    public static void main(String[] args) throws IOException {
        String answer =
                System.getenv("MESOS_TASK_ID") + " " + ProcessHandle.current().pid();
        byte[] body = answer.getBytes(StandardCharsets.UTF_8);
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])), 0);
        server.createContext("/", exchange -> {
            boolean well = args.length < 2 || Files.exists(Path.of(args[1]));
            exchange.sendResponseHeaders(well ? 200 : 503, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
    }
}
