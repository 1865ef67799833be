package io.finback.verification.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
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
 * A client that creates, changes and deletes small apps all the time and remembers what was acknowledged, so that afterwards every
 * acknowledged change can be looked for. An unanswered change is ambiguous: its app is left out of the check from then on.
 */
final class AppChanger implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final long JOIN_MILLIS = 15_000;

    private final String base;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();
    private final Thread thread;
    private final Map<String, String> acknowledged = new HashMap<>();
    private final List<String> outages = new ArrayList<>();
    private final AtomicLong successes = new AtomicLong();
    private volatile boolean stopped;

    AppChanger(int servicesPort) {
        this.base = "http://127.0.0.1:" + servicesPort + "/v2/apps";
        this.thread = new Thread(this::loop, "app-changer");
        thread.setDaemon(true);
        thread.start();
    }

    private void loop() {
        long failingSince = 0;
        int failed = 0;
        String first = "";
        for (int round = 0; !stopped; round++) {
            String id = "/change/a" + (round / 3 % 200) + "-" + round / 600;
            try {
                change(round % 3, id, "round-" + round);
                successes.incrementAndGet();
                if (failed > 0) {
                    long millis = (System.nanoTime() - failingSince) / 1_000_000;
                    synchronized (this) {
                        outages.add(failed + " changes over " + millis + " ms, the first: " + first);
                    }
                }
                failed = 0;
            } catch (IOException e) {
                synchronized (this) {
                    acknowledged.remove(id);
                }
                if (failed++ == 0) {
                    failingSince = System.nanoTime();
                    first = String.valueOf(e);
                }
                round += 2 - round % 3;
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Create, change, and of every other app: delete. No instances: what is looked for is the word that was given. */
    private void change(int step, String id, String mark) throws IOException, InterruptedException {
        if (step == 0) {
            send(
                    "POST",
                    base,
                    "{\"id\":\"" + id + "\",\"cmd\":\"sleep 1000\",\"instances\":0,\"labels\":{\"mark\":\"" + mark
                            + "\"}}");
            remember(id, mark);
        } else if (step == 1) {
            send("PUT", base + id + "?force=true", "{\"labels\":{\"mark\":\"" + mark + "\"}}");
            remember(id, mark);
        } else if (Math.floorMod(id.hashCode(), 2) == 0) {
            send("DELETE", base + id, "");
            remember(id, "");
        }
    }

    private synchronized void remember(String id, String mark) {
        acknowledged.put(id, mark);
    }

    private void send(String method, String url, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(method + " " + url + ": " + response.statusCode() + " " + response.body());
        }
    }

    long successes() {
        return successes.get();
    }

    void awaitMore(long changes) {
        long goal = successes.get() + changes;
        Waiting.until(changes + " more changes", Duration.ofMinutes(3), () -> successes.get() >= goal, this::report);
    }

    synchronized String report() {
        return "app changes: " + successes + " acknowledged, outages " + outages;
    }

    /** Every acknowledged change that cannot be found, in words; empty when nothing was lost. Call it after {@link #finish()}. */
    synchronized List<String> lost() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base))
                .timeout(Duration.ofSeconds(10))
                .build();
        JsonNode apps = JSON.readTree(client.send(request, HttpResponse.BodyHandlers.ofString())
                        .body())
                .path("apps");
        Map<String, String> found = new HashMap<>();
        apps.forEach(app -> found.put(
                app.path("id").asText(), app.path("labels").path("mark").asText()));
        List<String> lost = new ArrayList<>();
        acknowledged.forEach((id, mark) -> {
            String now = found.getOrDefault(id, "");
            if (!now.equals(mark)) {
                lost.add(id + ": acknowledged '" + mark + "', found '" + now + "'");
            }
        });
        return lost;
    }

    @Override
    public void close() {
        finish();
    }

    /** No further change is begun; the one in flight is waited for. Idempotent. */
    void finish() {
        stopped = true;
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
