package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A router as it is delivered has a larger first generation while it is busy, and gives the memory back when it is idle; no call notices. */
@Tag("process")
@Timeout(300)
final class RouterHeapIT {
    private static final int CLIENTS = 8;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Pattern COMMITTED = Pattern.compile("\"jvm/heap/committed\" ?: ?(\\d+)");

    /** As much as a request may say, so that a few thousand a second leave much behind. */
    private static final byte[] REQUEST = ("GET / HTTP/1.1\r\nHost: web\r\n"
                    + ("x-much: " + "m".repeat(90) + "\r\n").repeat(60) + "\r\n")
            .getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path dir;

    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicReference<String> wrong = new AtomicReference<>("");
    private volatile boolean over;

    @Test
    void isLargerWhileTheRouterIsBusy() throws Exception {
        int port = RouterProcess.freePort();
        int admin = RouterProcess.freePort();
        ExecutorService threads = Executors.newCachedThreadPool();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, -1);
            }
        });
        server.start();
        try (RouterProcess router = new RouterProcess(
                dir,
                RouterProcess.yaml(server.getAddress().getPort(), port, admin),
                "finback.router.heap.busy=32M",
                "finback.router.heap.busy-from=1",
                "finback.router.heap.idle-after=3s")) {
            Waiting.until("the router answers", LIMIT, () -> exchange(port), router::tail);
            long idle = committed(admin);
            for (int i = 0; i < CLIENTS; i++) {
                threads.execute(() -> call(port));
            }
            Waiting.until(
                    "it has room",
                    LIMIT,
                    () -> committed(admin) > idle + (48 << 20),
                    () -> answered + " answers, " + wrong + ", " + router.tail());
            over = true;
            Waiting.until("it has given the room back", LIMIT, () -> committed(admin) < idle + (8 << 20), router::tail);
            assertThat(wrong.get()).isEmpty();
            assertThat(answered.get()).isPositive();
        } finally {
            over = true;
            server.stop(0);
            threads.shutdownNow();
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    private void call(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            while (!over) {
                if (!isAnswered(socket)) {
                    wrong.compareAndSet("", "not answered with 200");
                    return;
                }
                answered.incrementAndGet();
            }
        } catch (IOException e) {
            wrong.compareAndSet("", e.toString());
        }
    }

    private static boolean exchange(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return isAnswered(socket);
        }
    }

    private static boolean isAnswered(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(REQUEST);
        InputStream in = socket.getInputStream();
        byte[] read = new byte[4_096];
        int length = 0;
        while (length < 4 || !new String(read, length - 4, 4, StandardCharsets.US_ASCII).equals("\r\n\r\n")) {
            int more = in.read(read, length, read.length - length);
            if (more < 0) {
                return false;
            }
            length += more;
        }
        return new String(read, 0, length, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200 ");
    }

    /** Bytes of heap that it has from the system. */
    private long committed(int admin) throws IOException, InterruptedException {
        String metrics = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + "/admin/metrics.json"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        Matcher found = COMMITTED.matcher(metrics);
        assertThat(found.find()).as(metrics).isTrue();
        return Long.parseLong(found.group(1));
    }
}
