package io.finback.verification.process;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Clients that call all the time, each one after the other: writers change apps of their own, readers read. Every call has a short limit, so
 * that one that hangs counts as a failure and not as patience. Tells the longest time without a success per caller, and of what kind the
 * failures were.
 */
final class Callers implements AutoCloseable {
    private static final Duration SHORT = Duration.ofSeconds(3);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Duration limit;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();
    private final List<Caller> callers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    /** One client. Times are of {@link System#nanoTime}. */
    private static final class Caller {
        private final String name;
        private final AtomicLong successes = new AtomicLong();
        private long lastNanos = System.nanoTime();
        private long longestNanos;
        private final Map<String, Integer> failures = new TreeMap<>();

        Caller(String name) {
            this.name = name;
        }

        synchronized void succeeded() {
            long now = System.nanoTime();
            longestNanos = Math.max(longestNanos, now - lastNanos);
            lastNanos = now;
            successes.incrementAndGet();
        }

        synchronized void failed(String how) {
            failures.merge(how, 1, Integer::sum);
        }

        synchronized void reset() {
            lastNanos = System.nanoTime();
            longestNanos = 0;
            failures.clear();
        }

        synchronized long gapMillis() {
            return longestNanos / 1_000_000;
        }

        synchronized int failures() {
            return failures.values().stream().mapToInt(Integer::intValue).sum();
        }

        @Override
        public synchronized String toString() {
            return name + ": " + successes + " calls, longest gap " + longestNanos / 1_000_000 + " ms, failures "
                    + failures;
        }
    }

    Callers() {
        this(SHORT);
    }

    /** @param limit after how long a call counts as a failure */
    Callers(Duration limit) {
        this.limit = limit;
    }

    /** Changes the labels of an app of its own, over and over; the app must exist. */
    void writer(int servicesPort, String id) {
        writer("127.0.0.1:" + servicesPort, id);
    }

    void writer(String services, String id) {
        AtomicLong round = new AtomicLong();
        start("writer " + id + "@" + services, () -> {
            String mark = "m" + round.incrementAndGet();
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("http://" + services + "/v2/apps" + id + "?force=true"))
                    .timeout(limit)
                    .header("Content-Type", "application/json")
                    .PUT(HttpRequest.BodyPublishers.ofString("{\"labels\":{\"mark\":\"" + mark + "\"}}"))
                    .build();
            // Unanswered, it may have been taken or not.
            acknowledged.remove(id);
            must(request);
            acknowledged.put(id, mark);
        });
    }

    /**
     * A writer that knows several masters and, as behind a load balancer, takes the next one when one does not listen. A call that was
     * taken and not answered well is a failure whoever took it.
     */
    void writer(List<Integer> servicesPorts, String id) {
        AtomicLong round = new AtomicLong();
        AtomicInteger at = new AtomicInteger();
        start("writer " + id, () -> {
            String mark = "m" + round.incrementAndGet();
            acknowledged.remove(id);
            anyOf(servicesPorts, at, port -> HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + port + "/v2/apps" + id + "?force=true"))
                    .timeout(limit)
                    .header("Content-Type", "application/json")
                    .PUT(HttpRequest.BodyPublishers.ofString("{\"labels\":{\"mark\":\"" + mark + "\"}}"))
                    .build());
            acknowledged.put(id, mark);
        });
    }

    /** The same, reading. */
    void reader(List<Integer> ports, String path) {
        AtomicInteger at = new AtomicInteger();
        start(
                "reader " + path,
                () -> anyOf(ports, at, port -> HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(limit)
                        .build()));
    }

    private void anyOf(List<Integer> ports, AtomicInteger at, IntFunction<HttpRequest> request)
            throws IOException, InterruptedException {
        for (int tried = 1; ; tried++) {
            try {
                must(request.apply(ports.get(at.get() % ports.size())));
                return;
            } catch (ConnectException e) {
                at.incrementAndGet();
                if (tried == ports.size()) {
                    throw new IOException("no master listens", e);
                }
            }
        }
    }

    void reader(int port, String path) {
        reader("127.0.0.1:" + port, path);
    }

    void reader(String at, String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + at + path))
                .timeout(limit)
                .build();
        start("reader " + path + "@" + at, () -> must(request));
    }

    private interface Call {
        void make() throws IOException, InterruptedException;
    }

    private void start(String name, Call call) {
        Caller caller = new Caller(name);
        callers.add(caller);
        Thread thread = new Thread(
                () -> {
                    while (!stopped) {
                        try {
                            call.make();
                            caller.succeeded();
                            LockSupport.parkNanos(PAUSE.toNanos());
                        } catch (IOException e) {
                            caller.failed(String.valueOf(e.getMessage()));
                        } catch (InterruptedException e) {
                            return;
                        }
                    }
                },
                name);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void must(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.statusCode() + " "
                    + response.body().substring(0, Math.min(80, response.body().length())));
        }
    }

    /** Forgets what was before. */
    void reset() {
        callers.forEach(Caller::reset);
    }

    /** Waits until every caller has had some more successes. */
    void awaitMore(long each) {
        Map<Caller, Long> goals = new HashMap<>();
        callers.forEach(caller -> goals.put(caller, caller.successes.get() + each));
        Waiting.until(
                each + " more calls of each",
                Duration.ofMinutes(3),
                () -> goals.entrySet().stream()
                        .allMatch(goal -> goal.getKey().successes.get() >= goal.getValue()),
                this::report);
    }

    long longestGapMillis(String kind) {
        return callers.stream()
                .filter(caller -> caller.name.startsWith(kind))
                .mapToLong(Caller::gapMillis)
                .max()
                .orElse(0);
    }

    int failures(String kind) {
        return callers.stream()
                .filter(caller -> caller.name.startsWith(kind))
                .mapToInt(Caller::failures)
                .sum();
    }

    /** The last mark that was acknowledged of each app; call it after {@link #close}. */
    Map<String, String> acknowledged() {
        return Map.copyOf(acknowledged);
    }

    String report() {
        StringBuilder text = new StringBuilder();
        callers.forEach(caller -> text.append("  ").append(caller).append('\n'));
        return text.toString();
    }

    @Override
    public void close() {
        finish();
    }

    /** No further call is begun; those under way are waited for. Idempotent. */
    void finish() {
        stopped = true;
        for (Thread thread : threads) {
            try {
                thread.join(5_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
