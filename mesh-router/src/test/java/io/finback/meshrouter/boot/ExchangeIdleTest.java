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
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.thrift.LibThrift;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code exchange-idle-timeout} of routers that do not speak HTTP/1.1: calls that do not move end, those that do go on. */
@Timeout(60)
class ExchangeIdleTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @RegisterExtension
    final Closing open = new Closing();

    private TestRouter router(String protocol, int backend) throws Exception {
        return router(protocol, backend, "300 ms");
    }

    private TestRouter router(String protocol, int backend, String limit) throws Exception {
        Path yaml = directory.resolve(protocol + ".yaml");
        Files.writeString(
                yaml,
                "admin: {port: 0}\nrouters:\n- protocol: " + protocol
                        + "\n  experimental: true\n  label: r\n  dtab: /svc => /$/inet/127.0.0.1/" + backend
                        + "\n  servers: [{port: 0}]\n");
        return open.add(new TestRouter(
                "",
                Map.of("finback.router.linkerd-yaml", yaml.toString(), "finback.router.exchange-idle-timeout", limit)));
    }

    private static H2Message call(Service<H2Message, H2Message> client, Body body) throws Exception {
        return client.call(H2Message.request("POST", "web", "/", body)).get(LONG);
    }

    @Test
    void aRequestThatNobodyAnswersEnds() throws Exception {
        BlockingQueue<Throwable> interrupted = new ArrayBlockingQueue<>(10);
        var backend = open.add(H2.server().serve("127.0.0.1:0", (request, context) -> {
            Reply<H2Message> never = new Reply<>();
            never.onInterrupt(interrupted::add);
            return never;
        }));
        TestRouter router = router("h2", backend.port());
        H2Message answer =
                call(H2.client().newService("127.0.0.1:" + router.port(), "h2"), Body.of("x".getBytes(UTF_8)));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.headers().get("l5d-err")).asString().contains("nothing+moved+for+PT0.3S");
        assertThat(interrupted.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(router.node.routers().get(0).servers().get(0).listener().concurrent())
                .isZero();
    }

    /** Pieces that somebody else makes. */
    private static final class Slow implements Body {
        final BlockingQueue<Reply<Piece>> asked = new ArrayBlockingQueue<>(10);
        final BlockingQueue<Throwable> cancelled = new ArrayBlockingQueue<>(10);

        @Override
        public Reply<Piece> next() {
            Reply<Piece> reply = new Reply<>();
            asked.add(reply);
            return reply;
        }

        @Override
        public void cancel(Throwable why) {
            cancelled.add(why);
        }

        void give(String text, boolean last) throws InterruptedException {
            asked.poll(20, TimeUnit.SECONDS).complete(new Piece(new Bytes(text.getBytes(UTF_8)), last, null));
        }
    }

    @Test
    void aStreamMayTakeLongerWhileItMoves() throws Exception {
        Slow slow = new Slow();
        var backend = open.add(
                H2.server().serve("127.0.0.1:0", (request, context) -> Reply.of(H2Message.response(200, slow))));
        TestRouter router = router("h2", backend.port(), "2 s");
        H2Message answer = call(H2.client().newService("127.0.0.1:" + router.port(), "h2"), Body.EMPTY);
        long begun = System.nanoTime();
        int pieces = 0;
        while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(5)) {
            slow.give("piece", false);
            assertThat(new String(answer.body().next().get(LONG).data().array(), UTF_8))
                    .isEqualTo("piece");
            pieces++;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100)); // what is slow here is the instance
        }
        assertThat(pieces).isGreaterThan(3);
        // And now it stops.
        assertThatThrownBy(() -> answer.body().next().get(LONG)).isInstanceOf(ExecutionException.class);
        assertThat(slow.cancelled.poll(20, TimeUnit.SECONDS)).isNotNull();
        TestRouter.await(
                "no call",
                () -> router.node.routers().get(0).servers().get(0).listener().concurrent() == 0);
    }

    /** Its window is full, so that the router waits to write, not to read. */
    @Test
    void aStreamThatIsNotReadEnds() throws Exception {
        var backend = open.add(H2.server()
                .serve(
                        "127.0.0.1:0",
                        (request, context) -> Reply.of(H2Message.response(200, Body.of(new byte[3_000_000])))));
        TestRouter router = router("h2", backend.port());
        H2Message answer = call(H2.client().newService("127.0.0.1:" + router.port(), "h2"), Body.EMPTY);
        TestRouter.await(
                "no call",
                () -> router.node.routers().get(0).servers().get(0).listener().concurrent() == 0);
        assertThatThrownBy(() -> Body.whole(answer.body(), 10_000_000).get(LONG))
                .isInstanceOf(ExecutionException.class);
    }

    private static void ends(Service<byte[], byte[]> client, byte[] message) {
        assertThatThrownBy(() -> client.call(message, Context.EMPTY.withDestination("/web"))
                        .join())
                .isInstanceOfAny(Failure.class, CompletionException.class)
                .hasMessageContaining("nothing moved");
    }

    @Test
    void callsOfMuxEnd() throws Exception {
        var backend = open.add(Mux.server().serve("127.0.0.1:0", (request, context) -> new Reply<>()));
        TestRouter router = router("mux", backend.port());
        ends(Mux.client().newService("127.0.0.1:" + router.port(), "m"), new byte[10]);
    }

    @Test
    void callsOfThriftAndThriftMuxEnd() throws Exception {
        LibThrift libthrift = open.add(new LibThrift());
        var plain = open.add(Thrift.server().serve("127.0.0.1:0", (request, context) -> new Reply<>()));
        assertThatThrownBy(() -> libthrift
                        .client(router("thrift", plain.port()).port(), LibThrift.BINARY)
                        .add(1, 1))
                .hasMessageContaining("nothing moved");
        var mux = open.add(ThriftMux.server().serve("127.0.0.1:0", (request, context) -> new Reply<>()));
        byte[] message = {(byte) 0x80, 1, 0, 1, 0, 0, 0, 1, 'x', 0, 0, 0, 1, 0};
        ends(
                ThriftMux.client()
                        .newService(
                                "127.0.0.1:" + router("thriftmux", mux.port()).port(), "m"),
                message);
    }
}
