package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Bodies flow, slow ends slow only themselves, and who leaves is noticed. */
class ProxyStreamingTest {
    private static final long BIG = 1L << 29;

    /** What the kernel may hold in its socket buffers on the way, and the router in its own. */
    private static final long IN_FLIGHT_LIMIT = 24L << 20;

    private static void write(OutputStream out, long bytes, AtomicLong written) throws IOException {
        byte[] block = new byte[64 * 1024];
        for (long left = bytes; left > 0; left -= block.length) {
            out.write(block);
            written.addAndGet(block.length);
        }
        out.flush();
    }

    private static long read(RawClient client, long bytes) throws IOException {
        byte[] block = new byte[64 * 1024];
        long read = 0;
        while (read < bytes) {
            int n = client.in.read(block, 0, (int) Math.min(block.length, bytes - read));
            if (n < 0) {
                break;
            }
            read += n;
        }
        return read;
    }

    /** The value once it has not changed for 300 ms. */
    private static long settled(AtomicLong value) {
        long[] seen = {-1, System.nanoTime()};
        TestRouter.await("settles", () -> {
            long now = value.get();
            if (now != seen[0] || now == 0) {
                seen[0] = now;
                seen[1] = System.nanoTime();
            }
            return System.nanoTime() - seen[1] > TimeUnit.MILLISECONDS.toNanos(300);
        });
        return value.get();
    }

    @Test
    void carriesABigBodyEachWayInLittleMemory() throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            if (request.line().startsWith("POST")) {
                RawBackend.discardBody(request, in);
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
            } else {
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + BIG + "\r\n\r\n").getBytes(US_ASCII));
                write(out, BIG, new AtomicLong());
            }
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient client = new RawClient(router.port())) {
            client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: " + BIG + "\r\n\r\n");
            write(client.out, BIG, new AtomicLong());
            assertThat(client.read(false).text()).isEqualTo("ok");
            client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            String line = "x";
            while (!line.isEmpty()) {
                line = readLine(client);
            }
            assertThat(read(client, BIG)).isEqualTo(BIG);
            assertThat(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                    .isLessThan(64L << 20);
        }
    }

    private static String readLine(RawClient client) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = client.in.read(); c >= 0 && c != '\n'; c = client.in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Test
    void aClientThatDoesNotReadStopsItsInstanceOnly() throws IOException {
        AtomicLong written = new AtomicLong();
        RawBackend.Script script = (request, in, out, socket) -> {
            if (request.line().contains("/small")) {
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
                out.flush();
                return true;
            }
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + BIG + "\r\n\r\n").getBytes(US_ASCII));
            write(out, BIG, written);
            return true;
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient slow = new RawClient(router.port(), 64 * 1024)) {
            slow.send("GET /big HTTP/1.1\r\nHost: web\r\n\r\n");
            assertThat(settled(written)).isLessThan(IN_FLIGHT_LIMIT);
            assertThat(RawClient.get(router.port(), "web", "/small").text()).isEqualTo("ok");
            long before = written.get();
            assertThat(read(slow, IN_FLIGHT_LIMIT * 2)).isEqualTo(IN_FLIGHT_LIMIT * 2);
            assertThat(written.get()).isGreaterThan(before);
        }
    }

    @Test
    void anInstanceThatDoesNotReadStopsItsClient() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        RawBackend.Script script = (request, in, out, socket) -> {
            try {
                assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                return false;
            }
            RawBackend.discardBody(request, in);
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        AtomicLong written = new AtomicLong();
        long size = IN_FLIGHT_LIMIT * 2;
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient client = new RawClient(router.port())) {
            client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: " + size + "\r\n\r\n");
            Thread writer = new Thread(() -> {
                try {
                    write(client.out, size, written);
                } catch (IOException e) {
                    written.set(-1);
                }
            });
            writer.start();
            assertThat(settled(written)).isLessThan(IN_FLIGHT_LIMIT);
            go.countDown();
            assertThat(client.read(false).text()).isEqualTo("ok");
            writer.join(10_000);
            assertThat(written.get()).isEqualTo(size);
        }
    }

    @Test
    void aClientThatLeavesCancelsItsInstance() throws IOException {
        AtomicBoolean started = new AtomicBoolean();
        RawBackend.Script script = (request, in, out, socket) -> {
            started.set(true);
            return in.read() >= 0; // the answer never comes; returns when the router closes
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web))) {
            try (RawClient client = new RawClient(router.port())) {
                client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
                TestRouter.await("request arrives", started::get);
            }
            TestRouter.await("upstream closed", () -> web.openConnections() == 0);
        }
    }

    @Test
    void leavesNoConnectionBehind() throws IOException {
        RawBackend.Script script = (request, in, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            return !request.line().contains("break");
        };
        try (RawBackend web = new RawBackend(script);
                TestRouter router = new TestRouter(
                        "/svc/web => " + ProxyTest.inet(web),
                        // One that was made for a client that left meanwhile waits for another.
                        Map.of("finback.router.upstream-idle-timeout", "1 s"))) {
            for (int i = 0; i < 100; i++) {
                try (RawClient client = new RawClient(router.port())) {
                    client.send(
                            i % 4 == 0
                                    ? "GET /partial HT"
                                    : "GET /" + (i % 2 == 0 ? "break" : "stay") + " HTTP/1.1\r\nHost: web\r\n\r\n");
                    if (i % 3 == 0) {
                        client.socket.setSoLinger(true, 0);
                    }
                }
            }
            TestRouter.await("all closed", () -> {
                try {
                    return web.openConnections() == 0 && router.admin("/health").contains("\"connections\":0");
                } catch (IOException e) {
                    return false;
                }
            });
        }
    }

    @Test
    void answersWhileTheRequestStillFlows() throws IOException {
        RawBackend.Script echo = (request, in, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            for (int i = 0; i < 3; i++) {
                in.readNBytes(3); // "1\r\n"
                int c = in.read();
                in.readNBytes(2);
                out.write(("1\r\n" + (char) c + "\r\n").getBytes(US_ASCII));
                out.flush();
            }
            in.readNBytes(5);
            out.write("0\r\n\r\n".getBytes(US_ASCII));
            out.flush();
            return true;
        };
        try (RawBackend web = new RawBackend(echo);
                TestRouter router = new TestRouter("/svc/web => " + ProxyTest.inet(web));
                RawClient client = new RawClient(router.port())) {
            for (int round = 0; round < 2; round++) {
                client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n");
                String line = "x";
                while (!line.isEmpty()) {
                    line = readLine(client);
                }
                for (char c = 'a'; c <= 'c'; c++) {
                    client.send("1\r\n" + c + "\r\n");
                    assertThat(readLine(client)).isEqualTo("1");
                    assertThat(readLine(client)).isEqualTo(String.valueOf(c));
                }
                client.send("0\r\n\r\n");
                assertThat(readLine(client)).isEqualTo("0");
                assertThat(readLine(client)).isEmpty();
            }
            assertThat(web.accepted.get()).isEqualTo(1);
        }
    }
}
