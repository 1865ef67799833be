package io.finback.meshrouter.namers;

import io.finback.meshrouter.rpc.h2.PlainBytes;
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
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * A server of gRPC-Java with the mesh interface of a namerd: for every question, known by its text, an answer that streams are told at once
 * and whenever it changes.
 */
public final class FakeNamerd implements AutoCloseable {
    private final Server server;
    private final Map<String, byte[]> answers = new HashMap<>();
    private final Map<String, List<StreamObserver<byte[]>>> streams = new HashMap<>();
    public final List<String> asked = new CopyOnWriteArrayList<>();
    public final List<String> ended = new CopyOnWriteArrayList<>();

    public FakeNamerd(int port) throws IOException {
        this(NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }

    /** One that speaks TLS: PEM files. */
    public static FakeNamerd withTls(Path cert, Path key) throws IOException {
        return new FakeNamerd(NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .useTransportSecurity(cert.toFile(), key.toFile()));
    }

    private FakeNamerd(NettyServerBuilder builder) throws IOException {
        server = builder.addService(ServerServiceDefinition.builder("io.linkerd.mesh.Interpreter")
                        .addMethod(
                                method("Interpreter/StreamBoundTree", MethodDescriptor.MethodType.SERVER_STREAMING),
                                ServerCalls.asyncServerStreamingCall((request, to) -> open("BindReq", request, to)))
                        .build())
                .addService(ServerServiceDefinition.builder("io.linkerd.mesh.Resolver")
                        .addMethod(
                                method("Resolver/StreamReplicas", MethodDescriptor.MethodType.SERVER_STREAMING),
                                ServerCalls.asyncServerStreamingCall((request, to) -> open("ReplicasReq", request, to)))
                        .build())
                .addService(ServerServiceDefinition.builder("io.linkerd.mesh.Delegator")
                        .addMethod(
                                method("Delegator/StreamDtab", MethodDescriptor.MethodType.SERVER_STREAMING),
                                ServerCalls.asyncServerStreamingCall((request, to) -> open("DtabReq", request, to)))
                        .addMethod(
                                method("Delegator/GetDelegateTree", MethodDescriptor.MethodType.UNARY),
                                ServerCalls.asyncUnaryCall(this::delegate))
                        .build())
                .build()
                .start();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return PlainBytes.method("io.linkerd.mesh." + name, type);
    }

    public int port() {
        return server.getPort();
    }

    private synchronized void open(String type, byte[] request, StreamObserver<byte[]> to) {
        String question = MeshProto.text(type, request);
        asked.add(question);
        ((ServerCallStreamObserver<byte[]>) to).setOnCancelHandler(() -> ended.add(question));
        streams.computeIfAbsent(question, q -> new CopyOnWriteArrayList<>()).add(to);
        byte[] answer = answers.get(question);
        if (answer != null) {
            to.onNext(answer);
        }
    }

    private synchronized void delegate(byte[] request, StreamObserver<byte[]> to) {
        String question = MeshProto.text("DelegateTreeReq", request);
        asked.add(question);
        byte[] answer = answers.get(question);
        if (answer == null) {
            to.onError(Status.NOT_FOUND.withDescription("no such root: ü%").asRuntimeException());
        } else {
            to.onNext(answer);
            to.onCompleted();
        }
    }

    public synchronized void say(String question, byte[] answer) {
        answers.put(question, answer);
        streams.getOrDefault(question, List.of()).forEach(stream -> stream.onNext(answer));
    }

    /** Ends every stream of a question: with a status, or as done. */
    public synchronized void end(String question, Status status) {
        List<StreamObserver<byte[]>> open = streams.remove(question);
        open.forEach(stream -> {
            if (status.isOk()) {
                stream.onCompleted();
            } else {
                stream.onError(status.asRuntimeException());
            }
        });
    }

    /** What {@code path} is bound to in {@code default} under a dtab that says nothing: a node of a BoundNameTree. */
    public void bind(String path, String node) {
        say(bindQuestion(path), MeshProto.bytes("BoundTreeRsp", "tree { " + node + " }"));
    }

    static String bindQuestion(String path) {
        return question("BindReq", "root { elems: \"default\" } name { " + MeshProto.path(path) + "} dtab { }");
    }

    static String question(String type, String text) {
        return MeshProto.text(type, MeshProto.bytes(type, text));
    }

    static String replicasQuestion(String id) {
        return question("ReplicasReq", "id { " + MeshProto.path(id) + "}");
    }

    /** Who is behind {@code id}. */
    public void replicas(String id, String... addresses) {
        StringBuilder endpoints = new StringBuilder();
        for (String address : addresses) {
            endpoints.append(MeshProto.endpoint(address)).append(' ');
        }
        say(replicasQuestion(id), MeshProto.bytes("Replicas", "bound { " + endpoints + "}"));
    }

    @Override
    public void close() {
        stop();
    }

    public void stop() {
        Server stopped = server.shutdownNow();
        try {
            boolean unused = stopped.awaitTermination(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
