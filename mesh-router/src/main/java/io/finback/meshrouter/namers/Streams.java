package io.finback.meshrouter.namers;

import io.finback.meshrouter.resilience.Backoff;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How namers speak to what they watch: HTTP requests, streams of lines, and work again and again with pauses that grow while it fails. Two
 * threads of its own for all of a process. Thread-safe.
 */
public final class Streams implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Streams.class);
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** A body, or one line of a stream, may not be larger. Linkerd's fixedLengthStreamedAfterKB. */
    static final int MAX_BYTES = 5 * 1024 * 1024;

    /** Behind failures, unless a configuration says otherwise: from 200 ms to a minute, with jitter. */
    static final Backoff USUAL = new Backoff.EqualJittered(Duration.ofMillis(200), Duration.ofMinutes(1));

    /**
     * What following names may take.
     *
     * @param streamLife how long a stream of lines may last before it is begun anew: a connection that has died without a word would never be
     *     noticed otherwise
     * @param lookups of one source of SRV records at a time
     */
    public record Settings(Duration streamLife, int lookups) {
        public Settings {
            if (streamLife.isNegative() || streamLife.isZero()) {
                throw new IllegalArgumentException("namers.stream-life: " + streamLife + " (expected: > 0)");
            }
            if (lookups < 1 || lookups > 1_000) {
                throw new IllegalArgumentException("namers.dnssrv.lookups: " + lookups + " (expected: 1..1000)");
            }
        }
    }

    private final Settings settings;
    private final ScheduledThreadPoolExecutor executor;
    private final HttpClient client;
    private final Repeating repeating;

    public Streams(Settings settings) {
        this.settings = settings;
        executor = new ScheduledThreadPoolExecutor(2, task -> {
            Thread thread = new Thread(task, "finback-namers");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        repeating = new Repeating(executor);
        client = HttpClient.newBuilder()
                .executor(executor)
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .build();
    }

    /** What came back. */
    record Reply(int status, Map<String, List<String>> headers, String text) {
        String header(String name) {
            List<String> values = headers.get(name);
            return values == null || values.isEmpty() ? "" : values.get(0);
        }
    }

    /** The answer of a far end, in clear text or over TLS; fails when it is not there within {@code limit}, or too large. */
    CompletableFuture<Reply> get(Origin origin, String target, Map<String, String> headers, Duration limit) {
        if (origin.tls().isEmpty()) {
            return get(origin.base() + target, headers, limit);
        }
        WholeBody whole = new WholeBody();
        return then(
                within(limit, TlsRequest.send(origin, origin.tls().get(), target, headers, CONNECT, executor, whole)),
                end -> whole.reply());
    }

    /** As {@link #lines(String, Map, Consumer)}, in clear text or over TLS. */
    CompletableFuture<Void> lines(Origin origin, String target, Map<String, String> headers, Consumer<String> line) {
        return origin.tls()
                .map(tls -> ofLife(TlsRequest.send(origin, tls, target, headers, CONNECT, executor, new Lines(line))))
                .orElseGet(() -> lines(origin.base() + target, headers, line));
    }

    private <T> CompletableFuture<T> within(Duration limit, CompletableFuture<T> future) {
        var timer = executor.schedule(
                () -> future.completeExceptionally(new IllegalStateException("no answer within " + limit)),
                limit.toMillis(),
                TimeUnit.MILLISECONDS);
        var over = future.whenComplete((value, failure) -> timer.cancel(false));
        Objects.requireNonNull(over);
        return future;
    }

    CompletableFuture<Reply> get(String uri, Map<String, String> headers, Duration limit) {
        return then(
                client.sendAsync(request(uri, headers).timeout(limit).build(), info -> new WholeBody()),
                r -> new Reply(r.statusCode(), r.headers().map(), new String(r.body(), StandardCharsets.UTF_8)));
    }

    /** As {@code thenApply}, but whoever cancels the result cancels {@code source}. */
    static <A, B> CompletableFuture<B> then(CompletableFuture<A> source, Function<A, B> f) {
        CompletableFuture<B> result = source.thenApply(f);
        var watched = result.whenComplete((value, failure) -> {
            if (result.isCancelled()) {
                source.cancel(true);
            }
        });
        Objects.requireNonNull(watched);
        return result;
    }

    /**
     * Hands every line of the answer to {@code line}; completes when the stream ends, or has lasted so long that it is to be asked for again;
     * fails when it breaks off, with an answer that is not 200, or with a line that is too long. Cancel it to end the stream.
     */
    CompletableFuture<Void> lines(String uri, Map<String, String> headers, Consumer<String> line) {
        BodyHandler<Void> handler = info -> {
            good(info.statusCode());
            return BodySubscribers.fromSubscriber(new Lines(line), lines -> null);
        };
        CompletableFuture<HttpResponse<Void>> sent =
                client.sendAsync(request(uri, headers).build(), handler);
        CompletableFuture<Void> done = new CompletableFuture<>();
        var told = sent.whenComplete((response, failure) -> {
            if (failure != null) {
                done.completeExceptionally(failure);
            } else {
                done.complete(null);
            }
        });
        var ending = done.whenComplete((ok, failure) -> sent.cancel(true));
        Objects.requireNonNull(told);
        Objects.requireNonNull(ending);
        return ofLife(done);
    }

    private CompletableFuture<Void> ofLife(CompletableFuture<Void> stream) {
        var timer = executor.schedule(
                () -> stream.complete(null), settings.streamLife().toMillis(), TimeUnit.MILLISECONDS);
        var over = stream.whenComplete((end, failure) -> timer.cancel(false));
        Objects.requireNonNull(over);
        return stream;
    }

    static void good(int status) {
        if (status != 200) {
            throw new IllegalStateException("status " + status + " (expected: 200)");
        }
    }

    private static HttpRequest.Builder request(String uri, Map<String, String> headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(uri));
        headers.forEach(builder::header);
        return builder;
    }

    Settings settings() {
        return settings;
    }

    ScheduledExecutorService executor() {
        return executor;
    }

    /**
     * Does {@code step} again and again: after the pause it names, and after one that doubles, with jitter, when it fails.
     *
     * @param what it is, for the log
     * @param step completes with the pause before the next; its future is cancelled when the loop is closed
     */
    AutoCloseable again(String what, Supplier<CompletableFuture<Duration>> step) {
        return again(what, USUAL, works -> step.get());
    }

    /**
     * The same with other pauses.
     *
     * @param backoff the pauses behind failures in a row
     * @param step is given what to call when something good has come, before the step is over: the next failure is a first one then
     */
    AutoCloseable again(String what, Backoff backoff, Function<Runnable, CompletableFuture<Duration>> step) {
        return repeating.begin(what, backoff, step);
    }

    /** Loops there are now. */
    public int watches() {
        return repeating.count();
    }

    /** Of these, those whose last try failed: what they watch is kept as it was known. */
    public long failing() {
        return repeating.failing();
    }

    /** Tries that failed, ever. */
    public long failures() {
        return repeating.failures();
    }

    static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getClass().getSimpleName() + ": " + root.getMessage();
    }

    static void close(@Nullable AutoCloseable closeable) {
        if (closeable == null) {
            return;
        }
        try {
            closeable.close();
        } catch (Exception e) {
            log.debug("namer.close_failed reason={}", e.toString());
        }
    }

    @Override
    public void close() {
        var left = executor.shutdownNow();
        Objects.requireNonNull(left);
    }

    /** An executor of one thread for what blocks. */
    static ScheduledExecutorService blocking(String name) {
        return Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }
}
