package io.finback.meshrouter.rpc.h2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A server of gRPC-Java's own with all kinds of calls, of plain bytes; {@code unary} answers as it is told. */
public final class GrpcService implements AutoCloseable {
    public static final MethodDescriptor<byte[], byte[]> UNARY = method("unary", MethodDescriptor.MethodType.UNARY);
    public static final MethodDescriptor<byte[], byte[]> DOWN =
            method("down", MethodDescriptor.MethodType.SERVER_STREAMING);
    public static final MethodDescriptor<byte[], byte[]> UP =
            method("up", MethodDescriptor.MethodType.CLIENT_STREAMING);
    public static final MethodDescriptor<byte[], byte[]> BIDI =
            method("bidi", MethodDescriptor.MethodType.BIDI_STREAMING);

    /** Calls that began, and those that were cancelled. */
    public final BlockingQueue<String> events = new ArrayBlockingQueue<>(1_000);

    public final AtomicInteger unaries = new AtomicInteger();

    /** Bytes of {@code down}. */
    public final AtomicLong sent = new AtomicLong();

    private final Server server;

    public GrpcService(ServerCalls.UnaryMethod<byte[], byte[]> unary) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(64 << 20)
                .addService(ServerServiceDefinition.builder("test.Echo")
                        .addMethod(UNARY, ServerCalls.asyncUnaryCall((request, answers) -> {
                            unaries.incrementAndGet();
                            ((ServerCallStreamObserver<byte[]>) answers)
                                    .setOnCancelHandler(() -> events.add("cancelled"));
                            events.add("unary");
                            unary.invoke(request, answers);
                        }))
                        .addMethod(DOWN, ServerCalls.asyncServerStreamingCall(this::down))
                        .addMethod(UP, ServerCalls.asyncClientStreamingCall(GrpcService::counting))
                        .addMethod(BIDI, ServerCalls.asyncBidiStreamingCall(GrpcService::echoing))
                        .build())
                .build()
                .start();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return PlainBytes.method("test.Echo/" + name, type);
    }

    /** For {@code unary}: the request. */
    public static void echo(byte[] request, StreamObserver<byte[]> answers) {
        answers.onNext(request);
        answers.onCompleted();
    }

    /** As many messages of so many bytes as the request says, no faster than they are taken. */
    private void down(byte[] request, StreamObserver<byte[]> answers) {
        String[] words = new String(request, UTF_8).split(" ", -1);
        int count = Integer.parseInt(words[0]);
        byte[] message = new byte[Integer.parseInt(words[1])];
        AtomicInteger left = new AtomicInteger(count);
        ServerCallStreamObserver<byte[]> call = (ServerCallStreamObserver<byte[]>) answers;
        call.setOnCancelHandler(() -> events.add("cancelled"));
        call.setOnReadyHandler(() -> {
            while (call.isReady() && left.getAndDecrement() > 0) {
                sent.addAndGet(message.length);
                call.onNext(message);
                if (left.get() == 0) {
                    if (words.length > 2) {
                        call.onError(Status.DATA_LOSS.withDescription(words[2]).asRuntimeException());
                    } else {
                        call.onCompleted();
                    }
                }
            }
        });
    }

    private static StreamObserver<byte[]> counting(StreamObserver<byte[]> answers) {
        AtomicLong bytes = new AtomicLong();
        return observer(
                value -> bytes.addAndGet(value.length),
                () -> {
                    answers.onNext(Long.toString(bytes.get()).getBytes(UTF_8));
                    answers.onCompleted();
                },
                answers::onError);
    }

    private static StreamObserver<byte[]> echoing(StreamObserver<byte[]> answers) {
        return observer(answers::onNext, answers::onCompleted, answers::onError);
    }

    public static StreamObserver<byte[]> observer(Consumer<byte[]> next, Runnable done, Consumer<Throwable> failed) {
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] value) {
                next.accept(value);
            }

            @Override
            public void onError(Throwable failure) {
                failed.accept(failure);
            }

            @Override
            public void onCompleted() {
                done.run();
            }
        };
    }

    public int port() {
        return server.getPort();
    }

    /** Takes no more calls; those under way may end. */
    public void stop() {
        server.shutdown();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
