package io.finback.meshrouter.rpc.mux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.twitter.finagle.Dtab;
import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.Path;
import com.twitter.finagle.context.Contexts;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Requests;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.finagle.tracing.Trace;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Duration;
import com.twitter.util.Future;
import com.twitter.util.Promise;
import com.twitter.util.StorageUnit;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against Finagle's own Mux 24.2.0, which nobody here wrote: our client with its server, and its client with ours. */
@Timeout(120)
@SuppressWarnings("deprecation") // Bufs are what Java can say of Finagle's buffers
class FinagleMuxTest {
    private static final Duration LONG = Duration.fromSeconds(20);

    private interface Handler {
        Future<Response> handle(Request request) throws Exception;
    }

    private static com.twitter.finagle.Service<Request, Response> finagle(Handler handler) {
        return new com.twitter.finagle.Service<>() {
            @Override
            public Future<Response> apply(Request request) {
                try {
                    return handler.handle(request);
                } catch (Exception e) {
                    return Future.exception(e);
                }
            }
        };
    }

    /** Finagle takes seconds to begin with on a busy machine. */
    private static Client<byte[], byte[]> patient() {
        return Mux.client().withConnectTimeout(java.time.Duration.ofSeconds(30));
    }

    private static String address(ListeningServer server) {
        return "127.0.0.1:" + ((InetSocketAddress) server.boundAddress()).getPort();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @CanIgnoreReturnValue
    private static <T> T within(Reply<T> reply) throws Exception {
        return reply.get(java.time.Duration.ofSeconds(20));
    }

    private static Future<Response> echo(Request request) {
        return Future.value(Responses.make(request.body()));
    }

    @Test
    void ourClientCallsFinaglesServer() throws Exception {
        ListeningServer server = com.twitter.finagle.Mux.serve("127.0.0.1:0", finagle(FinagleMuxTest::echo));
        Service<byte[], byte[]> client = patient().newService(address(server), "finagle");
        List<Reply<byte[]>> replies = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            replies.add(client.call(bytes("call " + i)));
        }
        for (int i = 0; i < 500; i++) {
            assertThat(new String(within(replies.get(i)), UTF_8)).isEqualTo("call " + i);
        }
        Await.result(server.close(), LONG);
    }

    @Test
    void finaglesServerSeesWhatTravelsWithOurCalls() throws Exception {
        BlockingQueue<String> seen = new ArrayBlockingQueue<>(10);
        ListeningServer server = com.twitter.finagle.Mux.serve("127.0.0.1:0", finagle(request -> {
            seen.add(request.destination().show());
            seen.add(Dtab.local().show());
            seen.add(Trace.id().traceId().toString() + " " + Trace.id().parentId() + " "
                    + Trace.id().sampled());
            seen.add(com.twitter.finagle.context.Deadline.current()
                            .get()
                            .deadline()
                            .inNanoseconds() + "");
            return echo(request);
        }));
        Service<byte[], byte[]> client = patient().newService(address(server), "finagle");
        Context context = Context.EMPTY
                .withDestination("/svc/web")
                .withDelegations(List.of(new Delegation("/svc/web", "/svc/web-v2 | ~")))
                .withDeadline(new io.finback.meshrouter.rpc.Deadline(1_000, 4_000_000_000_000_000_000L))
                .withTrace(new TraceId(0, 0xabc, 1, 2, TraceId.SAMPLING_KNOWN));
        within(client.call(bytes("x"), context));
        assertThat(seen.take()).isEqualTo("/svc/web");
        assertThat(seen.take()).isEqualTo("/svc/web=>/svc/web-v2 | ~");
        assertThat(seen.take()).isEqualTo("0000000000000abc 0000000000000002 Some(false)");
        assertThat(seen.take()).isEqualTo("4000000000000000000");
        Await.result(server.close(), LONG);
    }

