package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

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

    private final Streams streams;
    private final Supplier<CompletableFuture<Void>> before;
    private final List<String> collections;
    private final String select;
    private final Listener listener;
    private CompletableFuture<?> running = CompletableFuture.completedFuture(null);
    private boolean closed;

    private K8sWatch(
            Streams streams,
            Supplier<CompletableFuture<Void>> before,
            List<String> collections,
            String select,
            Listener listener) {
        this.streams = streams;
        this.before = before;
        this.collections = collections;
        this.select = select;
        this.listener = listener;
    }

    /**
     * Follows a collection.
     *
     * @param collections URIs without a query; the first that the API knows is followed
     * @param select of its objects, such as {@code fieldSelector=metadata.name%3Dweb}; may be empty
     */
    static AutoCloseable follow(
            Streams streams, String what, List<String> collections, String select, Listener listener) {
        return follow(streams, what, () -> CompletableFuture.completedFuture(null), collections, select, listener);
    }

    /** The same; {@code before} is done each time before objects are listed. */
    static AutoCloseable follow(
            Streams streams,
            String what,
            Supplier<CompletableFuture<Void>> before,
            List<String> collections,
            String select,
            Listener listener) {
        K8sWatch watch = new K8sWatch(streams, before, collections, select, listener);
        AutoCloseable loop = streams.again(what, Streams.USUAL, watch::step);
        return () -> {
            loop.close();
            watch.close();
        };
    }

    private CompletableFuture<Duration> step(Runnable works) {
        return next(before)
                .thenCompose(done -> next(() -> list(0)))
                .thenCompose(listed -> {
                    listener.listed(listed.list().path("items"));
                    works.run();
                    String version = listed.list()
                            .path("metadata")
                            .path("resourceVersion")
                            .asText("");
                    return next(() -> streams.lines(
                            listed.collection() + query(select) + "watch=true&resourceVersion=" + encoded(version),
                            Map.of(),
                            line -> event(Json.parse(line), listener)));
                })
                .thenApply(end -> AGAIN);
    }

    /** Begins what closing ends. */
    private synchronized <T> CompletableFuture<T> next(Supplier<? extends CompletableFuture<T>> begin) {
        if (closed) {
            throw new CancellationException("not watched any more");
        }
        CompletableFuture<T> begun = begin.get();
        running = begun;
        return begun;
    }

    private synchronized void close() {
        closed = true;
        running.cancel(true);
    }

    private static String query(String select) {
        return select.isEmpty() ? "?" : "?" + select + "&";
    }

    private CompletableFuture<Listed> list(int at) {
        String uri = collections.get(at);
        return streams.get(uri + (select.isEmpty() ? "" : "?" + select), Map.of(), LIMIT)
                .thenCompose(reply -> {
                    if (reply.status() == 404 && at + 1 < collections.size()) {
                        return list(at + 1);
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
