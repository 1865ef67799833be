package io.finback.verification.bench;

import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Unary gRPC over HTTP/2: our client and server, and gRPC-Java's on their direct executors. */
final class GrpcEcho {
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    private static final MethodDescriptor<byte[], byte[]> ECHO = MethodDescriptor.newBuilder(BYTES, BYTES)
            .setFullMethodName("test.Echo/echo")
            .setType(MethodDescriptor.MethodType.UNARY)
            .build();

    private GrpcEcho() {}

    /** The port. */
    static int serveOurs() {
        return H2.server()
                .withLabel("echo")
                .serve(
                        "127.0.0.1:0",
                        (request, context) -> Body.whole(request.body(), 1 << 20).map(all -> {
                            H2Message answer = H2Message.response(
                                    200, Body.of(all.data().array(), new DefaultHttp2Headers().add("grpc-status", "0")));
                            answer.headers().set("content-type", "application/grpc");
                            return answer;
                        }))
                .port();
    }

    static int serveGrpc() throws IOException {
        return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .directExecutor()
                .addService(ServerServiceDefinition.builder("test.Echo")
                        .addMethod(ECHO, ServerCalls.asyncUnaryCall((request, answers) -> {
                            answers.onNext(request);
                            answers.onCompleted();
                        }))
                        .build())
                .build()
                .start()
                .getPort();
    }

    static RpcBench.Loop ours(int port, byte[] body) {
        Service<H2Message, H2Message> client = H2.client().newService("127.0.0.1:" + port, "echo");
        byte[] message = ByteBuffer.allocate(5 + body.length)
                .put((byte) 0)
                .putInt(body.length)
                .put(body)
                .array();
        return done -> {
            H2Message request = H2Message.request("POST", "echo", "/test.Echo/echo", Body.of(message));
            request.headers().set("content-type", "application/grpc").set("te", "trailers");
            client.call(request)
                    .flatMap(answer -> Body.whole(answer.body(), 1 << 20))
                    .onDone((all, failure) -> {
                        if (failure != null || all.data().array().length != message.length || all.trailers() == null) {
                            throw new IllegalStateException("echo failed", failure);
                        }
                        done.run();
                    });
        };
    }

    static RpcBench.Loop grpc(int port, byte[] body) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .directExecutor()
                .build();
        return done -> ClientCalls.asyncUnaryCall(channel.newCall(ECHO, CallOptions.DEFAULT), body, new StreamObserver<>() {
            private boolean right;

            @Override
            public void onNext(byte[] value) {
                right = value.length == body.length;
            }

            @Override
            public void onError(Throwable failure) {
                throw new IllegalStateException("echo failed", failure);
            }

            @Override
            public void onCompleted() {
                if (!right) {
                    throw new IllegalStateException("echo failed");
                }
                done.run();
            }
        });
    }
}
