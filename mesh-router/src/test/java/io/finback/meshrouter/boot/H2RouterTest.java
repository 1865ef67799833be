package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.h2.H2Reset;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a router with {@code protocol: h2} does to heads, and to instances and clients that misbehave; with curl where it is there. */
@Timeout(120)
class H2RouterTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @RegisterExtension
    final Closing open = new Closing();

    @BeforeEach
    void disco() throws IOException {
        Files.createDirectories(directory.resolve("disco"));
    }

    private interface Handler {
        CompletionStage<H2Message> answer(H2Message request);
    }

    private Listening backend(Handler handler) {
        Listening server = H2.server().serve("127.0.0.1:0", (request, context) -> handler.answer(request));
        open.add(server);
        return server;
    }

    private static String inet(Listening server) {
        return "/$/inet/127.0.0.1/" + server.port();
    }

    private TestRouter router(String dtab, String... lines) throws IOException {
        TestRouter router = TestRouter.linkerd(
                directory.resolve("linkerd.yaml"),
                "admin: {port: 0}\nnamers: [{kind: io.l5d.fs, rootDir: " + directory.resolve("disco")
                        + "}]\nrouters:\n- protocol: h2\n  label: h\n  dtab: " + dtab + "\n  "
                        + String.join("\n  ", lines) + "\n");
        open.add(router);
        return router;
    }

    private static Service<H2Message, H2Message> client(TestRouter router) {
        return H2.client().newService("127.0.0.1:" + router.port(), "h2");
    }

    private static H2Message call(Service<H2Message, H2Message> client, String method, String host, String path)
            throws Exception {
        return client.call(H2Message.request(method, host, path, Body.EMPTY), Context.EMPTY)
                .get(LONG);
    }

    private static String text(H2Message answer) throws Exception {
        return new String(Body.whole(answer.body(), 1 << 20).get(LONG).data().array(), UTF_8);
    }

    private static Reply<H2Message> say(int status, String text) {
        return Reply.of(H2Message.response(status, Body.of(text.getBytes(UTF_8))));
    }

    @Test
    void headsAreReadAndWrittenAsLinkerdDoes() throws Exception {
        BlockingQueue<H2Message> seen = new ArrayBlockingQueue<>(100);
        Listening web = backend(request -> {
            seen.add(request);
            return say(200, "web");
        });
        Listening other = backend(request -> say(200, "other"));
        TestRouter router = router(
                "/svc/web => " + inet(web),
                "h2AccessLog: " + directory.resolve("access.log"),
                "service: {totalTimeoutMs: 20000}",
                "servers: [{port: 0}]");
        Service<H2Message, H2Message> client = client(router);
        H2Message request = H2Message.request("GET", "web", "/a?b", Body.EMPTY);
        request.headers().set("l5d-ctx-dtab", "/x => /y").set("te", "trailers");
        H2Message answer = client.call(request).get(LONG);
        assertThat(text(answer)).isEqualTo("web");
        assertThat(answer.headers().get("via")).hasToString("2.0 linkerd");
        H2Message there = seen.take();
        assertThat(there.headers().path()).hasToString("/a?b");
        assertThat(there.headers().get("l5d-dst-service")).hasToString("/svc/web");
        assertThat(there.headers().get("l5d-dst-client")).hasToString(inet(web));
        assertThat(there.headers().get("l5d-dst-residual")).hasToString("/");
        assertThat(there.headers().get("l5d-ctx-dtab")).hasToString("/x => /y");
        assertThat(there.headers().get("l5d-ctx-trace")).hasSize(44);
        assertThat(there.headers().get("l5d-reqid")).hasSize(16);
        assertThat(there.headers().get("l5d-ctx-deadline").toString()).matches("\\d{19} \\d{19}");
        assertThat(there.headers().get("via")).hasToString("2.0 linkerd");
        assertThat(there.headers().get("te")).hasToString("trailers");

        H2Message delegated = H2Message.request("GET", "web", "/", Body.EMPTY);
        delegated.headers().set("l5d-dtab", "/svc/web => " + inet(other));
        assertThat(text(client.call(delegated).get(LONG))).isEqualTo("other");
        H2Message wrong = H2Message.request("GET", "web", "/", Body.EMPTY);
        wrong.headers().set("l5d-dtab", "/svc/web =>");
        assertThat(client.call(wrong).get(LONG).status()).isEqualTo(400);

        H2Message nobody = call(client, "GET", "nobody", "/");
        assertThat(nobody.status()).isEqualTo(502);
        assertThat(nobody.headers().get("l5d-err").toString()).contains("Unable+to+route+request");
        TestRouter.await("all are logged", () -> {
            try {
                return Files.readAllLines(directory.resolve("access.log")).size() == 4;
            } catch (IOException e) {
                return false;
            }
        });
        assertThat(Files.readAllLines(directory.resolve("access.log")))
                .anyMatch(line -> line.contains("\"GET /a?b HTTP/2.0\" 200 3"));
        assertThat(router.metric("rt/h/server/127.0.0.1/" + router.port() + "/status/502"))
                .isEqualTo(1);
    }

    @Test
    void identifiersAndWhatTheyDoNotKnow() throws Exception {
        BlockingQueue<String> paths = new ArrayBlockingQueue<>(10);
        Listening web = backend(request -> {
            paths.add(String.valueOf(request.headers().path()));
            return say(200, "web");
        });
        TestRouter router = router(
                "/svc/a/b => " + inet(web) + "; /svc/named => " + inet(web),
                "identifier:",
                "- {kind: io.l5d.header, header: X-Name}",
                "- {kind: io.l5d.header.path, segments: 2, consume: true}",
                "servers: [{port: 0, clearContext: true}]");
        Service<H2Message, H2Message> client = client(router);
        assertThat(text(call(client, "GET", "any", "/a/b/c"))).isEqualTo("web");
        assertThat(paths.take()).isEqualTo("/c");
        H2Message named = H2Message.request("GET", "any", "/x", Body.EMPTY);
        named.headers().set("x-name", "/named").set("l5d-dtab", "/svc => /$/fail");
        assertThat(text(client.call(named).get(LONG)))
                .as("the dtab of a client that is not trusted is not heard")
                .isEqualTo("web");
        // Linkerd resets what it cannot identify with REFUSED_STREAM; a client may send it again elsewhere.
        assertThatThrownBy(() -> call(client, "GET", "any", "/x")).hasMessageContaining("code 7");
    }

    @Test
    void refusedStreamsGoElsewhereAndOtherResetsArrive() throws Exception {
        AtomicInteger refusals = new AtomicInteger();
        Listening refusing = backend(request -> {
            refusals.incrementAndGet();
            return Reply.failed(Failure.rejected("not now"));
        });
        Listening well = backend(request -> say(200, "well"));
        Files.writeString(
                directory.resolve("disco/web"), "127.0.0.1 " + refusing.port() + "\n127.0.0.1 " + well.port() + "\n");
        TestRouter router = router(
                "/svc/web => /#/io.l5d.fs/web; /svc/refused => " + inet(refusing),
                "client:",
                "  failureAccrual: {kind: none}",
                "  loadBalancer: {kind: roundRobin}",
                "  requeueBudget: {minRetriesPerSec: 1, percentCanRetry: 0, ttlSecs: 20}",
                "servers: [{port: 0}]");
        Service<H2Message, H2Message> client = client(router);
        for (int i = 0; i < 20; i++) {
            assertThat(text(call(client, "POST", "web", "/"))).isEqualTo("well");
        }
        assertThat(refusals.get()).isBetween(9, 20);
        int before = refusals.get();
        assertThatThrownBy(() -> call(client, "POST", "refused", "/")).isInstanceOf(Exception.class);
        assertThat(refusals.get() - before)
                .as("a fifth of the budget of 20, and the same of what is left whenever the caller's own requeues come")
                .isBetween(5, 41);
    }

    /** Speaks just enough HTTP/2 to do it wrong. */
    private final class Raw implements AutoCloseable {
        final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final AtomicInteger connections = new AtomicInteger();

        Raw(byte[]... afterRequest) throws IOException {
            Thread thread = new Thread(() -> serve(afterRequest));
            thread.setDaemon(true);
            thread.start();
            open.add(this);
        }

        private void serve(byte[][] frames) {
            while (true) {
                try (Socket peer = socket.accept()) {
                    connections.incrementAndGet();
                    InputStream in = peer.getInputStream();
                    OutputStream out = peer.getOutputStream();
                    in.readNBytes(24);
                    out.write(frame(4, 0, 0, new byte[0]));
                    out.flush();
                    boolean answered = false;
                    while (!answered) {
                        byte[] head = in.readNBytes(9);
                        if (head.length < 9) {
                            break;
                        }
                        int length = ((head[0] & 0xff) << 16) | ((head[1] & 0xff) << 8) | (head[2] & 0xff);
                        in.readNBytes(length);
                        if (head[3] == 4 && head[4] == 0) {
                            out.write(frame(4, 1, 0, new byte[0]));
                            out.flush();
                        } else if (head[3] == 1) {
                            for (byte[] each : frames) {
                                out.write(each);
                                out.flush();
                            }
                            answered = true;
                        }
                    }
                    // A close with something unread would be a reset, which overtakes what was said.
                    peer.setSoTimeout(5_000);
                    peer.shutdownOutput();
                    in.readAllBytes();
                } catch (IOException e) {
                    if (socket.isClosed()) {
                        return;
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static byte[] frame(int type, int flags, int stream, byte[] body) {
        return ByteBuffer.allocate(9 + body.length)
                .put((byte) (body.length >> 16))
                .put((byte) (body.length >> 8))
                .put((byte) body.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(body)
                .array();
    }

    /** {@code :status 200} of HPACK's static table. */
    private static final byte[] STATUS_200 = {(byte) 0x88};

    @Test
    void connectionsThatEndUnderACallAreTold() throws Exception {
        Raw lost = new Raw();
        Raw headless = new Raw(frame(1, 4, 3, STATUS_200), frame(0, 0, 3, "half".getBytes(UTF_8)));
        Raw going = new Raw(
                frame(7, 0, 0, ByteBuffer.allocate(8).putInt(0).putInt(0).array()));
        Raw internal = new Raw(frame(3, 0, 3, ByteBuffer.allocate(4).putInt(2).array()));
        TestRouter router = router(
                "/svc/lost => /$/inet/127.0.0.1/" + lost.socket.getLocalPort() + "; /svc/half => /$/inet/127.0.0.1/"
                        + headless.socket.getLocalPort() + "; /svc/going => /$/inet/127.0.0.1/"
                        + going.socket.getLocalPort() + "; /svc/internal => /$/inet/127.0.0.1/"
                        + internal.socket.getLocalPort(),
                "client: {failureAccrual: {kind: none}, requeueBudget: {minRetriesPerSec: 1, percentCanRetry: 0, ttlSecs: 3}}",
                "service: {retries: {budget: {minRetriesPerSec: 1, percentCanRetry: 0, ttlSecs: 2}}}",
                "servers: [{port: 0}]");
        Service<H2Message, H2Message> client = client(router);
        H2Message answer = call(client, "POST", "lost", "/");
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.headers().get("l5d-err").toString()).contains("no+response");
        assertThat(lost.connections)
                .as("what may have been processed is not repeated")
                .hasValue(1);
        assertThat(call(client, "GET", "lost", "/").status()).isEqualTo(502);
        assertThat(lost.connections)
                .as("unless it is idempotent, within the budget")
                .hasValue(4);

        H2Message half = call(client, "GET", "half", "/");
        assertThat(half.status()).isEqualTo(200);
        assertThatThrownBy(() -> text(half))
                .as("an answer that breaks off is never completed")
                .hasMessageContaining("code 2");

        assertThat(call(client, "POST", "going", "/").status()).isEqualTo(502);
        assertThat(going.connections)
                .as("GOAWAY says that it was not processed: again, as often as a fifth of the budget of 3 allows")
                .hasValue(2);
        assertThatThrownBy(() -> call(client, "POST", "internal", "/"))
                .satisfies(e -> assertThat(((H2Reset) e.getCause()).code()).isEqualTo(2));
    }

    @Test
    void timeoutsAndLimitsOfTheListener() throws Exception {
        BlockingQueue<String> events = new ArrayBlockingQueue<>(10);
        Listening slow = backend(request -> {
            Reply<H2Message> never = new Reply<>();
            never.onInterrupt(why -> events.add("interrupted"));
            return never;
        });
        TestRouter router = router(
                "/svc/slow => " + inet(slow) + "; /svc/late => " + inet(slow),
                "service: {kind: io.l5d.static, configs: [{prefix: /svc/slow, totalTimeoutMs: 200}]}",
                "client: {requestAttemptTimeoutMs: 700}",
                "servers: [{port: 0, serverSession: {idleTimeMs: 500}, maxHeaderListBytes: 1000}]");
        Service<H2Message, H2Message> client = client(router);
        H2Message total = call(client, "POST", "slow", "/");
        assertThat(total.status()).isEqualTo(503);
        assertThat(text(total)).contains("total timeout of PT0.2S exceeded");
        assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("interrupted");
        H2Message attempt = call(client, "POST", "late", "/");
        assertThat(text(attempt)).contains("attempt timeout of PT0.7S exceeded");

        // A head that never ends: the connection has no call, and is closed for that.
        try (Socket loris = new Socket(InetAddress.getLoopbackAddress(), router.port())) {
            loris.setSoTimeout(20_000);
            OutputStream out = loris.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(UTF_8));
            out.write(frame(4, 0, 0, new byte[0]));
            out.write(frame(1, 0, 1, new byte[] {(byte) 0x82}));
            out.flush();
            long begun = System.nanoTime();
            loris.getInputStream().readAllBytes();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(19));
        }
        H2Message fat = H2Message.request("GET", "slow", "/", Body.EMPTY);
        fat.headers().set("x-fat", "x".repeat(2_000));
        assertThatThrownBy(() -> client.call(fat).get(LONG)).isNotNull();
    }

    @Test
    void curlSpeaksToIt() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/curl")), "curl is not there: nothing is tried with it");
        Listening echo = backend(request -> Reply.of(H2Message.response(200, request.body())));
        TestRouter router = router("/svc/localhost => " + inet(echo), "servers: [{port: 0}]");
        Path body = directory.resolve("body");
        byte[] big = new byte[3_000_000];
        new java.util.Random(1).nextBytes(big);
        Files.write(body, big);
        Path out = directory.resolve("out");
        Process curl = new ProcessBuilder(
                        "/usr/bin/curl",
                        "-sS",
                        "--http2-prior-knowledge",
                        "-H",
                        "Host: localhost",
                        "--data-binary",
                        "@" + body,
                        "-o",
                        out.toString(),
                        "-w",
                        "%{http_code} %{http_version}",
                        "http://127.0.0.1:" + router.port() + "/x")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(curl.getInputStream().readAllBytes(), UTF_8)).isEqualTo("200 2");
        assertThat(curl.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readAllBytes(out)).isEqualTo(big);
    }
}
