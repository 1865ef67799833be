package io.finback.meshrouter.admin;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Query;
import akka.http.javadsl.model.StatusCodes;
import akka.japi.function.Function;
import akka.stream.javadsl.FileIO;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.finback.meshrouter.linkerd.Plan.Security;
import io.finback.meshrouter.namers.Interpreter;
import io.finback.meshrouter.namers.NameSource;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.LiveDestination;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.names.Dtab;
import io.finback.names.NamesJson;
import io.finback.names.NamingException;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The admin server (Linkerd's port 9990). Requests are answered on threads of its own, of which the data path uses none; so many wait, more
 * are 503.
 */
public final class Admin implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper PRETTY = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final ContentType PROMETHEUS = ContentTypes.parse("text/plain; version=0.0.4; charset=UTF-8");
    private static final int MAX_WAITING = 100;
    private static final long MAX_BODY = 1 << 20;
    private static final long BODY_LIMIT_MILLIS = 3_000;
    /** How long a name may take to become known. As Linkerd. */
    private static final Duration KNOWN_WITHIN = Duration.ofSeconds(2);

    private static final Duration ASK_AGAIN = Duration.ofMillis(50);

    private final AdminParts parts;
    private final LinkerdMetrics metrics;
    private final OwnMetrics own;
    private final ExecutorService executor;

    public Admin(AdminParts parts) {
        this.parts = parts;
        this.metrics = new LinkerdMetrics(parts);
        this.own = new OwnMetrics(parts);
        int threads = parts.plan().admin().workerThreads();
        this.executor = new ThreadPoolExecutor(
                threads, threads, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, "finback-admin");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** Listens; the stage fails when the address cannot be bound. */
    public CompletionStage<ServerBinding> bind(ActorSystem<?> system, String host, int port) {
        Function<HttpRequest, CompletionStage<HttpResponse>> handler = request -> request.entity()
                .withSizeLimit(MAX_BODY)
                .toStrict(BODY_LIMIT_MILLIS, system)
                .handle((body, failure) -> failure == null
                        ? answerLater(request, body.getData().utf8String())
                        : CompletableFuture.completedFuture(
                                text(413, "body: at most " + MAX_BODY + " bytes within 3 s\n")))
                .thenCompose(answered -> answered);
        return Http.get(system).newServerAt(host, port).bind(handler);
    }

    private CompletionStage<HttpResponse> answerLater(HttpRequest request, String body) {
        return answerUntil(request, body, System.nanoTime() + KNOWN_WITHIN.toNanos(), executor);
    }

    /** A name that is not known yet is asked for again, without holding a thread meanwhile. */
    private CompletableFuture<HttpResponse> answerUntil(
            HttpRequest request, String body, long deadlineNanos, Executor on) {
        CompletableFuture<Optional<HttpResponse>> now;
        try {
            now = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return Optional.of(answer(request, body));
                        } catch (NotYetKnown e) {
                            return System.nanoTime() - deadlineNanos < 0
                                    ? Optional.empty()
                                    : Optional.of(text(503, "not known yet: " + e.getMessage() + "; try again\n"));
                        }
                    },
                    on);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(text(503, "too many admin requests wait; try again\n"));
        }
        Executor later = CompletableFuture.delayedExecutor(ASK_AGAIN.toMillis(), TimeUnit.MILLISECONDS, executor);
        return now.thenCompose(answered -> answered.map(CompletableFuture::completedFuture)
                .orElseGet(() -> answerUntil(request, body, deadlineNanos, later)));
    }

    private HttpResponse answer(HttpRequest request, String body) {
        String path = request.getUri().path();
        boolean get =
                request.method().equals(HttpMethods.GET) || request.method().equals(HttpMethods.HEAD);
        boolean post = request.method().equals(HttpMethods.POST);
        if (!allowed(path, post)) {
            return text(404, path + " is switched off (admin.security)\n");
        }
        boolean takesPost =
                List.of("/delegator.json", "/logging.json", "/admin/shutdown").contains(path);
        if (!get && !(post && takesPost)) {
            return text(
                    405,
                    "method: " + request.method().value() + " (expected: " + (takesPost ? "GET or POST" : "GET")
                            + ")\n");
        }
        try {
            return post
                    ? posted(path, request.getUri().query(), body)
                    : got(path, request.getUri().query());
        } catch (NamingException e) {
            return text(400, e.getMessage() + "\n");
        } catch (IllegalArgumentException e) {
            return text(400, e.getMessage() + "\n");
        }
    }

    private HttpResponse got(String path, Query query) {
        if (path.equals(parts.plan().telemetry().prometheusPath())) {
            return prometheus(metrics.prometheus(parts.plan().telemetry().prometheusPrefix()));
        }
        return switch (path) {
            case "/admin/ping" -> text(200, "pong");
            case "/health" -> health();
            case "/admin/metrics.json" -> metricsJson(query);
            case "/metrics" -> prometheus(own.prometheus());
            case "/admin/metrics/influxdb" ->
                parts.plan().telemetry().influxdb() ? text(200, metrics.influxdb(host())) : notFound();
            case "/delegator.json" -> delegator(query.get("namespace"), query.get("path"), query.get("dtab"));
            case "/bound-names.json" -> json(boundNames(), true);
            case "/client_state.json" -> json(clients(), true);
            case "/config.json" -> json(parts.config(), true);
            case "/logging.json" -> json(Diagnostics.loggers(), true);
            case "/requests", "/requests.json" ->
                parts.recent().map(recent -> json(recent.show(), true)).orElseGet(Admin::notFound);
            case "/finback/endpoints.json" -> json(endpoints(), true);
            case "/admin/threads", "/admin/threads.json" -> json(Diagnostics.threads(50), true);
            case "/admin/contention", "/admin/pprof/contention" -> json(Diagnostics.contention(), true);
            case "/admin/pprof/heap" -> heap();
            case "/admin/server_info" -> json(serverInfo(), true);
            case "/admin/shutdown" -> text(405, "method: GET (expected: POST)\n");
            default -> state(path);
        };
    }

    private HttpResponse posted(String path, Query query, String body) {
        return switch (path) {
            case "/delegator.json" -> {
                JsonNode asked = read(body);
                yield delegator(field(asked, "namespace"), field(asked, "path"), field(asked, "dtab"));
            }
            case "/logging.json" -> {
                JsonNode asked = body.isBlank() ? JSON.createObjectNode() : read(body);
                String logger =
                        field(asked, "logger").or(() -> query.get("logger")).orElse("");
                String level =
                        field(asked, "level").or(() -> query.get("level")).orElse("");
                yield Diagnostics.setLevel(logger, level)
                        .map(wrong -> text(400, wrong + "\n"))
                        .orElseGet(() -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
            }
            default -> {
                parts.shutdown().run();
                yield text(200, "quitting\n");
            }
        };
    }

    private static JsonNode read(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body: " + e.getOriginalMessage() + " (expected: JSON)", e);
        }
    }

    private static Optional<String> field(JsonNode node, String name) {
        return node.hasNonNull(name) ? Optional.of(node.get(name).asText()) : Optional.empty();
    }

    private boolean allowed(String path, boolean post) {
        Security security = parts.plan().admin().security();
        if (security.blacklist().stream().anyMatch(path::matches)) {
            return false;
        }
        if (security.whitelist().stream().anyMatch(path::matches)) {
            return true;
        }
        boolean control = post && !path.equals("/delegator.json");
        boolean metricsOrHealth = path.startsWith("/admin/metrics")
                || path.equals("/admin/ping")
                || path.equals("/metrics")
                || path.equals("/health")
                || path.equals(parts.plan().telemetry().prometheusPath());
        if (control) {
            return security.control();
        }
        return metricsOrHealth || security.diagnostics();
    }

    private HttpResponse state(String path) {
        for (NameSource namer : parts.namers()) {
            String name = String.join("/", namer.prefix().drop(1).elements());
            if (path.equals("/namer_state/" + name + ".json")) {
                return json(Map.of("state", namer.state()), true);
            }
        }
        for (RunningRouter running : parts.routers()) {
            Interpreter interpreter = running.router().spec().interpreter();
            if (path.startsWith("/" + running.label() + "/interpreter_state/" + interpreter.kind())) {
                return json(Map.of("state", interpreter.state()), true);
            }
        }
        return notFound();
    }

    private HttpResponse health() {
        EndpointsSnapshot known = parts.endpoints().get();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("status", "serving");
        out.put("connected", known.connected());
        out.put("ageMs", known.ageMillis(parts.nanoTime().getAsLong()));
        out.put(
                "connections",
                parts.routers().stream()
                        .flatMap(running -> running.servers().stream())
                        .mapToInt(server -> server.proxy().connections())
                        .sum());
        return json(out, false);
    }

    private HttpResponse metricsJson(Query query) {
        String prefix = query.get("q").orElse("");
        boolean tree =
                query.get("tree").filter(t -> t.equals("1") || t.equals("true")).isPresent();
        return json(
                tree ? metrics.tree(prefix) : metrics.json(prefix),
                query.get("pretty").isPresent());
    }

    /** {@code namespace}: the router's label; the first when it is not given. A dtab that is given stands for the router's own. */
    private HttpResponse delegator(Optional<String> namespace, Optional<String> path, Optional<String> dtab) {
        if (path.isEmpty()) {
            return text(400, "path: missing (expected: a path such as /svc/web)\n");
        }
        Optional<RunningRouter> found = parts.routers().stream()
                .filter(running -> namespace.isEmpty() || running.label().equals(namespace.get()))
                .findFirst();
        if (found.isEmpty()) {
            return text(
                    404,
                    "namespace: no router is labelled '" + namespace.orElse("") + "' (expected: one of "
                            + parts.routers().stream().map(RunningRouter::label).toList() + ")\n");
        }
        Dtab table = dtab.map(Dtab::parse)
                .orElseGet(() -> found.get().router().spec().dtab());
        Interpreter interpreter = found.get().router().spec().interpreter();
        NamesJson names = new NamesJson(id -> interpreter.addresses(id).get());
        return json(names.delegation(interpreter.delegate(table, Path.parse(path.get()))), true);
    }

    private Set<String> boundNames() {
        Set<String> names = new TreeSet<>();
        parts.routers()
                .forEach(running -> names.addAll(running.router().destinations().keySet()));
        return names;
    }

    private Map<String, Object> clients() {
        Map<String, Object> out = new TreeMap<>();
        for (RunningRouter running : parts.routers()) {
            Map<String, Object> clients = new TreeMap<>();
            running.router().destinations().forEach((id, client) -> clients.put(id, client(client)));
            out.put(running.label(), clients);
        }
        return out;
    }

    private Object client(LiveDestination client) {
        long now = parts.nanoTime().getAsLong();
        return client.endpoints().stream()
                .map(endpoint -> {
                    Map<String, Object> out = new LinkedHashMap<>();
                    out.put("address", endpoint.host() + ":" + endpoint.port());
                    out.put("open", endpoint.isOpen(now));
                    out.put("load", endpoint.outstanding());
                    out.put("weight", endpoint.weight());
                    return out;
                })
                .toList();
    }

    private Map<String, Object> endpoints() {
        EndpointsSnapshot known = parts.endpoints().get();
        Map<String, Object> apps = new TreeMap<>();
        known.apps().forEach((id, app) -> {
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("revision", app.endpoints().revision());
            out.put("current", app.link() == known.link() && known.connected());
            out.put(
                    "ready",
                    app.endpoints().ready().stream()
                            .map(i -> Map.of("taskId", i.taskId(), "host", i.host(), "ports", i.ports()))
                            .toList());
            apps.put(id, out);
        });
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("connected", known.connected());
        out.put("ageMs", known.ageMillis(parts.nanoTime().getAsLong()));
        out.put("link", known.link());
        out.put("apps", apps);
        return out;
    }

    private static Map<String, Object> serverInfo() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", "finback-router");
        out.put("start_time", ManagementFactory.getRuntimeMXBean().getStartTime());
        out.put("uptime", ManagementFactory.getRuntimeMXBean().getUptime());
        return out;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    private static HttpResponse heap() {
        try {
            java.nio.file.Path file = Diagnostics.heap();
            var body = FileIO.fromPath(file)
                    .watchTermination((bytes, done) -> done.whenComplete((end, failure) -> {
                        try {
                            Files.deleteIfExists(file);
                            Files.deleteIfExists(Objects.requireNonNull(file.getParent()));
                        } catch (IOException e) {
                            file.toFile().deleteOnExit();
                        }
                    }));
            return HttpResponse.create()
                    .withEntity(HttpEntities.create(
                            ContentTypes.APPLICATION_OCTET_STREAM,
                            Files.size(file),
                            body.mapMaterializedValue(d -> d)));
        } catch (IOException e) {
            return text(500, "no heap dump: " + e.getMessage() + "\n");
        }
    }

    private static HttpResponse prometheus(String text) {
        return HttpResponse.create().withEntity(HttpEntities.create(PROMETHEUS, text.getBytes(StandardCharsets.UTF_8)));
    }

    private static HttpResponse json(Object value, boolean pretty) {
        try {
            String text = (pretty ? PRETTY : JSON).writeValueAsString(value);
            return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static HttpResponse text(int status, String text) {
        return HttpResponse.create().withStatus(StatusCodes.get(status)).withEntity(ContentTypes.TEXT_PLAIN_UTF8, text);
    }

    private static HttpResponse notFound() {
        return text(
                404,
                "GET /admin/ping /admin/metrics.json /admin/metrics/prometheus /metrics /delegator.json?path=&dtab= "
                        + "/bound-names.json /client_state.json /config.json /logging.json /admin/threads "
                        + "/admin/contention /admin/pprof/heap /admin/server_info /finback/endpoints.json /health\n");
    }

    @Override
    public void close() {
        var left = executor.shutdownNow();
        Objects.requireNonNull(left);
    }
}
