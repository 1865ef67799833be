package io.finback.controlplane.mesosapi;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.runtime.LogLevel;
import io.finback.security.Guard;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster API on {@code finback.master.http}: Mesos' paths, with and without {@code /master} before and {@code .json} behind.
 * Reads are answered from the view of this master alone; writes are answered once an entity has journaled them. Thread-safe. Source:
 * apache/mesos {@code src/master/http.cpp}.
 */
public final class ClusterApi {
    private static final Logger log = LoggerFactory.getLogger(ClusterApi.class);

    private final List<Supplier<String>> moreMetrics = new CopyOnWriteArrayList<>();
    private final SortedMap<String, Endpoint> endpoints = new TreeMap<>();
    private final SortedMap<String, Endpoint> below = new TreeMap<>();
    private final ActorSystem<?> system;

    private ClusterApi(ActorSystem<?> system) {
        this.system = system;
    }

    /** Answers one request. */
    @FunctionalInterface
    public interface Handler {
        CompletionStage<HttpResponse> answer(HttpRequest request);
    }

    /** One path: what answers each method. Only {@code GET} leaves the body of its request alone. */
    private record Endpoint(SortedMap<String, Handler> methods) {
        Endpoint {
            methods = new TreeMap<>(methods);
        }

        String allowed() {
            return methods.keySet().stream()
                    .map(method -> method.equals("GET") ? "GET, HEAD" : method)
                    .collect(Collectors.joining(", "));
        }
    }

    /** Everything this master serves, save what is added by {@link #with}. */
    public static ClusterApi create(ClusterApiParts parts) {
        ClusterApi api = new ClusterApi(parts.system());
        api.get("/", request -> now(Answers.text(200, api.index(parts))));
        Reads reads = new Reads(parts.view(), parts.reads(), parts.settings().maxReads(), parts.rules());
        RequestBodies bodies =
                new RequestBodies(parts.system(), parts.settings().maxBody());
        LogLevel level = new LogLevel((delay, work) -> {
            var unused = parts.system()
                    .scheduler()
                    .scheduleOnce(delay, work, parts.system().executionContext());
        });
        Function<HttpRequest, OperatorWrites> writes = request -> new OperatorWrites(
                new RuledCommands(parts.commands(), parts.rules(), parts.view(), Guard.principal(request)),
                level,
                parts.builtIn());
        EventStreams streams = new EventStreams(parts, reads);
        api.get("/help", request -> now(Answers.text(200, api.index(parts))));
        new ReadEndpoints(parts, reads, streams).addTo(api);
        new LookEndpoints(parts, reads).addTo(api);
        new ProcessEndpoints(level, parts.rules()).addTo(api);
        new WriteEndpoints(bodies, writes).addTo(api);
        MasterFiles own = new MasterFiles(parts.settings().log(), reads);
        own.addTo(api);
        OperatorApi operator =
                new OperatorApi(reads, bodies, new OperatorReads(parts, level, streams), writes, streams, own);
        api.post("/api/v1", operator::answer);
        api.get("/finback/offers/explain", new ExplainEndpoint(parts.commands(), parts.clock(), reads)::answer);
        AgentFiles files =
                new AgentFiles(parts.view(), parts.system(), parts.settings().maxFiles());
        api.addBelow(AgentFiles.PATH, "GET", files::answer);
        return api;
    }

    /** Adds numbers in Prometheus' text format to {@code /metrics}. */
    @CanIgnoreReturnValue
    public ClusterApi withMetrics(Supplier<String> prometheus) {
        moreMetrics.add(prometheus);
        return this;
    }

    String moreMetrics() {
        return moreMetrics.stream().map(Supplier::get).collect(Collectors.joining());
    }

    /** Adds a path that is posted to, such as another API below this port. */
    @CanIgnoreReturnValue
    public ClusterApi with(String path, Handler handler) {
        return post(path, handler);
    }

    /** Adds a path that is read. */
    @CanIgnoreReturnValue
    public ClusterApi withRead(String path, Handler handler) {
        return get(path, handler);
    }

