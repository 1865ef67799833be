package io.finback.meshrouter.boot;

import static io.finback.meshrouter.rpc.h2.GrpcService.BIDI;
import static io.finback.meshrouter.rpc.h2.GrpcService.DOWN;
import static io.finback.meshrouter.rpc.h2.GrpcService.UNARY;
import static io.finback.meshrouter.rpc.h2.GrpcService.UP;
import static io.finback.meshrouter.rpc.h2.GrpcService.observer;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.h2.GrpcService;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A router with {@code protocol: h2} between gRPC-Java's own clients and servers. */
@Timeout(120)
class GrpcRouterTest {
    @TempDir
    Path directory;

    @RegisterExtension
    final Closing open = new Closing();

    @BeforeEach
    void disco() throws IOException {
        Files.createDirectories(directory.resolve("disco"));
    }

    private TestRouter router(String dtab, String... lines) throws IOException {
        TestRouter router = TestRouter.linkerd(
                directory.resolve("linkerd.yaml"),
                "admin: {port: 0}\nnamers: [{kind: io.l5d.fs, rootDir: " + directory.resolve("disco")
                        + "}]\nrouters:\n- protocol: h2\n  label: g\n  identifier: {kind: io.l5d.header.path, segments: 1}\n"
                        + "  dtab: " + dtab + "\n  servers: [{port: 0}]\n  " + String.join("\n  ", lines) + "\n");
        open.add(router);
        return router;
    }

    private GrpcService backend(ServerCalls.UnaryMethod<byte[], byte[]> unary) throws IOException {
        return open.add(new GrpcService(unary));
    }

    private static String inet(GrpcService backend) {
        return "/$/inet/127.0.0.1/" + backend.port();
    }

