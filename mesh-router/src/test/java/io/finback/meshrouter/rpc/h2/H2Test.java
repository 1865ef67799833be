package io.finback.meshrouter.rpc.h2;

import static io.finback.meshrouter.rpc.h2.GrpcService.BIDI;
import static io.finback.meshrouter.rpc.h2.GrpcService.UNARY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.Closing;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.TestKey;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 against ourselves and against gRPC-Java, which nobody here wrote, both directions. */
@Timeout(120)
class H2Test {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final Closing open = new Closing();

    private Listening serve(Service<H2Message, H2Message> service) {
        Listening server = H2.server().serve("127.0.0.1:0", service);
        open.add(server);
        return server;
    }

    private static Service<H2Message, H2Message> clientOf(int port) {
        return H2.client().newService("127.0.0.1:" + port, "h2");
    }

    @CanIgnoreReturnValue
    private static <T> T within(Reply<T> reply) throws Exception {
        return reply.get(LONG);
    }

    private static byte[] whole(H2Message message) throws Exception {
        return within(Body.whole(message.body(), 100 << 20)).data().array();
    }

    private static Service<H2Message, H2Message> echo() {
        return Service.of(request -> H2Message.response(200, request.body()));
    }

    @Test
    void bodiesStreamBothWaysWithTrailers() throws Exception {
        Listening server = serve((request, context) -> Body.whole(request.body(), 100 << 20)
                .map(all -> H2Message.response(
                        200, Body.of(all.data().array(), new DefaultHttp2Headers().add("sum", "7")))));
        Service<H2Message, H2Message> client = clientOf(server.port());
        byte[] large = new byte[3_000_000];
        new Random(3).nextBytes(large);
        for (byte[] body : List.of(new byte[0], "hello".getBytes(UTF_8), large)) {
            H2Message answer = within(client.call(H2Message.request("POST", "x", "/a", Body.of(body))));
            assertThat(answer.status()).isEqualTo(200);
            Body.Piece all = within(Body.whole(answer.body(), 100 << 20));
            assertThat(Arrays.equals(all.data().array(), body)).isTrue();
            assertThat(all.trailers()).isNotNull();
            assertThat(all.trailers().get("sum")).hasToString("7");
        }
        byte[] echoed = whole(
                within(clientOf(serve(echo()).port()).call(H2Message.request("POST", "x", "/a", Body.of(large)))));
        assertThat(Arrays.equals(echoed, large)).isTrue();
    }

