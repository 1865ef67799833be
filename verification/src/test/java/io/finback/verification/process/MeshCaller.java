package io.finback.verification.process;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client that calls the service {@code web} through one router all the time, one call after the other, and keeps a record of what
 * failed and for how long: from the first failure to the next success.
 */
final class MeshCaller implements AutoCloseable {
    private final URI target;
    private final String name;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();
    private final Thread thread;
    private final AtomicLong successes = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final List<String> outages = new ArrayList<>();
    private final Map<String, Long> answers = new HashMap<>();
    private volatile boolean stopped;

    MeshCaller(String name, int routerPort) {
        this.name = name;
        this.target = URI.create("http://127.0.0.1:" + routerPort + "/");
        this.thread = new Thread(this::loop, "mesh-caller-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** One call; the answer's body, or an exception that says what went wrong. */
    static String call(HttpClient client, URI target) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(target)
                .timeout(Duration.ofSeconds(5))
                .header("l5d-name", "/svc/web")
                .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != HttpURLConnection.HTTP_OK) {
            throw new IOException(
                    "status " + response.statusCode() + " " + response.body().trim());
        }
        return response.body();
    }

    private void loop() {
        long failingSince = 0;
        int failed = 0;
        String first = "";
        while (!stopped) {
            try {
                String answer = call(client, target);
                successes.incrementAndGet();
                synchronized (this) {
                    answers.merge(answer, 1L, Long::sum);
                    if (failed > 0) {
                        long millis = (System.nanoTime() - failingSince) / 1_000_000;
                        outages.add(failed + " calls over " + millis + " ms, the first: " + first);
                    }
                }
                failed = 0;
            } catch (IOException e) {
                failures.incrementAndGet();
                if (failed++ == 0) {
                    failingSince = System.nanoTime();
                    first = String.valueOf(e);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    long successes() {
        return successes.get();
    }

    long failures() {
        return failures.get();
    }

    /** Waits until this many more calls were answered. */
    void awaitMore(long calls) {
        long goal = successes.get() + calls;
        Waiting.until(
                name + ": " + calls + " more answers",
                Duration.ofMinutes(3),
                () -> successes.get() >= goal,
                this::report);
    }

    synchronized Map<String, Long> answers() {
        return Map.copyOf(answers);
    }

    synchronized String report() {
        return name + ": " + successes + " answered, " + failures + " failed " + outages;
    }

    @Override
    public void close() {
        stopped = true;
        thread.interrupt();
    }
}
