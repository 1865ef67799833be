package io.finback.meshrouter.namers;

import io.finback.meshrouter.namers.NamerdInterpreter.Question;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.h2.H2Params;
import io.finback.meshrouter.traffic.Tls;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * {@code io.l5d.mesh}: names are bound by a namerd over gRPC. Every name, every bound id and the dtab is a stream of its own on one
 * connection; the last answers stay while namerd is gone, and streams begin again with growing pauses. Ids that say their address
 * themselves are not asked for. Source: linkerd/linkerd interpreter/mesh.
 */
public final class MeshInterpreter implements NamerdInterpreter.Asking {
    private static final String NO_TROUBLE = "none";
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** Longer than a person waits: whoever asks again finds the answer. */
    private static final Duration EXPLAIN = Duration.ofSeconds(10);

    /** Behind a stream that namerd has ended without a failure. */
    private static final Duration AGAIN = Duration.ofMillis(100);

    /**
     * How namerd is asked.
     *
     * @param root the namespace: a path of one element
     * @param pings how long a connection is silent before namerd is asked whether it is there, and how long that may take
     */
    public record Options(Origin origin, Path root, Backoff retry, H2Params.Pings pings, int windowBytes) {}

    private final Options options;
    private final Service<H2Message, H2Message> service;
    private final Grpc grpc;
    private final Streams streams;
    private volatile String trouble = NO_TROUBLE;

    private MeshInterpreter(Options options, Streams streams) {
        this.options = options;
        this.streams = streams;
        String authority = options.origin().authority();
        // One far end, whose streams say themselves when to come back: nothing else is to hold a call up.
        this.service = H2.client()
                .withConnectTimeout(CONNECT)
                .withFailureAccrual(AccrualPolicy.Spec.NONE)
                .with(ClientParams.FAIL_FAST, false)
                .with(ClientParams.NACK_ADMISSION, false)
                .with(H2Params.MAX_STREAMS, 3 * WatchingNamer.LIMIT)
                .with(H2Params.MAX_WAITING, 3 * WatchingNamer.LIMIT)
                .with(H2Params.WINDOW_BYTES, options.windowBytes())
                .with(H2Params.TLS, options.origin().tls().map(Tls.Client::context))
                .with(H2Params.PINGS, Optional.of(options.pings()))
                .newService(authority, "io.l5d.mesh");
        this.grpc = new Grpc(service, authority, streams.executor());
    }

    /** Begins to ask when a name is asked for. */
    public static Interpreter start(Options options, Streams streams, Changes changes) {
        Map<String, String> whom = new LinkedHashMap<>();
        whom.put("dst", options.origin().authority());
        whom.put("root", options.root().show());
        return new NamerdInterpreter("io.l5d.mesh", whom, new MeshInterpreter(options, streams), changes);
    }

    @Override
    public CompletableFuture<Delegation> explain(Question question) {
        return Streams.then(
                grpc.call(
                        "io.linkerd.mesh.Delegator/GetDelegateTree",
                        MeshMessages.delegate(options.root(), question.path(), question.dtab()),
                        EXPLAIN),
                MeshMessages::delegation);
    }

    @Override
    public AutoCloseable tree(Question question, Consumer<NameTree<Name.Bound>> tell) {
        byte[] request = MeshMessages.bind(options.root(), question.path(), question.dtab());
        return follow(
                "bind " + question, "Interpreter/StreamBoundTree", request, message -> MeshMessages.boundTree(message)
                        .ifPresent(tell));
    }

    @Override
    public AutoCloseable addresses(Path id, Consumer<Optional<List<Address>>> tell) {
        return follow(
                "replicas " + id.show(),
                "Resolver/StreamReplicas",
                MeshMessages.replicas(id),
                message -> MeshMessages.addresses(message).ifPresent(found -> tell.accept(Optional.of(found))));
    }

    @Override
    public AutoCloseable dtab(Consumer<Dtab> tell) {
        Path root = options.root();
        return follow(
                "dtab " + root.show(), "Delegator/StreamDtab", MeshMessages.dtab(root), message -> MeshMessages.dtab(
                                message)
                        .ifPresent(tell));
    }

    private AutoCloseable follow(String what, String method, byte[] request, Consumer<byte[]> each) {
        Function<Runnable, CompletableFuture<Duration>> step = works -> {
            CompletableFuture<Void> stream = grpc.stream("io.linkerd.mesh." + method, request, message -> {
                each.accept(message);
                trouble = NO_TROUBLE;
                works.run();
            });
            return Streams.then(noted(stream), end -> AGAIN);
        };
        return streams.again("mesh " + what, options.retry(), step);
    }

    private CompletableFuture<Void> noted(CompletableFuture<Void> stream) {
        var noting = stream.whenComplete((end, failure) -> {
            if (failure != null && !stream.isCancelled()) {
                trouble = Streams.reason(failure);
            }
        });
        Objects.requireNonNull(noting);
        return stream;
    }

    @Override
    public String trouble() {
        return trouble;
    }

    @Override
    public void close() {
        var closing = service.close(Duration.ZERO);
        Objects.requireNonNull(closing);
    }
}