    @Test
    void whatTravelsWithCallsGoesInHeaders() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(10);
        Listening server = serve((request, context) -> {
            seen.add(context);
            return Reply.of(H2Message.response(204, Body.EMPTY));
        });
        Context context = Context.EMPTY.withDeadline(new Deadline(5, 4_000_000_000_000_000_000L));
        assertThat(within(clientOf(server.port()).call(H2Message.request("GET", "x", "/", Body.EMPTY), context))
                        .status())
                .isEqualTo(204);
        Context got = seen.take();
        assertThat(got.deadline()).contains(new Deadline(5, 4_000_000_000_000_000_000L));
        assertThat(got.trace()).isPresent();
        assertThat(got.retries()).isZero();
    }

    @Test
    void refusedStreamsAreRepeatedAndErrorsAreAnswered() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Listening server = serve((request, context) -> {
            if (calls.incrementAndGet() < 3) {
                return Reply.failed(Failure.rejected("busy"));
            }
            if (calls.get() == 4) {
                throw new IllegalStateException("broken");
            }
            return Reply.of(H2Message.response(200, Body.EMPTY));
        });
        Statistics stats = new Statistics();
        Service<H2Message, H2Message> client =
                H2.client().withStats(stats).newService("127.0.0.1:" + server.port(), "h2");
        assertThat(within(client.call(H2Message.request("GET", "x", "/", Body.EMPTY)))
                        .status())
                .isEqualTo(200);
        assertThat(stats.count("clnt/h2/retries/requeues")).isEqualTo(2);
        assertThat(within(client.call(H2Message.request("GET", "x", "/", Body.EMPTY)))
                        .status())
                .isEqualTo(500);
    }

    /** A body without end; its reader decides how much of it is made. */
    private static Body endless(AtomicInteger pieces) {
        return () -> {
            pieces.incrementAndGet();
            return Reply.of(new Body.Piece(new Body.Bytes(new byte[10_000]), false, null));
        };
    }

    @Test
    void aReaderThatWaitsMakesTheWriterWait() throws Exception {
        AtomicInteger pieces = new AtomicInteger();
        Listening server = serve(Service.of(request -> H2Message.response(200, endless(pieces))));
        H2Message answer = within(clientOf(server.port()).call(H2Message.request("GET", "x", "/", Body.EMPTY)));
        int before = -1;
        while (before != pieces.get()) {
            before = pieces.get();
            // Nothing more is made: there is nothing to wait for but time.
            java.util.concurrent.locks.LockSupport.parkNanos(200_000_000);
        }
        assertThat(pieces.get()).isLessThan(30);
        for (int i = 0; i < 100; i++) {
            within(answer.body().next());
        }
        assertThat(pieces.get()).isGreaterThan(before);
        answer.body().cancel(new Failure("enough", 0));
    }

    @Test
    void aCallThatIsGivenUpIsInterruptedThere() throws Exception {
        Reply<H2Message> never = new Reply<>();
        BlockingQueue<Throwable> interrupted = new ArrayBlockingQueue<>(10);
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        never.onInterrupt(interrupted::add);
        Listening server = serve((request, context) -> {
            begun.add("begun");
            return never;
        });
        Reply<H2Message> reply = clientOf(server.port()).call(H2Message.request("GET", "x", "/", Body.EMPTY));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        reply.interrupt(new Failure("enough", 0));
        assertThat(interrupted.poll(20, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void drainsWithoutLosingACall() throws Exception {
        Reply<H2Message> held = new Reply<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        Listening old = serve((request, context) -> {
            begun.add("begun");
            return held;
        });
        Reply<H2Message> underWay = clientOf(old.port()).call(H2Message.request("GET", "x", "/", Body.EMPTY));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        Reply<?> closed = Reply.from(old.close(LONG));
        held.complete(H2Message.response(200, Body.of("late".getBytes(UTF_8))));
        assertThat(whole(within(underWay))).isEqualTo("late".getBytes(UTF_8));
        assertThat(closed.get(LONG)).isNull();
    }

    @Test
    void streamsBeyondTheLimitWaitAndSomeMoreAreRefused() throws Exception {
        Reply<H2Message> held = new Reply<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        Listening server = H2.server().with(H2Params.MAX_STREAMS, 1).serve("127.0.0.1:0", (request, context) -> {
            if ("/first".contentEquals(request.headers().path())) {
                return Reply.of(H2Message.response(200, Body.EMPTY));
            }
            begun.add("begun");
            return held;
        });
        open.add(server);
        Statistics stats = new Statistics();
        Service<H2Message, H2Message> client = H2.client()
                .with(H2Params.MAX_WAITING, 1)
                .withStats(stats)
                .withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService("127.0.0.1:" + server.port(), "h2");
        // Until the server's settings have come a client may begin a hundred.
        assertThat(within(client.call(H2Message.request("GET", "x", "/first", Body.EMPTY)))
                        .status())
                .isEqualTo(200);
        Reply<H2Message> first = client.call(H2Message.request("GET", "x", "/", Body.EMPTY));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        Reply<H2Message> second = client.call(H2Message.request("GET", "x", "/", Body.EMPTY));
        assertThatThrownBy(() -> within(client.call(H2Message.request("GET", "x", "/", Body.EMPTY))))
                .hasMessageContaining("more than 1 calls wait");
        assertThat(stats.count("clnt/h2/retries/budget_exhausted") + stats.count("clnt/h2/retries/request_limit"))
                .isPositive();
        assertThat(begun).isEmpty();
        held.complete(H2Message.response(200, Body.EMPTY));
        assertThat(within(first).status()).isEqualTo(200);
        assertThat(within(second).status()).isEqualTo(200);
        assertThat(within(client.call(H2Message.request("GET", "x", "/", Body.EMPTY)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void alpnChoosesIt(@TempDir Path directory) throws Exception {
        TestKey key = TestKey.make(directory);
        ApplicationProtocolConfig alpn = new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                "h2");
        Listening server = H2.server()
                .with(
                        H2Params.TLS,
                        Optional.of(key.server().applicationProtocolConfig(alpn).build()))
                .serve("127.0.0.1:0", echo());
        open.add(server);
        Service<H2Message, H2Message> client = H2.client()
                .with(
                        H2Params.TLS,
                        Optional.of(key.client().applicationProtocolConfig(alpn).build()))
                .newService("127.0.0.1:" + server.port(), "h2");
        assertThat(whole(within(client.call(H2Message.request("POST", "x", "/", Body.of(new byte[50_000]))))))
                .hasSize(50_000);
        Service<H2Message, H2Message> without = H2.client()
                .with(H2Params.TLS, Optional.of(key.client().build()))
                .newService("127.0.0.1:" + server.port(), "h2");
        assertThatThrownBy(() -> without.call(H2Message.request("GET", "x", "/", Body.EMPTY))
                        .join())
                .isInstanceOf(Failure.NotConnected.class);
    }

    private ManagedChannel grpc(int port) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .directExecutor()
                .build();
        open.add(channel::shutdownNow);
        return channel;
    }

    /** Refuses a message with nothing in it. */
    private int grpcServer() throws IOException {
        return open.add(new GrpcService((request, answers) -> {
                    if (request.length == 0) {
                        answers.onError(Status.INVALID_ARGUMENT
                                .withDescription("nothing there")
                                .asRuntimeException());
                    } else {
                        GrpcService.echo(request, answers);
                    }
                }))
                .port();
    }

    private static Http2Headers grpcStatus(String code) {
        return new DefaultHttp2Headers().add("grpc-status", code);
    }

    @Test
    void grpcsClientCallsOurServer() {
        Listening server = serve((request, context) -> {
            H2Message answer = H2Message.response(200, Body.EMPTY);
            answer.headers().set("content-type", "application/grpc");
            return Body.whole(request.body(), 10 << 20)
                    .map(all -> new H2Message(
                            answer.headers(),
                            all.data().array().length == 5
                                    ? Body.of(new byte[0], grpcStatus("3"))
                                    : Body.of(all.data().array(), grpcStatus("0"))));
        });
        ManagedChannel channel = grpc(server.port());
        byte[] body = new byte[200_000];
        for (int i = 0; i < 20; i++) {
            assertThat(ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, body))
                    .isEqualTo(body);
        }
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, new byte[0]))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
    }

    private static byte[] grpcMessage(byte[] body) {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) 0)
                .putInt(body.length)
                .put(body)
                .array();
    }

    private static H2Message grpcCall(String method, Body body) {
        H2Message request = H2Message.request("POST", "x", "/test.Echo/" + method, body);
        request.headers().set("content-type", "application/grpc").set("te", "trailers");
        return request;
    }

    @Test
    void ourClientCallsGrpcsServer() throws Exception {
        Service<H2Message, H2Message> client = clientOf(grpcServer());
        byte[] message = grpcMessage(new byte[300_000]);
        for (int i = 0; i < 20; i++) {
            H2Message answer = within(client.call(grpcCall("unary", Body.of(message))));
            Body.Piece all = within(Body.whole(answer.body(), 10 << 20));
            assertThat(Arrays.equals(all.data().array(), message)).isTrue();
            assertThat(all.trailers().get("grpc-status")).hasToString("0");
        }
        H2Message refused = within(client.call(grpcCall("unary", Body.of(grpcMessage(new byte[0])))));
        assertThat(refused.headers().get("grpc-status")).hasToString("3");
        assertThat(refused.headers().get("grpc-message")).hasToString("nothing there");
    }

    /** gRPC's client, our server and our client between, gRPC's server: a proxy that knows nothing of gRPC. */
    @Test
    void grpcPassesThroughInStreams() throws Exception {
        Service<H2Message, H2Message> behind = clientOf(grpcServer());
        Listening proxy = serve((request, context) -> behind.call(request, context));
        ManagedChannel channel = grpc(proxy.port());
        assertThat(ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, new byte[100_000]))
                .hasSize(100_000);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, new byte[0]))
                .hasMessageContaining("nothing there");
        BlockingQueue<String> got = new ArrayBlockingQueue<>(1_000);
        StreamObserver<byte[]> requests =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(BIDI, CallOptions.DEFAULT), new StreamObserver<>() {
                    @Override
                    public void onNext(byte[] value) {
                        got.add(new String(value, UTF_8));
                    }

                    @Override
                    public void onError(Throwable failure) {
                        got.add("failed: " + failure);
                    }

                    @Override
                    public void onCompleted() {
                        got.add("completed");
                    }
                });
        for (int i = 0; i < 50; i++) {
            requests.onNext(("message " + i).getBytes(UTF_8));
            // Each is answered before the next one is sent: nothing is collected on the way.
            assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("message " + i);
        }
        requests.onCompleted();
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("completed");
    }

    private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] body) throws IOException {
        out.write(new byte[] {(byte) (body.length >> 16), (byte) (body.length >> 8), (byte) body.length});
        out.writeByte(type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(body);
    }

    /** What GOAWAY a connection gets that sends {@code flood}. */
    private static int goAway(Listening server, Flood flood) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(UTF_8));
            frame(out, 4, 0, 0, new byte[0]);
            try {
                flood.send(out);
                out.flush();
            } catch (IOException e) {
                // It closed before all was sent.
            }
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                byte[] rest = in.readNBytes(5 + length);
                if (type == 7) {
                    return ByteBuffer.wrap(rest).getInt(5 + 4);
                }
            }
        }
    }

    private interface Flood {
        void send(DataOutputStream out) throws IOException;
    }

    /** GET / with nothing else, from the static table of HPACK. */
    private static final byte[] GET = {(byte) 0x82, (byte) 0x84, (byte) 0x86};

    @Test
    void floodsEndTheConnection() throws Exception {
        Reply<H2Message> never = new Reply<>();
        Listening server = serve((request, context) -> never);
        int enhanceYourCalm = 11;
        assertThat(goAway(server, out -> {
                    for (int i = 0; i < 1_000; i++) {
                        frame(out, 1, 5, 2 * i + 1, GET);
                        frame(out, 3, 0, 2 * i + 1, new byte[4]);
                    }
                }))
                .as("resets")
                .isEqualTo(enhanceYourCalm);
        assertThat(goAway(server, out -> {
                    frame(out, 1, 0, 1, GET);
                    for (int i = 0; i < 1_000; i++) {
                        frame(out, 9, 0, 1, new byte[0]);
                    }
                }))
                .as("continuations")
                .isEqualTo(enhanceYourCalm);
        assertThat(goAway(server, out -> {
                    frame(out, 1, 4, 1, GET);
                    frame(out, 8, 0, 0, new byte[] {0x7f, -1, -1, -1});
                }))
                .as("window of more than 2^31-1")
                .isEqualTo(3);
        // Others are served all the while.
        assertThat(within(clientOf(serve(echo()).port()).call(H2Message.request("GET", "x", "/", Body.EMPTY)))
                        .status())
                .isEqualTo(200);
    }
}
