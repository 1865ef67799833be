package io.finback.meshrouter.namers;

import io.finback.meshrouter.namers.NamerdInterpreter.Question;
import io.finback.meshrouter.namers.NamerdMessages.Answer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * {@code io.l5d.namerd}: names are bound by a namerd over ThriftMux. Every question is a call that namerd answers when it has something newer
 * than the stamp it gave with its last answer; all of them share one connection. The last answers stay while namerd is gone. Source:
 * linkerd/linkerd namerd/iface, ThriftNamerClient.scala.
 */
public final class NamerdThrift implements NamerdInterpreter.Asking {
    private static final String NO_TROUBLE = "none";
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** Longer than a person waits: whoever asks again finds the answer. */
    private static final Duration EXPLAIN = Duration.ofSeconds(10);

    /** Behind an answer that should not have come yet. */
    private static final Duration SAME_STAMP = Duration.ofSeconds(1);

    private static final String NO_STAMP = "";

    /** How namerd is asked. */
    public record Options(Origin origin, String namespace, Backoff retry, MuxParams.Pings pings) {}

    private final Options options;
    private final Streams streams;
    private final Service<byte[], byte[]> service;
    private volatile String trouble = NO_TROUBLE;

    private NamerdThrift(Options options, Streams streams) {
        this.options = options;
        this.streams = streams;
        // One far end, whose calls say themselves when to come back: nothing else is to hold them up.
        this.service = ThriftMux.client()
                .withConnectTimeout(CONNECT)
                .withFailureAccrual(AccrualPolicy.Spec.NONE)
                .with(ClientParams.FAIL_FAST, false)
                .with(ClientParams.NACK_ADMISSION, false)
                .with(MuxParams.MAX_MESSAGE_BYTES, Streams.MAX_BYTES)
                .with(MuxParams.PINGS, Optional.of(options.pings()))
                .with(
                        MuxParams.TLS,
                        options.origin().tls().map(tls -> new MuxParams.Tls(tls.context(), MuxParams.Level.ALWAYS)))
                .newService(options.origin().authority(), "io.l5d.namerd");
    }

    /** Begins to ask when a name is asked for. */
    public static Interpreter start(Options options, Streams streams, Changes changes) {
        Map<String, String> whom = new LinkedHashMap<>();
        whom.put("dst", options.origin().authority());
        whom.put("namespace", options.namespace());
        return new NamerdInterpreter("io.l5d.namerd", whom, new NamerdThrift(options, streams), changes);
    }

    @Override
    public CompletableFuture<Delegation> explain(Question question) {
        CompletableFuture<byte[]> call =
                call(NamerdMessages.delegate(options.namespace(), question.path(), question.dtab()));
        return Streams.then(call.orTimeout(EXPLAIN.toNanos(), TimeUnit.NANOSECONDS), NamerdMessages::delegation);
    }

    private CompletableFuture<byte[]> call(byte[] request) {
        return service.call(request).toCompletableFuture();
    }

    @Override
    public AutoCloseable tree(Question question, Consumer<NameTree<Name.Bound>> tell) {
        return follow(
                "bind " + question,
                stamp -> NamerdMessages.bind(options.namespace(), question.path(), question.dtab(), stamp),
                NamerdMessages::boundTree,
                tell);
    }

    @Override
    public AutoCloseable addresses(Path id, Consumer<Optional<List<Address>>> tell) {
        return follow(
                "addr " + id.show(),
                stamp -> NamerdMessages.address(options.namespace(), id, stamp),
                NamerdMessages::addresses,
                found -> tell.accept(Optional.of(found)));
    }

    @Override
    public AutoCloseable dtab(Consumer<Dtab> tell) {
        return follow(
                "dtab " + options.namespace(),
                stamp -> NamerdMessages.dtab(options.namespace(), stamp),
                NamerdMessages::dtab,
                tell);
    }

    private <T> AutoCloseable follow(
            String what, Function<String, byte[]> request, Function<byte[], Answer<T>> read, Consumer<T> tell) {
        String[] stamp = {NO_STAMP};
        return streams.again("namerd " + what, options.retry(), works -> {
            CompletableFuture<byte[]> call = call(request.apply(stamp[0]));
            // Away from the event loop.
            CompletableFuture<Duration> step = call.thenApplyAsync(
                    message -> {
                        Answer<T> answer = read.apply(message);
                        tell.accept(answer.value());
                        boolean same = answer.stamp().equals(stamp[0]);
                        stamp[0] = answer.stamp();
                        trouble = NO_TROUBLE;
                        return same ? SAME_STAMP : Duration.ZERO;
                    },
                    streams.executor());
            var noted = step.whenComplete((pause, failure) -> {
                if (step.isCancelled()) {
                    boolean unused = call.cancel(true);
                } else if (failure != null) {
                    // A refusal that namerd declares leaves the stamp good, as in Linkerd.
                    stamp[0] = failure.getCause() instanceof NamerdMessages.Refused ? stamp[0] : NO_STAMP;
                    trouble = Streams.reason(failure);
                }
            });
            Objects.requireNonNull(noted);
            return step;
        });
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