    @Test
    void finaglesNacksAreRepeatedAndItsErrorsAreNot() throws Exception {
        Statistics stats = new Statistics();
        int[] calls = new int[1];
        ListeningServer server = com.twitter.finagle.Mux.serve("127.0.0.1:0", finagle(request -> {
            calls[0]++;
            if (Bufs.asUtf8String(request.body()).equals("error")) {
                throw new IllegalStateException("no such thing");
            }
            return calls[0] < 3 ? Future.exception(com.twitter.finagle.Failure.rejected("busy")) : echo(request);
        }));
        Service<byte[], byte[]> client = patient().withStats(stats).newService(address(server), "finagle");
        assertThat(within(client.call(bytes("x")))).isEqualTo(bytes("x"));
        assertThat(stats.count("clnt/finagle/retries/requeues")).isEqualTo(2);
        assertThatThrownBy(() -> client.call(bytes("error")).join())
                .isInstanceOf(Failure.ServerApplication.class)
                .hasMessageContaining("no such thing");
        assertThat(calls[0]).isEqualTo(4);
        Await.result(server.close(), LONG);
    }

    @Test
    void ourDiscardsInterruptFinaglesWork() throws Exception {
        Promise<Response> never = new Promise<>();
        BlockingQueue<String> interrupts = new ArrayBlockingQueue<>(10);
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        never.setInterruptHandler(new scala.runtime.AbstractPartialFunction<Throwable, scala.runtime.BoxedUnit>() {
            @Override
            public boolean isDefinedAt(Throwable why) {
                return true;
            }

            @Override
            public scala.runtime.BoxedUnit apply(Throwable why) {
                interrupts.add(String.valueOf(why.getMessage()));
                return scala.runtime.BoxedUnit.UNIT;
            }
        });
        ListeningServer server = com.twitter.finagle.Mux.serve("127.0.0.1:0", finagle(request -> {
            begun.add("begun");
            return request.body().isEmpty() ? never : echo(request);
        }));
        Service<byte[], byte[]> client = patient().newService(address(server), "finagle");
        Reply<byte[]> reply = client.call(new byte[0]);
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        reply.interrupt(new Failure("enough", 0));
        assertThat(interrupts.poll(20, TimeUnit.SECONDS)).contains("enough");
        assertThat(within(client.call(bytes("next")))).isEqualTo(bytes("next"));
        Await.result(server.close(), LONG);
    }

    @Test
    void fragmentsBothWaysWithFinaglesServer() throws Exception {
        byte[] large = new byte[3_000_000];
        new Random(11).nextBytes(large);
        ListeningServer server = ((com.twitter.finagle.Mux.Server) com.twitter.finagle.Mux.server()
                        .configured(new com.twitter.finagle.Mux$param$MaxFrameSize(StorageUnit.fromBytes(5_000)).mk()))
                .serve("127.0.0.1:0", finagle(FinagleMuxTest::echo));
        Service<byte[], byte[]> client =
                patient().with(MuxParams.WINDOW_BYTES, 9_000).newService(address(server), "finagle");
        Reply<byte[]> first = client.call(large);
        Reply<byte[]> second = client.call(large);
        assertThat(within(client.call(bytes("short")))).isEqualTo(bytes("short"));
        assertThat(Arrays.equals(within(first), large)).isTrue();
        assertThat(Arrays.equals(within(second), large)).isTrue();
        Await.result(server.close(), LONG);
    }

    @Test
    void finaglesDrainLosesNoCallOfOurs() throws Exception {
        Promise<Response> held = new Promise<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        ListeningServer server = com.twitter.finagle.Mux.serve("127.0.0.1:0", finagle(request -> {
            begun.add("begun");
            return held;
        }));
        Statistics stats = new Statistics();
        Service<byte[], byte[]> client = patient().withStats(stats).newService(address(server), "finagle");
        Reply<byte[]> reply = client.call(bytes("x"));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        Future<?> closed = server.close(LONG);
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (stats.count("clnt/finagle/mux/draining") == 0 && System.nanoTime() < limit) {
            Thread.onSpinWait();
        }
        held.setValue(Responses.make(Bufs.utf8Buf("late")));
        assertThat(within(reply)).isEqualTo(bytes("late"));
        Await.result(closed, LONG);
        assertThat(stats.count("clnt/finagle/mux/drained")).isEqualTo(1);
    }

