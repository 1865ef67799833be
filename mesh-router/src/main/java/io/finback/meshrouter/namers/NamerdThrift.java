package io.finback.meshrouter.namers;

import io.finback.meshrouter.namers.NamerdMessages.Answer;
import io.finback.meshrouter.namers.NamerdNames.Question;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * {@code io.l5d.namerd}: names are bound by a namerd over ThriftMux. Every question is a call that namerd answers when it has something newer
 * than the stamp it gave with its last answer; all of them share one connection. The last answers stay while namerd is gone. Source:
 * linkerd/linkerd namerd/iface, ThriftNamerClient.scala.
 */
public final class NamerdThrift implements Interpreter {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** Longer than a person waits: whoever asks again finds the answer. */
    private static final Duration EXPLAIN = Duration.ofSeconds(10);

    /** Behind an answer that should not have come yet. */
    private static final Duration SAME_STAMP = Duration.ofSeconds(1);

    private static final String NO_STAMP = "";

    /** How namerd is asked. */
    public record Options(
            String host, int port, String namespace, Optional<Tls.Client> tls, Backoff retry, MuxParams.Pings pings) {}

    private final Options options;
    private final Streams streams;
    private final Service<byte[], byte[]> service;
    private final NamerdNames names;
    private final Explained<Question> explained;

    private NamerdThrift(Options options, Streams streams, Changes changes) {
        this.options = options;
        this.streams = streams;
        String host = options.host().indexOf(':') >= 0 ? "[" + options.host() + "]" : options.host();
        // One far end, whose calls say themselves when to come back: nothing else is to hold them up.
        this.service = ThriftMux.client()
                .withConnectTimeout(CONNECT)
                .withFailureAccrual(AccrualPolicy.Spec.NONE)
                .with(ClientParams.FAIL_FAST, false)
                .with(ClientParams.NACK_ADMISSION, false)
                .with(MuxParams.MAX_MESSAGE_BYTES, Streams.MAX_BYTES)
                .with(MuxParams.PINGS, Optional.of(options.pings()))
                .with(MuxParams.TLS, options.tls().map(tls -> new MuxParams.Tls(tls.context(), MuxParams.Level.ALWAYS)))
                .newService(host + ":" + options.port(), "io.l5d.namerd");
        this.names = new NamerdNames(
                "namerd",
                Path.of(options.namespace()),
                changes,
                this::watchTree,
                this::watchAddresses,
                this::watchDtab);
        this.explained = new Explained<>(this::explain, Question::path, System::nanoTime);
    }

    public static NamerdThrift start(Options options, Streams streams, Changes changes) {
        return new NamerdThrift(options, streams, changes);
    }

    @Override
    public String kind() {
        return "io.l5d.namerd";
    }

    @Override
    public NameTree<Name.Bound> bind(Dtab dtab, Path path) {
        return names.bind(dtab, path);
    }

    @Override
    public Supplier<List<Address>> addresses(Path id) {
        return names.addresses(id);
    }

    @Override
    public Optional<Dtab> dtab() {
        return names.dtab();
    }

    /** As namerd sees it, its own namers and transformers included. */
    @Override
    public Delegation delegate(Dtab dtab, Path path) {
        return explained.get(new Question(dtab, path));
    }

    private CompletableFuture<Delegation> explain(Question question) {
        CompletableFuture<byte[]> call =
                call(NamerdMessages.delegate(options.namespace(), question.path(), question.dtab()));
        return Streams.then(call.orTimeout(EXPLAIN.toNanos(), TimeUnit.NANOSECONDS), NamerdMessages::delegation);
    }

    private CompletableFuture<byte[]> call(byte[] request) {
        return service.call(request).toCompletableFuture();
    }

    private AutoCloseable watchTree(Question question, Consumer<NameTree<Name.Bound>> tell) {
        return follow(
                "bind " + question,
                stamp -> NamerdMessages.bind(options.namespace(), question.path(), question.dtab(), stamp),
                NamerdMessages::boundTree,
                tell);
    }

    private AutoCloseable watchAddresses(Path id, Consumer<Optional<List<Address>>> tell) {
        return follow(
                "addr " + id.show(),
                stamp -> NamerdMessages.address(options.namespace(), id, stamp),
                NamerdMessages::addresses,
                found -> tell.accept(Optional.of(found)));
    }

    private AutoCloseable watchDtab(Path namespace, Consumer<Dtab> tell) {
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
                        names.trouble(null);
                        return same ? SAME_STAMP : Duration.ZERO;
                    },
                    streams.executor());
            var noted = step.whenComplete((pause, failure) -> {
                if (step.isCancelled()) {
                    boolean unused = call.cancel(true);
                } else if (failure != null) {
                    // A refusal that namerd declares leaves the stamp good, as in Linkerd.
                    stamp[0] = failure.getCause() instanceof NamerdMessages.Refused ? stamp[0] : NO_STAMP;
                    names.trouble(Streams.reason(failure));
                }
            });
            Objects.requireNonNull(noted);
            return step;
        });
    }

    @Override
    public Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("dst", options.host() + ":" + options.port());
        state.put("namespace", options.namespace());
        names.show(state);
        return state;
    }

    @Override
    public void close() {
        names.close();
        var closing = service.close(Duration.ZERO);
        Objects.requireNonNull(closing);
    }
}
