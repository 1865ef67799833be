package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * What goes wrong on either side of a router, through real sockets: each fault has one outcome (docs/reliability.md lists them), and many of
 * them leave nothing behind. How many: {@code -Dfaults=…}, hundreds by default; {@code -Pmesh-faults} makes 100,000.
 */
class FaultMatrixTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    private static final int THREADS = 12;

    /** What happens, and what the caller sees of it. */
    enum Fault {
        REFUSED(false, router -> expect(502, "Unable to connect", get(router, "refused", "/"))),
        CONNECT_BLACK_HOLED(true, router -> expect(502, "Unable to connect", get(router, "hole", "/"))),
        RESET_BEFORE_THE_FIRST_BYTE(false, router -> expect(502, "no response", get(router, "web", "/reset"))),
        CLOSED_BEFORE_THE_FIRST_BYTE(false, router -> expect(502, "no response", get(router, "web", "/close"))),
        HALF_CLOSED_BEFORE_THE_FIRST_BYTE(false, router -> expect(502, "no response", get(router, "web", "/half"))),
        RESET_WITHIN_THE_BODY(false, router -> expectCutOff(get(router, "web", "/body-reset"))),
        HALF_CLOSED_WITHIN_THE_BODY(false, router -> expectCutOff(get(router, "web", "/body-half"))),
        TRUNCATED_CHUNK(false, router -> expectCutOff(get(router, "web", "/chunk"))),
        BLACK_HOLED(true, router -> expect(503, "attempt timeout", post(router, "/silence"))),
        TRICKLING_HEAD(true, router -> expect(503, "attempt timeout", post(router, "/trickle"))),
        OVERSIZED_HEAD(false, router -> expect(502, "no response", get(router, "web", "/oversized"))),
        NOT_HTTP(false, router -> expect(502, "no response", get(router, "web", "/garbage"))),
        CLIENT_TRICKLES_ITS_HEAD(true, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("GET / HTTP/1.1\r\nHost: w");
                assertThat(client.isClosedByPeer()).isTrue();
            }
        }),
        CLIENT_STOPS_WITHIN_ITS_BODY(true, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("POST /take HTTP/1.1\r\nHost: web\r\nContent-Length: 100\r\n\r\nabc");
                expect(503, "attempt timeout", client.read(false));
                assertThat(client.isClosedByPeer()).isTrue();
            }
        }),
        CLIENT_RESETS_WITHIN_ITS_BODY(false, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("POST /take HTTP/1.1\r\nHost: web\r\nContent-Length: 100\r\n\r\nabc");
                client.socket.setSoLinger(true, 0);
            }
        }),
        CLIENT_ENDS_ITS_SIDE(false, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("GET /silence HTTP/1.1\r\nHost: web\r\n\r\n");
                client.socket.shutdownOutput();
                assertThat(client.isClosedByPeer()).isTrue();
            }
        }),
        CLIENT_LEAVES_WITHIN_THE_RESPONSE(false, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("GET /large HTTP/1.1\r\nHost: web\r\n\r\n");
                assertThat(client.in.read()).isEqualTo('H');
            }
        }),
        CLIENT_SENDS_A_LONG_LINE(
                false, router -> expect(414, "request line", get(router, "web", "/" + "a".repeat(5_000)))),
        CLIENT_SENDS_LARGE_HEADERS(false, router -> {
            try (RawClient client = new RawClient(router)) {
                client.send("GET / HTTP/1.1\r\nHost: web\r\nX: " + "a".repeat(9_000) + "\r\n\r\n");
                expect(431, "headers", client.read(false));
            }
        });

        /** Whether it takes one of the router's time limits. */
        final boolean slow;

        @SuppressWarnings("ImmutableEnumChecker") // lambdas that remember nothing
        final Step step;

        Fault(boolean slow, Step step) {
            this.slow = slow;
            this.step = step;
        }
    }

    @FunctionalInterface
    interface Step {
        void run(int router) throws IOException;
    }

    /** Of one attempt. A machine that many faults keep busy for minutes may well be still for a second. */
    private static int limitSeconds() {
        return Integer.getInteger("faults", 600) > 10_000 ? 3 : 1;
    }

    private static RawBackend web;
    private static ServerSocket hole;
    private static TestRouter router;
    private static final List<Socket> fillers = new ArrayList<>();
    private static ResourceLeakDetector.Level before;
    private static final ListAppender<ILoggingEvent> leaks = new ListAppender<>();

    @BeforeAll
    static void start() throws IOException {
        before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        leaks.start();
        ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).addAppender(leaks);
        web = new RawBackend(FaultMatrixTest::answer);
        int nobody;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = free.getLocalPort();
        }
        // A full backlog: the kernel drops what knocks, as a host that is gone.
        hole = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        for (int i = 0; i < 8; i++) {
            Socket filler = new Socket();
            fillers.add(filler);
            try {
                filler.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), hole.getLocalPort()), 200);
            } catch (IOException full) {
                break;
            }
        }
        router = new TestRouter(
                "/svc/web => " + ProxyTest.inet(web) + "; /svc/refused => /$/inet/127.0.0.1/" + nobody
                        + "; /svc/hole => /$/inet/127.0.0.1/" + hole.getLocalPort(),
                Map.ofEntries(
                        Map.entry("finback.router.client.failure-accrual.failures", 0),
                        Map.entry("finback.router.client.fail-fast", false),
                        Map.entry("finback.router.retries.limit", 1),
                        Map.entry("finback.router.client.attempt-timeout", limitSeconds() + " s"),
                        Map.entry("finback.router.connect-timeout", "300 ms"),
                        Map.entry("finback.router.client-idle-timeout", "1 s"),
                        Map.entry("finback.router.exchange-idle-timeout", "5 s"),
                        Map.entry("finback.router.upstream-idle-timeout", "1 s")));
    }

    @AfterAll
    static void stop() throws IOException {
        router.close();
        web.close();
        hole.close();
        for (Socket filler : fillers) {
            filler.close();
        }
        ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).detachAppender(leaks);
        ResourceLeakDetector.setLevel(before);
    }

    private static boolean answer(RawBackend.Request request, InputStream in, OutputStream out, Socket socket)
            throws IOException {
        String path = request.line().split(" ", -1)[1];
        switch (path) {
            case "/reset" -> socket.setSoLinger(true, 0);
            case "/close" -> {}
            case "/half" -> untilThePeerCloses(socket, in);
            case "/body-reset" -> {
                say(out, HEAD + "0123456789");
                // So that the bytes are read before the reset discards them.
                untilRead(socket);
                socket.setSoLinger(true, 0);
            }
            case "/body-half" -> {
                say(out, HEAD + "0123456789");
                untilThePeerCloses(socket, in);
            }
            case "/chunk" -> say(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n0123456789");
            case "/silence" -> in.transferTo(OutputStream.nullOutputStream());
            case "/trickle" -> {
                say(out, "HTTP/1.1 200 OK\r\n");
                for (int i = 0; i < 1_000; i++) {
                    say(out, "X");
                    java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                }
            }
            case "/oversized" -> say(out, "HTTP/1.1 200 OK\r\nX: " + "a".repeat(20_000) + "\r\n\r\n");
            case "/garbage" -> say(out, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
            case "/large" -> {
                say(out, "HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n");
                out.write(new byte[4_000_000]);
                out.flush();
                return true;
            }
            case "/take" -> in.transferTo(OutputStream.nullOutputStream());
            default -> {
                say(out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                return true;
            }
        }
        return false;
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(ISO_8859_1));
        out.flush();
    }

    private static void untilThePeerCloses(Socket socket, InputStream in) throws IOException {
        socket.shutdownOutput();
        in.transferTo(OutputStream.nullOutputStream());
    }

    private static void untilRead(Socket socket) {
        java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        assertThat(socket.isConnected()).isTrue();
    }

    private static Response get(int router, String host, String path) throws IOException {
        return RawClient.get(router, host, path);
    }

    private static Response post(int router, String path) throws IOException {
        return RawClient.once(router, "POST " + path + " HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n");
    }

    private static void expect(int status, String reason, Response response) {
        assertThat(response.status()).as(response.text()).isEqualTo(status);
        assertThat(response.text()).contains(reason);
    }

    private static void expectCutOff(Response response) {
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.complete()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void everyFaultHasItsOutcome(Fault fault) throws IOException {
        fault.step.run(router.port());
        assertThat(get(router.port(), "web", "/").text()).isEqualTo("ok");
    }

    @Test
    void manyFaultsAtOnceLeaveNothingBehind() throws InterruptedException, IOException {
        int count = Integer.getInteger("faults", 600);
        long seed = Long.getLong("seed", System.nanoTime());
        long pinned = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        AtomicInteger left = new AtomicInteger(count);
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        EnumMap<Fault, AtomicInteger> made = new EnumMap<>(Fault.class);
        for (Fault fault : Fault.values()) {
            made.put(fault, new AtomicInteger());
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom random = new SplittableRandom(seed + i);
            Thread thread = new Thread(() -> {
                while (left.getAndDecrement() > 0 && failures.isEmpty()) {
                    Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
                    if (fault.slow && random.nextInt(20 * limitSeconds()) != 0) {
                        left.incrementAndGet();
                        continue;
                    }
                    try {
                        fault.step.run(router.port());
                        made.get(fault).incrementAndGet();
                    } catch (IOException | AssertionError e) {
                        failures.add(new AssertionError(fault + " seed=" + seed, e));
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(made.values().stream().mapToInt(AtomicInteger::get).sum()).isEqualTo(count);
        TestRouter.await("no connection to the instance", () -> web.openConnections() == 0);
        TestRouter.await("no connection of a client", () -> {
            try {
                // Its own are all that is open.
                return router.admin("/health").contains("\"connections\":0");
            } catch (IOException e) {
                return false;
            }
        });
        assertThat(get(router.port(), "web", "/").text()).isEqualTo("ok");
        TestRouter.await(
                "no buffer in use", () -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() <= pinned + 256 * 1024);
        lookForLeaks();
        assertThat(leaks.list).isEmpty();
    }

    /** A buffer that was dropped is reported at an allocation after it was collected. */
    private static void lookForLeaks() throws IOException {
        for (int i = 0; i < 5; i++) {
            System.gc();
            for (int j = 0; j < 20; j++) {
                assertThat(get(router.port(), "web", "/").text()).isEqualTo("ok");
            }
        }
    }
}
