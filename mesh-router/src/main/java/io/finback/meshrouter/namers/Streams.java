package io.finback.meshrouter.namers;

import io.finback.meshrouter.resilience.Backoff;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
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

    /** Streams of lines are begun anew behind it: a connection that has died without a word would never be noticed. */
    private static final Duration LIFE = Duration.ofMinutes(5);

    private final Duration life;
    private final ScheduledThreadPoolExecutor executor;
    private final HttpClient client;
    private final Set<Again> loops = ConcurrentHashMap.newKeySet();
    private final LongAdder failed = new LongAdder();

    public Streams() {
        this(LIFE);
    }

    /** {@code life}: how long a stream of lines may last. */
    Streams(Duration life) {
        this.life = life;
        executor = new ScheduledThreadPoolExecutor(2, task -> {
            Thread thread = new Thread(task, "finback-namers");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
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
        Collected whole = new Collected();
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
                client.sendAsync(request(uri, headers).timeout(limit).build(), info -> new Limited()),
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
        var timer = executor.schedule(() -> stream.complete(null), life.toMillis(), TimeUnit.MILLISECONDS);
        var over = stream.whenComplete((end, failure) -> timer.cancel(false));
        Objects.requireNonNull(over);
        return stream;
    }

    private static void good(int status) {
        if (status != 200) {
            throw new IllegalStateException("status " + status + " (expected: 200)");
        }
    }

    private static HttpRequest.Builder request(String uri, Map<String, String> headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(uri));
        headers.forEach(builder::header);
        return builder;
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
        Again loop = new Again(what, backoff, step);
        loops.add(loop);
        executor.execute(loop);
        return loop;
    }

    /** Loops there are now. */
    public int watches() {
        return loops.size();
    }

    /** Of these, those whose last try failed: what they watch is kept as it was known. */
    public long failing() {
        return loops.stream().filter(loop -> loop.failures > 0).count();
    }

    /** Tries that failed, ever. */
    public long failures() {
        return failed.sum();
    }

    private final class Again implements Runnable, AutoCloseable {
        private final String what;
        private final Backoff backoff;
        private final Function<Runnable, CompletableFuture<Duration>> step;
        private volatile boolean closed;
        private volatile @Nullable CompletableFuture<Duration> running;
        private volatile int failures;
        private Duration pause = Duration.ZERO;

        Again(String what, Backoff backoff, Function<Runnable, CompletableFuture<Duration>> step) {
            this.what = what;
            this.backoff = backoff;
            this.step = step;
        }

        @Override
        public void run() {
            if (closed) {
                return;
            }
            CompletableFuture<Duration> now;
            try {
                now = step.apply(this::works);
            } catch (RuntimeException e) {
                now = CompletableFuture.failedFuture(e);
            }
            running = now;
            if (closed) {
                // Closed since it was asked above: nobody else ends this step.
                now.cancel(true);
            }
            var next = now.whenComplete((pause, failure) -> {
                if (!closed) {
                    schedule(failure == null ? succeeded(pause) : failed(failure));
                }
            });
            Objects.requireNonNull(next);
        }

        private void works() {
            if (failures > 0) {
                log.info("namer.works_again what={}", what);
            }
            failures = 0;
        }

        private Duration succeeded(Duration next) {
            works();
            return next;
        }

        private Duration failed(Throwable failure) {
            if (failures == 0) {
                log.warn(
                        "namer.watch_failed what={} reason={} next=keep_what_is_known_and_retry",
                        what,
                        reason(failure));
            }
            failed.increment();
            pause = backoff.next(failures, pause, ThreadLocalRandom.current());
            failures = Math.min(failures + 1, 1_000);
            return pause;
        }

        private void schedule(Duration pause) {
            if (!executor.isShutdown()) {
                var soon = executor.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
                Objects.requireNonNull(soon);
            }
        }

        @Override
        public void close() {
            closed = true;
            loops.remove(this);
            CompletableFuture<Duration> current = running;
            if (current != null) {
                current.cancel(true);
            }
        }
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

    /** Collects a body up to the limit. */
    private static final class Limited implements BodySubscriber<byte[]> {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletableFuture<byte[]> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            buffers.forEach(buffer -> append(all, buffer));
            if (all.size() > MAX_BYTES && subscription != null) {
                subscription.cancel();
                body.completeExceptionally(new IllegalStateException("more than " + MAX_BYTES + " bytes"));
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(all.toByteArray());
        }
    }

    /** Collects what comes over TLS, up to the limit. */
    private static final class Collected implements TlsRequest.Taker {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();
        private int status;
        private Map<String, List<String>> headers = Map.of();

        @Override
        public void head(int code, Map<String, List<String>> fields) {
            status = code;
            headers = fields;
        }

        @Override
        public void piece(byte[] bytes) {
            all.writeBytes(bytes);
            if (all.size() > MAX_BYTES) {
                throw new IllegalStateException("more than " + MAX_BYTES + " bytes");
            }
        }

        Reply reply() {
            return new Reply(status, headers, all.toString(StandardCharsets.UTF_8));
        }
    }

    /** Splits a body into lines. */
    private static final class Lines implements Flow.Subscriber<List<ByteBuffer>>, TlsRequest.Taker {
        private final Consumer<String> line;
        private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
        private Flow.@Nullable Subscription subscription;

        Lines(Consumer<String> line) {
            this.line = line;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                while (buffer.hasRemaining()) {
                    byte b = buffer.get();
                    if (b == '\n') {
                        take();
                    } else if (rest.size() < MAX_BYTES) {
                        rest.write(b);
                    } else {
                        throw new IllegalStateException("a line of more than " + MAX_BYTES + " bytes");
                    }
                }
            }
            if (subscription != null) {
                subscription.request(1);
            }
        }

        @Override
        public void head(int status, Map<String, List<String>> headers) {
            good(status);
        }

        @Override
        public void piece(byte[] bytes) {
            onNext(List.of(ByteBuffer.wrap(bytes)));
        }

        private void take() {
            String text = rest.toString(StandardCharsets.UTF_8).strip();
            rest.reset();
            if (!text.isEmpty()) {
                line.accept(text);
            }
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onComplete() {
            take();
        }
    }

    private static void append(ByteArrayOutputStream out, ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        out.writeBytes(bytes);
    }
}
