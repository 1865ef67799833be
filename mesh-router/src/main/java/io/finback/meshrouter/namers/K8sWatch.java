package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Lists objects of the Kubernetes API and follows their changes; lists them anew when the API ends the watch. Source: Kubernetes, API concepts,
 * "efficient detection of changes".
 */
final class K8sWatch {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration AGAIN = Duration.ofMillis(100);

    /** What is told. */
    interface Listener {
        /** All objects there are. */
        void listed(JsonNode items);

        /** One that was {@code ADDED}, {@code MODIFIED} or {@code DELETED}. */
        void changed(String type, JsonNode object);
    }

    private record Listed(String collection, JsonNode list) {}

    private K8sWatch() {}

    /**
     * Follows a collection.
     *
     * @param collections URIs without a query; the first that the API knows is followed
     * @param select of its objects, such as {@code fieldSelector=metadata.name%3Dweb}; may be empty
     */
    static AutoCloseable follow(
            Streams streams, String what, List<String> collections, String select, Listener listener) {
        AtomicReference<CompletableFuture<?>> watching = new AtomicReference<>(CompletableFuture.completedFuture(null));
        AutoCloseable loop = streams.again(what, Streams.USUAL, works -> list(streams, collections, 0, select)
                .thenCompose(listed -> {
                    listener.listed(listed.list().path("items"));
                    works.run();
                    String version = listed.list()
                            .path("metadata")
                            .path("resourceVersion")
                            .asText("");
                    CompletableFuture<Void> stream = streams.lines(
                            listed.collection() + query(select) + "watch=true&resourceVersion=" + encoded(version),
                            Map.of(),
                            line -> event(Json.parse(line), listener));
                    watching.set(stream);
                    return stream;
                })
                .thenApply(end -> AGAIN));
        return () -> {
            loop.close();
            watching.get().cancel(true);
        };
    }

    private static String query(String select) {
        return select.isEmpty() ? "?" : "?" + select + "&";
    }

    private static CompletableFuture<Listed> list(Streams streams, List<String> collections, int at, String select) {
        String uri = collections.get(at);
        return streams.get(uri + (select.isEmpty() ? "" : "?" + select), Map.of(), LIMIT)
                .thenCompose(reply -> {
                    if (reply.status() == 404 && at + 1 < collections.size()) {
                        return list(streams, collections, at + 1, select);
                    }
                    if (reply.status() != 200) {
                        throw new IllegalStateException("status " + reply.status() + " (expected: 200)");
                    }
                    return CompletableFuture.completedFuture(new Listed(uri, Json.parse(reply.text())));
                });
    }

    private static void event(JsonNode event, Listener listener) {
        String type = event.path("type").asText();
        switch (type) {
            case "ADDED", "MODIFIED", "DELETED" -> listener.changed(type, event.path("object"));
            case "ERROR" ->
                throw new IllegalStateException(
                        event.path("object").path("message").asText("watch ended by the API"));
            default -> {}
        }
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.ISO_8859_1).replace("+", "%20");
    }
}
