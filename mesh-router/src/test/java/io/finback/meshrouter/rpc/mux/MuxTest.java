package io.finback.meshrouter.rpc.mux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our client against our server, through sockets. */
@Timeout(60)
class MuxTest {
    private static final Service<byte[], byte[]> ECHO = Service.of(body -> body);

    private static Service<byte[], byte[]> clientOf(Listening server) {
        return Mux.client().newService("127.0.0.1:" + server.port(), "test");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @CanIgnoreReturnValue
    private static <T> T within(Reply<T> reply) throws Exception {
        return reply.get(Duration.ofSeconds(20));
    }

    @Test
    void answersManyCallsOfOneConnection() throws Exception {
        Statistics stats = new Statistics();
        try (Listening server = Mux.server().withLabel("echo").withStats(stats).serve("127.0.0.1:0", ECHO)) {
            Service<byte[], byte[]> client =
                    Mux.client().withStats(stats).newService("127.0.0.1:" + server.port(), "echo");
            List<Reply<byte[]>> replies = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                replies.add(client.call(bytes("call " + i)));
            }
            for (int i = 0; i < 1_000; i++) {
                assertThat(new String(within(replies.get(i)), UTF_8)).isEqualTo("call " + i);
            }
            assertThat(stats.count("clnt/echo/requests")).isEqualTo(1_000);
            assertThat(stats.count("clnt/echo/success")).isEqualTo(1_000);
            assertThat(stats.count("clnt/echo/connects")).isEqualTo(1);
            assertThat(stats.count("srv/echo/requests")).isEqualTo(1_000);
            assertThat(stats.gauge("srv/echo/connections")).isEqualTo(1);
            within(Reply.from(client.close(Duration.ofSeconds(1))));
        }
    }