    private void register(GrpcService... backends) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (GrpcService backend : backends) {
            lines.append("127.0.0.1 ").append(backend.port()).append('\n');
        }
        Files.writeString(directory.resolve("disco/echo"), lines.toString());
    }

    private ManagedChannel channel(TestRouter router) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", router.port())
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
        open.add(channel::shutdownNow);
        return channel;
    }

    private static byte[] unary(ManagedChannel channel, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                channel, UNARY, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), request);
    }

    private static Status status(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        Throwable failure = org.assertj.core.api.Assertions.catchThrowable(call);
        assertThat(failure).isInstanceOf(StatusRuntimeException.class);
        return ((StatusRuntimeException) failure).getStatus();
    }

    @Test
    void allKindsOfCallsPass() throws Exception {
        GrpcService backend = backend(GrpcService::echo);
        TestRouter router = router("/svc/test.Echo => " + inet(backend));
        ManagedChannel channel = channel(router);
        for (int i = 0; i < 200; i++) {
            assertThat(unary(channel, ("call " + i).getBytes(UTF_8))).isEqualTo(("call " + i).getBytes(UTF_8));
        }
        byte[] big = new byte[5_000_000];
        big[4_000_000] = 7;
        assertThat(unary(channel, big)).isEqualTo(big);

        Iterator<byte[]> down = ClientCalls.blockingServerStreamingCall(
                channel, DOWN, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), "100 1000".getBytes(UTF_8));
        int count = 0;
        while (down.hasNext()) {
            assertThat(down.next()).hasSize(1_000);
            count++;
        }
        assertThat(count).isEqualTo(100);

        BlockingQueue<String> got = new ArrayBlockingQueue<>(100);
        StreamObserver<byte[]> heard = observer(
                value -> got.add(new String(value, UTF_8)), () -> got.add("completed"), e -> got.add("failed: " + e));
        StreamObserver<byte[]> up =
                ClientCalls.asyncClientStreamingCall(channel.newCall(UP, CallOptions.DEFAULT), heard);
        for (int i = 0; i < 50; i++) {
            up.onNext(new byte[10_000]);
        }
        up.onCompleted();
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("500000");
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("completed");

        StreamObserver<byte[]> bidi =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(BIDI, CallOptions.DEFAULT), heard);
        for (int i = 0; i < 50; i++) {
            bidi.onNext(("message " + i).getBytes(UTF_8));
            // Each is answered before the next one is sent: nothing is collected on the way.
            assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("message " + i);
        }
        bidi.onCompleted();
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo("completed");
        TestRouter.await("all is counted", () -> router.metric("rt/g/service/svc/test.Echo/success") == 204);
        assertThat(router.metric("rt/g/client/" + inet(backend).substring(1) + "/success"))
                .isEqualTo(204);
        assertThat(router.metric("rt/g/server/127.0.0.1/" + router.port() + "/status/200"))
                .isEqualTo(204);
    }

    @Test
    void errorsArriveAsTheyWereMeant() throws Exception {
        GrpcService backend = backend((request, answers) -> answers.onError(
                Status.INVALID_ARGUMENT.withDescription("nothing there").asRuntimeException()));
        TestRouter router =
                router("/svc/test.Echo => " + inet(backend) + "; /svc/test.Echo/lost => /$/inet/127.0.0.1/1");
        ManagedChannel channel = channel(router);
        Status only = status(() -> unary(channel, new byte[0]));
        assertThat(only.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(only.getDescription()).isEqualTo("nothing there");
        Iterator<byte[]> down = ClientCalls.blockingServerStreamingCall(
                channel, DOWN, CallOptions.DEFAULT, "3 10 broken".getBytes(UTF_8));
        for (int i = 0; i < 3; i++) {
            assertThat(down.next()).hasSize(10);
        }
        assertThat(status(down::hasNext).getCode()).isEqualTo(Status.Code.DATA_LOSS);
    }

    @Test
    void nobodyThereIsUnavailable() throws Exception {
        TestRouter router = router("/svc/test.Echo => /$/inet/127.0.0.1/1");
        Status refused = status(() -> unary(channel(router), new byte[0]));
        assertThat(refused.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refused.getDescription()).contains("502").contains("Unable to connect to /$/inet/127.0.0.1/1");
    }

    @Test
    void deadlinesAndCancellationsReachTheInstance() throws Exception {
        GrpcService backend = backend((request, answers) -> {});
        TestRouter router = router("/svc/test.Echo => " + inet(backend));
        ManagedChannel channel = channel(router);
        assertThat(status(() -> ClientCalls.blockingUnaryCall(
                                channel,
                                UNARY,
                                CallOptions.DEFAULT.withDeadlineAfter(1_500, TimeUnit.MILLISECONDS),
                                new byte[0]))
                        .getCode())
                .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(backend.events.poll(20, TimeUnit.SECONDS)).isEqualTo("unary");
        assertThat(backend.events.poll(20, TimeUnit.SECONDS)).isEqualTo("cancelled");

        ClientCall<byte[], byte[]> call = channel.newCall(UNARY, CallOptions.DEFAULT);
        var future = ClientCalls.futureUnaryCall(call, new byte[0]);
        assertThat(backend.events.poll(20, TimeUnit.SECONDS)).isEqualTo("unary");
        future.cancel(true);
        assertThat(backend.events.poll(20, TimeUnit.SECONDS)).isEqualTo("cancelled");

        ClientCall<byte[], byte[]> stream = channel.newCall(DOWN, CallOptions.DEFAULT);
        BlockingQueue<Integer> got = new ArrayBlockingQueue<>(10);
        start(stream, "100000 10000", got);
        stream.request(1);
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(10_000);
        stream.cancel("enough", null);
        assertThat(backend.events.poll(20, TimeUnit.SECONDS)).isEqualTo("cancelled");
        TestRouter.await(
                "nothing is under way",
                () -> router.metric("rt/g/server/127.0.0.1/" + router.port() + "/load") == 0
                        && router.metric("rt/g/client/" + inet(backend).substring(1) + "/loadbalancer/load") == 0);
    }

    private static void start(ClientCall<byte[], byte[]> call, String request, BlockingQueue<Integer> got) {
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] message) {
                        got.add(message.length);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        boolean unused = got.offer(-1 - status.getCode().value());
                    }
                },
                new Metadata());
        call.sendMessage(request.getBytes(UTF_8));
        call.halfClose();
    }

    @Test
    void aSlowReaderSlowsOnlyItself() throws Exception {
        GrpcService backend = backend(GrpcService::echo);
        TestRouter router = router("/svc/test.Echo => " + inet(backend));
        ManagedChannel channel = channel(router);
        ClientCall<byte[], byte[]> slow = channel.newCall(DOWN, CallOptions.DEFAULT);
        BlockingQueue<Integer> got = new ArrayBlockingQueue<>(1_000);
        start(slow, "400 100000", got);
        slow.request(1);
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(100_000);
        // The same connections carry others meanwhile, and the instance is not asked for what nobody takes.
        for (int i = 0; i < 50; i++) {
            assertThat(unary(channel, new byte[100_000])).hasSize(100_000);
        }
        assertThat(backend.sent.get())
                .as("of 40 MB: two windows of 64 KiB, and what sockets and gRPC hold")
                .isLessThan(10_000_000);
        slow.request(1_000);
        for (int i = 1; i < 400; i++) {
            assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(100_000);
        }
        assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(-1);
        assertThat(backend.sent.get()).isEqualTo(40_000_000);
    }

    @Test
    void whatIsUnavailableIsTriedElsewhereByItsStatus() throws Exception {
        GrpcService ill = backend((request, answers) ->
                answers.onError(Status.UNAVAILABLE.withDescription("not now").asRuntimeException()));
        GrpcService well = backend(GrpcService::echo);
        register(ill, well);
        TestRouter router = router(
                "/svc/test.Echo => /#/io.l5d.fs/echo",
                "service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}",
                "client: {loadBalancer: {kind: roundRobin}, failureAccrual: {kind: none}}");
        ManagedChannel channel = channel(router);
        for (int i = 0; i < 40; i++) {
            assertThat(unary(channel, new byte[] {1, 2})).hasSize(2);
        }
        assertThat(ill.unaries.get()).isGreaterThanOrEqualTo(15);
        assertThat(router.metric("rt/g/service/svc/test.Echo/retries/total")).isEqualTo(ill.unaries.get());
        assertThat(router.metric("rt/g/service/svc/test.Echo/success")).isEqualTo(40);
        assertThat(router.metric("rt/g/client/#/io.l5d.fs/echo/failures")).isEqualTo(ill.unaries.get());
    }

    @Test
    void retriesEndWithTheirBudgetAndLongRequestsAreNotRepeated() throws Exception {
        GrpcService ill = backend((request, answers) ->
                answers.onError(Status.UNAVAILABLE.withDescription("not now").asRuntimeException()));
        TestRouter router = router(
                "/svc/test.Echo => " + inet(ill),
                "service:",
                "  responseClassifier: {kind: io.l5d.h2.grpc.default}",
                "  retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0.5, ttlSecs: 10}}",
                "client: {failureAccrual: {kind: none}}");
        ManagedChannel channel = channel(router);
        for (int i = 0; i < 20; i++) {
            assertThat(status(() -> unary(channel, new byte[10])).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        }
        assertThat(ill.unaries.get()).as("half of 20 again").isEqualTo(30);
        int before = ill.unaries.get();
        for (int i = 0; i < 4; i++) {
            assertThat(status(() -> unary(channel, new byte[100_000])).getCode())
                    .isEqualTo(Status.Code.UNAVAILABLE);
        }
        assertThat(ill.unaries.get()).isEqualTo(before + 4);
    }

    @Test
    void successStatusesAndAccrualFollowTheClassifier() throws Exception {
        GrpcService missing = backend((request, answers) ->
                answers.onError((request.length == 1 ? Status.NOT_FOUND : Status.INTERNAL).asRuntimeException()));
        TestRouter router = router(
                "/svc/test.Echo => " + inet(missing),
                "service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable, successStatusCodes: [0, 5]}}");
        ManagedChannel channel = channel(router);
        String client = "rt/g/client/" + inet(missing).substring(1);
        for (int i = 0; i < 10; i++) {
            assertThat(status(() -> unary(channel, new byte[1])).getCode()).isEqualTo(Status.Code.NOT_FOUND);
        }
        TestRouter.await("all have ended", () -> router.metric(client + "/success") == 10);
        assertThat(router.metric(client + "/failure_accrual/removals")).isZero();
        for (int i = 0; i < 5; i++) {
            assertThat(status(() -> unary(channel, new byte[2])).getCode()).isEqualTo(Status.Code.INTERNAL);
        }
        TestRouter.await("five failures in a row", () -> router.metric(client + "/failure_accrual/removals") == 1);
        assertThat(missing.unaries.get()).isEqualTo(15);
    }

    @Test
    void anInstanceThatGoesAwayLosesNoCall() throws Exception {
        BlockingQueue<StreamObserver<byte[]>> held = new ArrayBlockingQueue<>(10);
        GrpcService going = backend((request, answers) -> {
            if (request.length == 3) {
                held.add(answers);
            } else {
                GrpcService.echo(request, answers);
            }
        });
        register(going);
        TestRouter router = router("/svc/test.Echo => /#/io.l5d.fs/echo");
        ManagedChannel channel = channel(router);
        var late = ClientCalls.futureUnaryCall(channel.newCall(UNARY, CallOptions.DEFAULT), new byte[3]);
        StreamObserver<byte[]> answers = held.poll(20, TimeUnit.SECONDS);
        assertThat(answers).isNotNull();
        GrpcService staying = backend(GrpcService::echo);
        going.stop();
        register(staying);
        TestRouter.await("the other one is asked", () -> {
            try {
                return unary(channel, new byte[5]).length == 5 && staying.unaries.get() > 0;
            } catch (StatusRuntimeException e) {
                return false;
            }
        });
        answers.onNext("late".getBytes(UTF_8));
        answers.onCompleted();
        assertThat(late.get(20, TimeUnit.SECONDS)).isEqualTo("late".getBytes(UTF_8));
    }

    @Test
    void aStopOfTheRouterLosesNoCall() throws Exception {
        BlockingQueue<StreamObserver<byte[]>> held = new ArrayBlockingQueue<>(10);
        GrpcService backend = backend((request, answers) -> held.add(answers));
        TestRouter router = router("/svc/test.Echo => " + inet(backend));
        var late = ClientCalls.futureUnaryCall(channel(router).newCall(UNARY, CallOptions.DEFAULT), new byte[3]);
        StreamObserver<byte[]> answers = held.poll(20, TimeUnit.SECONDS);
        assertThat(answers).isNotNull();
        var stopping = router.node.stop().toCompletableFuture();
        assertThatThrownBy(() -> stopping.get(100, TimeUnit.MILLISECONDS)).isNotNull();
        answers.onNext("late".getBytes(UTF_8));
        answers.onCompleted();
        assertThat(late.get(20, TimeUnit.SECONDS)).isEqualTo("late".getBytes(UTF_8));
        stopping.get(20, TimeUnit.SECONDS);
    }
}