    @Test
    void finaglesClientCallsOurServer() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(1_000);
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            boolean unused = seen.offer(context);
            return Reply.of(body);
        })) {
            com.twitter.finagle.Service<Request, Response> client =
                    com.twitter.finagle.Mux.newService("127.0.0.1:" + server.port());
            List<Future<Response>> replies = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                replies.add(client.apply(Requests.make(Path.read("/a/b"), Bufs.utf8Buf("call " + i))));
            }
            for (int i = 0; i < 500; i++) {
                assertThat(Bufs.asUtf8String(Await.result(replies.get(i), LONG).body()))
                        .isEqualTo("call " + i);
            }
            Context first = seen.take();
            assertThat(first.destination()).isEqualTo("/a/b");
            assertThat(first.trace()).isPresent();
            assertThat(first.retries()).isZero();

            seen.clear();
            Future<Response> delegated = Dtab.unwind(() -> {
                Dtab.setLocal(Dtab.read("/a => /c | /d"));
                return Contexts.broadcast()
                        .let(
                                com.twitter.finagle.context.Deadline$.MODULE$,
                                com.twitter.finagle.context.Deadline.ofTimeout(Duration.fromSeconds(30)),
                                () -> client.apply(Requests.make(Bufs.utf8Buf("x"))));
            });
            Await.result(delegated, LONG);
            Context second = seen.take();
            assertThat(second.delegations()).containsExactly(new Delegation("/a", "/c | /d"));
            assertThat(second.deadline()).isPresent();
            Await.result(client.close(), LONG);
        }
    }

    @Test
    void finaglesClientUnderstandsOurRefusalsErrorsAndDrain() throws Exception {
        int[] calls = new int[1];
        Reply<byte[]> held = new Reply<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            calls[0]++;
            return switch (new String(body, UTF_8)) {
                case "refused twice" -> calls[0] < 3 ? Reply.failed(Failure.rejected("busy")) : Reply.of(body);
                case "error" -> Reply.failed(new IllegalStateException("no such thing"));
                default -> {
                    begun.add("begun");
                    yield held;
                }
            };
        });
        com.twitter.finagle.Service<Request, Response> client =
                com.twitter.finagle.Mux.newService("127.0.0.1:" + server.port());
        assertThat(Bufs.asUtf8String(Await.result(client.apply(Requests.make(Bufs.utf8Buf("refused twice"))), LONG)
                        .body()))
                .isEqualTo("refused twice");
        assertThat(calls[0]).isEqualTo(3);
        assertThatThrownBy(() -> Await.result(client.apply(Requests.make(Bufs.utf8Buf("error"))), LONG))
                .hasMessageContaining("no such thing");
        Future<Response> underWay = client.apply(Requests.make(Bufs.utf8Buf("held")));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        Reply<Void> closed = Reply.from(server.close(java.time.Duration.ofSeconds(20)));
        held.complete(bytes("late"));
        assertThat(Bufs.asUtf8String(Await.result(underWay, LONG).body())).isEqualTo("late");
        within(closed);
    }

    @Test
    void finaglesDiscardsInterruptOurWork() throws Exception {
        CompletableFuture<byte[]> never = new CompletableFuture<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            begun.add("begun");
            return never;
        })) {
            com.twitter.finagle.Service<Request, Response> client =
                    com.twitter.finagle.Mux.newService("127.0.0.1:" + server.port());
            Future<Response> reply = client.apply(Requests.make(Bufs.utf8Buf("x")));
            assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
            reply.raise(new Exception("enough"));
            assertThatThrownBy(() -> never.get(20, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void fragmentsBothWaysWithFinaglesClient() throws Exception {
        byte[] large = new byte[3_000_000];
        new Random(13).nextBytes(large);
        try (Listening server =
                Mux.server().with(MuxParams.WINDOW_BYTES, 6_000).serve("127.0.0.1:0", Service.of(body -> body))) {
            com.twitter.finagle.Service<Request, Response> client = ((com.twitter.finagle.Mux.Client)
                            com.twitter.finagle.Mux.client()
                                    .configured(
                                            new com.twitter.finagle.Mux$param$MaxFrameSize(StorageUnit.fromBytes(5_000))
                                                    .mk()))
                    .newService("127.0.0.1:" + server.port());
            Future<Response> first = client.apply(Requests.make(Bufs.sharedBuf(large)));
            Future<Response> second = client.apply(Requests.make(Bufs.sharedBuf(large)));
            assertThat(Arrays.equals(
                            Bufs.sharedByteArray(Await.result(first, LONG).body()), large))
                    .isTrue();
            assertThat(Arrays.equals(
                            Bufs.sharedByteArray(Await.result(second, LONG).body()), large))
                    .isTrue();
        }
    }
}
