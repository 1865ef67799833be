package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Tracer;
import io.finback.meshrouter.rpc.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Makes servers of one protocol. An immutable value: every {@code with} is another one. {@link ServerParams} has the defaults. */
public final class Server<Q extends @Nullable Object, R extends @Nullable Object> {
    /** Listens, and gives each connection a session of a factory. */
    @FunctionalInterface
    public interface Listener<Q extends @Nullable Object, R extends @Nullable Object> {
        Listening listen(Params params, Address address, ServiceFactory<Q, R> sessions);
    }

    /** A server that runs. */
    public interface Listening extends AutoCloseable {
        int port();

        /**
         * Ends it in good order: no new connections, clients are told to go elsewhere, calls under way may end within {@code grace}; then
         * connections are closed.
         */
        CompletionStage<@Nullable Void> close(Duration grace);

        /** The same with a second's grace; waits for it. */
        @Override
        default void close() {
            var unused = close(Duration.ofSeconds(1)).toCompletableFuture().join();
        }
    }

    private final Listener<Q, R> listener;
    private final Params params;
    private final UnaryOperator<Stack<Q, R>> change;

    private Server(Listener<Q, R> listener, Params params, UnaryOperator<Stack<Q, R>> change) {
        this.listener = listener;
        this.params = params;
        this.change = change;
    }

    public static <Q extends @Nullable Object, R extends @Nullable Object> Server<Q, R> of(
            Listener<Q, R> listener, Params params) {
        return new Server<>(listener, params, stack -> stack);
    }

    public <T> Server<Q, R> with(Params.Key<T> key, T value) {
        return new Server<>(listener, params.with(key, value), change);
    }

    /** With everything that is set in {@code others}. */
    public Server<Q, R> withAll(Params others) {
        return new Server<>(listener, params.withAll(others), change);
    }

    /** With modules added, replaced, or taken away; {@link ServerStack} has the roles. */
    public Server<Q, R> withStack(UnaryOperator<Stack<Q, R>> more) {
        UnaryOperator<Stack<Q, R>> before = change;
        return new Server<>(listener, params, stack -> more.apply(before.apply(stack)));
    }

    /** What it is called in statistics ({@code srv/<label>/...}). */
    public Server<Q, R> withLabel(String label) {
        return with(Common.LABEL, label);
    }

    public Server<Q, R> withStats(StatsReceiver stats) {
        return with(Common.STATS, stats);
    }

    public Server<Q, R> withTracer(Tracer tracer) {
        return with(Common.TRACER, tracer);
    }

    public Server<Q, R> withClassifier(Verdict.Classifier<Q, R> classifier) {
        return with(Common.CLASSIFIER, classifier);
    }

    /** So many calls at a time, and so many that wait; the rest is refused as not processed. */
    public Server<Q, R> withConcurrencyLimit(int max, int waiters) {
        return with(ServerParams.CONCURRENCY, Optional.of(new ServerParams.Concurrency(max, waiters)));
    }

    public Server<Q, R> withRequestTimeout(Duration limit) {
        return with(ServerParams.REQUEST_TIMEOUT, Optional.of(limit));
    }

    public Server<Q, R> withDeadlines(ServerParams.Deadlines deadlines) {
        return with(ServerParams.DEADLINES, deadlines);
    }

    /** One more filter that may refuse calls, inside of those before. */
    public Server<Q, R> withAdmission(Filter.Simple<Q, R> filter) {
        List<Filter.Simple<?, ?>> all = new ArrayList<>(params.get(ServerParams.ADMISSION));
        all.add(filter);
        return with(ServerParams.ADMISSION, List.copyOf(all));
    }

    /**
     * Listens, with sessions of the caller's own in the place of the stack and the application.
     *
     * @param sessions each connection acquires one, with {@link Connections#CHANNEL} in its context; none: the connection is closed
     */
    public Listening listen(Address address, ServiceFactory<Q, R> sessions) {
        return listener.listen(params, address, sessions);
    }

    /**
     * Listens.
     *
     * @param address {@code host:port}, port 0: any free one
     */
    public Listening serve(String address, Service<Q, R> service) {
        StatsReceiver stats = params.get(Common.STATS).scope("srv").scope(params.get(Common.LABEL));
        Params own = params.with(Common.STATS, stats);
        return listener.listen(
                own,
                Address.parse(address),
                change.apply(ServerStack.of(service)).make(own));
    }
}
