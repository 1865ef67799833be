package io.finback.verification.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a person does with {@code curl} at port 8080. */
final class ServicesClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private final int port;

    /** {@code body} is missing where the answer is no JSON. */
    record Reply(int status, String text, JsonNode body, HttpResponse<String> raw) {
        String header(String name) {
            return raw.headers().firstValue(name).orElse("");
        }
    }

    ServicesClient(int port) {
        this.port = port;
    }

    @CanIgnoreReturnValue
    Reply send(String method, String path, Optional<String> body) throws IOException, InterruptedException {
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(TIMEOUT)
                        .method(
                                method,
                                body.map(HttpRequest.BodyPublishers::ofString)
                                        .orElse(HttpRequest.BodyPublishers.noBody()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        JsonNode json = response.body().startsWith("{") || response.body().startsWith("[")
                ? JSON.readTree(response.body())
                : JSON.missingNode();
        return new Reply(response.statusCode(), response.body(), json, response);
    }

    Reply get(String path) throws IOException, InterruptedException {
        return send("GET", path, Optional.empty());
    }

    @CanIgnoreReturnValue
    Reply post(String path, String body) throws IOException, InterruptedException {
        return accepted(send("POST", path, Optional.of(body)));
    }

    @CanIgnoreReturnValue
    Reply put(String path, String body) throws IOException, InterruptedException {
        return accepted(send("PUT", path, Optional.of(body)));
    }

    @CanIgnoreReturnValue
    Reply delete(String path) throws IOException, InterruptedException {
        return accepted(send("DELETE", path, Optional.empty()));
    }

    private static Reply accepted(Reply reply) {
        if (reply.status() >= 300) {
            throw new AssertionError(reply.status() + " " + reply.text());
        }
        return reply;
    }

    JsonNode app(String id) throws IOException, InterruptedException {
        return get("/v2/apps" + id).body().path("app");
    }

    /** Running tasks of an app by id. */
    List<String> running(String id) throws IOException, InterruptedException {
        List<String> ids = new ArrayList<>();
        for (JsonNode task : get("/v2/apps" + id + "/tasks").body().path("tasks")) {
            if (task.path("state").asText().equals("TASK_RUNNING")) {
                ids.add(task.path("id").asText());
            }
        }
        return ids;
    }

    /** Ends the app, and waits until nothing is left of it. */
    void remove(String id, Duration limit) throws IOException, InterruptedException {
        delete("/v2/apps" + id + "?force=true");
        Waiting.until(id + " is gone", limit, () -> !deploying(id), () -> describe(id));
        if (get("/v2/apps" + id).status() != 404 || get("/v2/tasks").text().contains("\"" + id + "\"")) {
            throw new AssertionError("something is left of " + describe(id));
        }
    }

    /** The app's entry in the queue. */
    Optional<JsonNode> queued(String id) throws IOException, InterruptedException {
        for (JsonNode item : get("/v2/queue").body().path("queue")) {
            if (item.path("app").path("id").asText().equals(id)) {
                return Optional.of(item);
            }
        }
        return Optional.empty();
    }

    /** Waits until so many tasks run and no deployment is about the app any more; returns their ids. */
    List<String> settled(String id, int instances, Duration limit) throws IOException, InterruptedException {
        Waiting.until(
                id + " runs " + instances + " times and nothing is under way",
                limit,
                () -> running(id).size() == instances && !deploying(id),
                () -> describe(id));
        return running(id);
    }

    String describe(String id) {
        try {
            return app(id) + " " + get("/v2/deployments").text() + " "
                    + get("/v2/queue").text();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }

    boolean deploying(String id) throws IOException, InterruptedException {
        for (JsonNode deployment : get("/v2/deployments").body()) {
            for (String list : new String[] {"affectedApps", "affectedPods"}) {
                for (JsonNode affected : deployment.path(list)) {
                    if (affected.asText().equals(id)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
