package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What may not be sent twice, on a connection that its server ends between two requests. A router that is busy has the request before the news of
 * that end; here it is stopped for a moment, so that both wait for it in this order.
 */
@Tag("process")
final class KeptConnectionIT {
    private static final int TURNS = 5;

    @TempDir
    private Path dir;

    /** One connection of the router, and how many requests it brought. */
    private final List<Socket> connections = new CopyOnWriteArrayList<>();

    private final List<String> requests = new CopyOnWriteArrayList<>();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPostIsSentOnAnotherOne(boolean reset) throws Exception {
        int port = RouterProcess.freePort();
        try (ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
                RouterProcess router = new RouterProcess(
                        dir, RouterProcess.yaml(server.getLocalPort(), port, RouterProcess.freePort()))) {
            Thread accepting = new Thread(() -> accept(server));
            accepting.setDaemon(true);
            accepting.start();
            Waiting.until(
                    "the router answers",
                    Duration.ofMinutes(2),
                    () -> post(port).equals("HTTP/1.1 200 OK"),
                    router::tail);
            for (int turn = 0; turn < TURNS; turn++) {
                assertThat(post(port)).isEqualTo("HTTP/1.1 200 OK");
                int before = requests.size();
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    // Known to the router, so that its request comes before the news.
                    assertThat(exchange(client)).isEqualTo("HTTP/1.1 200 OK");
                    router.signal("STOP");
                    send(client);
                    for (Socket connection : connections) {
                        connection.setSoLinger(reset, 0);
                        connection.close();
                    }
                    connections.clear();
                    router.signal("CONT");
                    assertThat(answer(client)).isEqualTo("HTTP/1.1 200 OK");
                }
                assertThat(requests).hasSize(before + 2);
            }
        }
    }

    private void accept(ServerSocket server) {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                connections.add(socket);
                Thread serving = new Thread(() -> serve(socket));
                serving.setDaemon(true);
                serving.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    StringBuilder body = new StringBuilder();
                    while (body.length() < 5) {
                        body.append((char) in.read());
                    }
                    requests.add(body.toString());
                    socket.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // closed by the test
        }
    }

    private static String post(int port) throws IOException {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return exchange(client);
        }
    }

    private static String exchange(Socket client) throws IOException {
        send(client);
        return answer(client);
    }

    private static void send(Socket client) throws IOException {
        client.getOutputStream()
                .write("POST /order HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nwhale"
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static String answer(Socket client) throws IOException {
        client.setSoTimeout(10_000);
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = client.getInputStream().read();
            if (next < 0) {
                return "closed after " + head;
            }
            head.append((char) next);
        }
        return head.substring(0, head.indexOf("\r\n"));
    }
}