    @CanIgnoreReturnValue
    ClusterApi get(String path, Handler handler) {
        return add(path, "GET", handler);
    }

    @CanIgnoreReturnValue
    ClusterApi post(String path, Handler handler) {
        return add(path, "POST", handler);
    }

    @CanIgnoreReturnValue
    ClusterApi add(String path, String method, Handler handler) {
        put(endpoints, path, method, handler);
        return this;
    }

    /** Every path below {@code path} that has no endpoint of its own. */
    @CanIgnoreReturnValue
    ClusterApi addBelow(String path, String method, Handler handler) {
        put(below, path, method, handler);
        return this;
    }

    /** Answers every request; never fails. */
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        try {
            return dispatch(request).exceptionally(ClusterApi::failure);
        } catch (RuntimeException e) {
            return now(failure(e));
        }
    }

    private CompletionStage<HttpResponse> dispatch(HttpRequest request) {
        String path = canonical(request.getUri().path());
        Endpoint endpoint = find(path);
        if (endpoint == null) {
            return discarding(
                    request,
                    Answers.text(
                            404, "No endpoint " + request.getUri().path() + " here; GET / lists what there is.\n"));
        }
        String method = request.method().value();
        Handler handler = endpoint.methods().get(method.equals("HEAD") ? "GET" : method);
        if (handler == null) {
            String text = "Expecting one of { " + endpoint.allowed() + " }, but received '" + method + "'\n";
            return discarding(
                    request, Answers.text(405, text).addHeader(RawHeader.create("Allow", endpoint.allowed())));
        }
        if (method.equals("GET") || method.equals("HEAD")) {
            var unused = request.discardEntityBytes(system);
        }
        return handler.answer(request);
    }

    private @Nullable Endpoint find(String path) {
        Endpoint exact = endpoints.get(path);
        if (exact != null) {
            return exact;
        }
        return below.entrySet().stream()
                .filter(entry -> path.startsWith(entry.getKey() + "/"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    private CompletionStage<HttpResponse> discarding(HttpRequest request, HttpResponse response) {
        var unused = request.discardEntityBytes(system);
        return now(response);
    }

    private static HttpResponse failure(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (cause instanceof ApiFailure failure) {
            return Answers.failure(failure);
        }
        log.error("mesosapi.request_failed", cause);
        return Answers.text(500, "The request could not be answered; the log of this master says why.\n");
    }

    /** What this port answers to who is not let in. */
    public static HttpResponse refusal(int status, String reason) {
        return Answers.text(status, reason + "\n");
    }

    /** The path without {@code /master} before it, and without {@code .json} or a slash behind it. */
    public static String canonical(String path) {
        String shorter = path.startsWith("/master/") ? path.substring("/master".length()) : path;
        shorter = shorter.endsWith(".json") ? shorter.substring(0, shorter.length() - ".json".length()) : shorter;
        boolean slash = shorter.length() > 1 && shorter.endsWith("/");
        return slash ? shorter.substring(0, shorter.length() - 1) : shorter;
    }

    static CompletionStage<HttpResponse> now(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }

    private static void put(SortedMap<String, Endpoint> all, String path, String method, Handler handler) {
        SortedMap<String, Handler> methods = new TreeMap<>();
        Endpoint known = all.get(path);
        if (known != null) {
            methods.putAll(known.methods());
        }
        methods.put(method, handler);
        all.put(path, new Endpoint(methods));
    }

    private String index(ClusterApiParts parts) {
        StringBuilder text = new StringBuilder("Finback cluster API, version ")
                .append(parts.self().get().version())
                .append("\n\n");
        endpoints.forEach((path, endpoint) -> text.append("  ")
                .append(endpoint.allowed())
                .append(' ')
                .append(path)
                .append('\n'));
        below.forEach((path, endpoint) -> text.append("  ")
                .append(endpoint.allowed())
                .append(' ')
                .append(path)
                .append("/...\n"));
        return text.append("\nEach also under /master, and with .json behind.\n")
                .toString();
    }
}