    @Test
    void carriesEverythingThatTravelsWithACall() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(1);
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            seen.add(context);
            return Reply.of(body);
        })) {
            TraceId trace = new TraceId(7, 1, 2, 3, TraceId.SAMPLING_KNOWN | TraceId.SAMPLED);
            Context sent = Context.EMPTY
                    .withDestination("/svc/web")
                    .withTrace(trace)
                    .withDeadline(new Deadline(5, Deadline.NEVER))
                    .withClientId("me")
                    .asBackup()
                    .withDelegations(List.of(new Delegation("/svc/web", "/svc/web-v2 | ~")))
                    .withEntry("com.example.Unknown", new byte[] {1, 2, 3});
            within(clientOf(server).call(bytes("x"), sent));
            Context got = seen.take();
            assertThat(got.destination()).isEqualTo("/svc/web");
            assertThat(got.trace().orElseThrow().traceId()).isEqualTo(1);
            assertThat(got.trace().orElseThrow().traceIdHigh()).isEqualTo(7);
            assertThat(got.trace().orElseThrow().parentId()).isEqualTo(3);
            assertThat(got.trace().orElseThrow().isSampled()).isTrue();
            assertThat(got.deadline()).contains(new Deadline(5, Deadline.NEVER));
            assertThat(got.clientId()).contains("me");
            assertThat(got.isBackup()).isTrue();
            assertThat(got.retries()).isZero();
            assertThat(got.delegations()).containsExactly(new Delegation("/svc/web", "/svc/web-v2 | ~"));
            assertThat(got.entry("COM.example.unknown").orElseThrow()).containsExactly(1, 2, 3);
        }
    }

    @Test
    void cutsLongMessagesAndLetsShortOnesBetween() throws Exception {
        byte[] large = new byte[5_000_000];
        new Random(7).nextBytes(large);
        try (Listening server =
                Mux.server().with(MuxParams.WINDOW_BYTES, 10_000).serve("127.0.0.1:0", ECHO)) {
            Service<byte[], byte[]> client = Mux.client()
                    .with(MuxParams.WINDOW_BYTES, 7_000)
                    .newService("127.0.0.1:" + server.port(), "fragments");
            List<Reply<byte[]>> replies = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                replies.add(client.call(large));
                replies.add(client.call(bytes("short " + i)));
            }
            for (int i = 0; i < 4; i++) {
                assertThat(Arrays.equals(within(replies.get(2 * i)), large)).isTrue();
                assertThat(new String(within(replies.get(2 * i + 1)), UTF_8)).isEqualTo("short " + i);
            }
        }
    }

    @Test
    void discardsWhatNobodyWaitsFor() throws Exception {
        CompletableFuture<byte[]> never = new CompletableFuture<>();
        BlockingQueue<String> calls = new ArrayBlockingQueue<>(10);
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            calls.add(new String(body, UTF_8));
            return body.length == 0 ? never : Reply.of(body);
        })) {
            Service<byte[], byte[]> client = clientOf(server);
            Reply<byte[]> reply = client.call(bytes(""));
            assertThat(calls.poll(20, TimeUnit.SECONDS)).isEmpty();
            reply.interrupt(new Failure("enough", 0));
            assertThatThrownBy(() -> within(reply)).hasRootCauseMessage("enough");
            assertThatThrownBy(() -> never.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(java.util.concurrent.CancellationException.class);
            assertThat(within(client.call(bytes("next")))).isEqualTo(bytes("next"));
        }
    }

    @Test
    void refusesBeyondTheLimitAndClientsGoElsewhere() throws Exception {
        Statistics stats = new Statistics();
        Reply<byte[]> held = new Reply<>();
        CountDownLatch taken = new CountDownLatch(1);
        try (Listening full = Mux.server().withConcurrencyLimit(1, 0).serve("127.0.0.1:0", (body, context) -> {
                    taken.countDown();
                    return held;
                });
                Listening free = Mux.server().serve("127.0.0.1:0", ECHO)) {
            // The only place of the full one is taken.
            Reply<byte[]> first = clientOf(full).call(bytes("holds"));
            assertThat(taken.await(20, TimeUnit.SECONDS)).isTrue();
            Service<byte[], byte[]> alone = clientOf(full);
            Reply<byte[]> refused = alone.call(bytes("x"));
            assertThatThrownBy(() -> within(refused)).hasRootCauseInstanceOf(Failure.class);
            Service<byte[], byte[]> both = Mux.client()
                    .withStats(stats)
                    .newService("127.0.0.1:" + full.port() + ",127.0.0.1:" + free.port(), "both");
            for (int i = 0; i < 50; i++) {
                assertThat(within(both.call(bytes("y")))).isEqualTo(bytes("y"));
            }
            assertThat(stats.count("clnt/both/retries/requeues")).isPositive();
            held.complete(bytes("done"));
            assertThat(within(first)).isEqualTo(bytes("done"));
        }
    }

    @Test
    void drainsWithoutLosingACall() throws Exception {
        Reply<byte[]> held = new Reply<>();
        Listening old = Mux.server().serve("127.0.0.1:0", (body, context) -> body.length == 0 ? held : Reply.of(body));
        try (Listening other = Mux.server().serve("127.0.0.1:0", ECHO)) {
            Service<byte[], byte[]> toOld = clientOf(old);
            assertThat(within(toOld.call(bytes("warm")))).isEqualTo(bytes("warm"));
            Service<byte[], byte[]> both =
                    Mux.client().newService("127.0.0.1:" + old.port() + ",127.0.0.1:" + other.port(), "both");
            for (int i = 0; i < 20; i++) {
                within(both.call(bytes("warm")));
            }
            Reply<byte[]> underWay = toOld.call(bytes(""));
            within(toOld.call(bytes("behind it")));
            Reply<Void> closed = Reply.from(old.close(Duration.ofSeconds(20)));
            for (int i = 0; i < 500; i++) {
                assertThat(within(both.call(bytes("during")))).isEqualTo(bytes("during"));
            }
            assertThat(closed.isDone()).isFalse();
            held.complete(bytes("late"));
            assertThat(within(underWay)).isEqualTo(bytes("late"));
            within(closed);
        }
    }

    @Test
    void failuresOfTheApplicationKeepTheirWordsAndAreNotRepeated() throws Exception {
        Statistics stats = new Statistics();
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            throw new IllegalStateException("no such thing");
        })) {
            Service<byte[], byte[]> client =
                    Mux.client().withStats(stats).newService("127.0.0.1:" + server.port(), "failing");
            assertThatThrownBy(() -> client.call(bytes("x")).join())
                    .isInstanceOf(Failure.ServerApplication.class)
                    .hasMessage("java.lang.IllegalStateException: no such thing");
            assertThat(stats.count("clnt/failing/requests")).isEqualTo(1);
            assertThat(stats.count("clnt/failing/failures")).isEqualTo(1);
        }
    }

    @Test
    void timesOutAndTellsTheDeadline() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(4);
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            seen.add(context);
            return new Reply<>();
        })) {
            Service<byte[], byte[]> client = Mux.client()
                    .withRequestTimeout(Duration.ofMillis(100))
                    .newService("127.0.0.1:" + server.port(), "slow");
            long before = Deadline.now();
            assertThatThrownBy(() -> client.call(bytes("x")).join())
                    .isInstanceOf(Failure.TimedOut.class)
                    .hasMessage("request to slow took longer than 100 ms");
            Deadline deadline = seen.take().deadline().orElseThrow();
            assertThat(deadline.deadlineNanos() - deadline.timestampNanos()).isEqualTo(100_000_000);
            assertThat(deadline.timestampNanos()).isGreaterThanOrEqualTo(before - 1_000_000);
        }
    }

    @Test
    void aSilentServerIsFoundByPings() throws Exception {
        try (java.net.ServerSocket silent = new java.net.ServerSocket(0)) {
            Service<byte[], byte[]> client = Mux.client()
                    .with(
                            MuxParams.PINGS,
                            Optional.of(new MuxParams.Pings(Duration.ofMillis(50), Duration.ofMillis(50))))
                    .newService("127.0.0.1:" + silent.getLocalPort(), "silent");
            Reply<byte[]> reply = client.call(bytes("x"));
            try (java.net.Socket socket = silent.accept()) {
                // Not a Mux server's answer to the probe: the session begins without a handshake, and then nothing.
                socket.getOutputStream().write(new byte[] {0, 0, 0, 4, 65, 0, 0, 1});
                assertThatThrownBy(() -> within(reply))
                        .hasRootCauseInstanceOf(Failure.ChannelClosed.class)
                        .hasMessageContaining("no answer to a ping within 50 ms");
            }
        }
    }

    @Test
    void aLeaseThatIsOverMakesTheEndpointBusy() throws Exception {
        try (Listening server = Mux.server()
                .with(MuxParams.LEASE, Optional.of(Duration.ofMillis(1)))
                .serve("127.0.0.1:0", ECHO)) {
            Statistics stats = new Statistics();
            Service<byte[], byte[]> client =
                    Mux.client().withStats(stats).newService("127.0.0.1:" + server.port(), "leased");
            within(client.call(bytes("x")));
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (client.status() != Status.BUSY && System.nanoTime() < limit) {
                within(client.call(bytes("x")));
            }
            assertThat(client.status()).isEqualTo(Status.BUSY);
            assertThat(stats.count("clnt/leased/mux/leased")).isPositive();
        }
    }

    @Test
    void nobodyListensThere() {
        Service<byte[], byte[]> client =
                Mux.client().with(ClientParams.FAIL_FAST, false).newService("127.0.0.1:1", "nowhere");
        assertThatThrownBy(() -> client.call(bytes("x")).join())
                .isInstanceOf(Failure.NotConnected.class)
                .hasMessageContaining("127.0.0.1:1");
    }
}
