package io.finback.meshrouter.admin;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Query;
import akka.http.javadsl.model.StatusCodes;
import com.fasterxml.jackson.databind.JsonNode;
import io.finback.meshrouter.linkerd.Plan.Security;
import io.finback.names.NamingException;
import io.finback.names.NotYetKnown;
import io.finback.security.Guard;
import io.finback.security.Refusals;
import io.finback.security.SecuritySettings;
import io.finback.tls.NodeTls;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The admin server (Linkerd's port 9990). Requests are answered on threads of its own, of which the data path uses none; so many wait, more
 * are 503.
 */
public final class Admin implements AutoCloseable {
    private static final int MAX_WAITING = 100;
    private static final long MAX_BODY = 1 << 20;
    private static final long BODY_LIMIT_MILLIS = 3_000;
    /** How long a name may take to become known. As Linkerd. */
    private static final Duration KNOWN_WITHIN = Duration.ofSeconds(2);

    private static final Duration ASK_AGAIN = Duration.ofMillis(50);

    private static final Duration ANSWERED_WITHIN = Duration.ofMillis(200);

    private final AdminParts parts;
    private final AdminViews views;
    private final LinkerdMetrics metrics;
    private final OwnMetrics own;
    private final ExecutorService executor;
    private final AtomicBoolean profiling = new AtomicBoolean();
    private volatile Supplier<String> refused = () -> "";

    public Admin(AdminParts parts) {
        this.parts = parts;
        this.views = new AdminViews(parts);
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

    /** Listens, behind {@code finback.security} and {@code finback.tls.http} as every HTTP port; the stage fails when the address cannot be bound. */
    public CompletionStage<ServerBinding> bind(ActorSystem<?> system, String host, int port) {
        Guard guard = new Guard(
                system, "admin", SecuritySettings.from(system.settings().config()), AdminDoors::refusal);
        refused = Refusals.of(system)::prometheus;
        Function<HttpRequest, CompletionStage<HttpResponse>> handler = request -> request.entity()
                .withSizeLimit(MAX_BODY)
                .toStrict(BODY_LIMIT_MILLIS, Long.MAX_VALUE, system)
                .handle((body, failure) -> failure == null
                        ? answerLater(request, body.getData().utf8String())
                        : CompletableFuture.completedFuture(
                                Answers.text(413, "body: at most " + MAX_BODY + " bytes within 3 s\n")))
                .thenCompose(answered -> answered);
        return NodeTls.secured(
                        Http.get(system).newServerAt(host, port),
                        system.settings().config())
                .adaptSettings(server -> server.withRemoteAddressAttribute(true))
                .bind(guard.before(AdminDoors::of, handler)::apply);
    }

    private CompletionStage<HttpResponse> answerLater(HttpRequest request, String body) {
        return answerUntil(request, body, System.nanoTime() + KNOWN_WITHIN.toNanos());
    }

    /** A name that is not known yet is asked for again, without holding a thread meanwhile. */
    private CompletableFuture<HttpResponse> answerUntil(HttpRequest request, String body, long deadlineNanos) {
        CompletableFuture<Optional<HttpResponse>> now;
        try {
            now = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return Optional.of(answer(request, body));
                        } catch (NotYetKnown e) {
                            return System.nanoTime() - deadlineNanos < 0
                                    ? Optional.empty()
                                    : Optional.of(
                                            Answers.text(503, "not known yet: " + e.getMessage() + "; try again\n"));
                        }
                    },
                    executor);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(Answers.text(503, "too many admin requests wait; try again\n"));
        }
        return now.thenCompose(answered -> answered.map(CompletableFuture::completedFuture)
                .orElseGet(() -> new CompletableFuture<String>()
                        .completeOnTimeout("again", ASK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)
                        .thenCompose(again -> answerUntil(request, body, deadlineNanos))));
    }

    private HttpResponse answer(HttpRequest request, String body) {
        String path = request.getUri().path();
        boolean get =
                request.method().equals(HttpMethods.GET) || request.method().equals(HttpMethods.HEAD);
        boolean post = request.method().equals(HttpMethods.POST);
        if (!allowed(path, post || AdminDoors.changes(request))) {
            return Answers.text(404, path + " is switched off (admin.security)\n");
        }
        boolean takesPost = List.of("/delegator.json", "/logging.json", "/admin/shutdown", "/admin/tracing")
                .contains(path);
        if (!get && !(post && takesPost)) {
            return Answers.text(
                    405,
                    "method: " + request.method().value() + " (expected: " + (takesPost ? "GET or POST" : "GET")
                            + ")\n");
        }
        try {
            return post
                    ? posted(path, request.getUri().query(), body)
                    : got(path, request.getUri().query());
        } catch (NamingException e) {
            return Answers.text(400, e.getMessage() + "\n");
        } catch (IllegalArgumentException e) {
            return Answers.text(400, e.getMessage() + "\n");
        }
    }

    private HttpResponse got(String path, Query query) {
        if (path.equals(parts.plan().telemetry().prometheusPath())) {
            return Answers.prometheus(
                    metrics.prometheus(parts.plan().telemetry().prometheusPrefix()));
        }
        if (Pages.isPage(path)) {
            return Pages.get(path).orElseGet(Answers::notFound);
        }
        return switch (path) {
            case "/admin", "/admin/" -> Answers.moved("/");
            case "/admin/lint", "/admin/lint.json" -> Answers.json(new Lint(parts).show(), true);
            case "/admin/registry.json" -> Answers.json(Registry.show(parts), true);
            // There are none here; tools of TwitterServer's ask.
            case "/admin/toggles", "/admin/toggles/" -> Answers.json(Map.of("libraries", List.of()), true);
            case "/identifier", "/identifier.json" -> Answers.json(Identifying.show(parts, query), true);
            case "/admin/ping" -> Answers.text(200, "pong");
            case "/health" -> views.health();
            case "/admin/metrics.json" -> metricsJson(query);
            case "/metrics" -> Answers.prometheus(own.prometheus() + refused.get());
            case "/admin/metrics/influxdb" ->
                parts.plan().telemetry().influxdb() ? Answers.text(200, metrics.influxdb(host())) : Answers.notFound();
            case "/delegator.json" -> views.delegator(query.get("namespace"), query.get("path"), query.get("dtab"));
            case "/bound-names.json" -> Answers.json(views.boundNames(), true);
            case "/client_state.json" -> Answers.json(views.clientState(), true);
            case "/finback/clients.json" -> Answers.json(views.clients(), true);
            case "/admin/tracing" -> tracing(query);
            case "/finback/tap" -> parts.tap().show(TapFilter.of(query));
            case "/config.json" -> Answers.json(parts.config(), true);
            case "/logging.json" -> Answers.json(Diagnostics.loggers(), true);
            case "/requests", "/requests.json" ->
                parts.recent().map(recent -> Answers.json(recent.show(), true)).orElseGet(Answers::notFound);
            case "/finback/endpoints.json" -> Answers.json(views.endpoints(), true);
            case "/admin/threads", "/admin/threads.json" -> Answers.json(Diagnostics.threads(50), true);
            case "/admin/contention", "/admin/pprof/contention" -> Answers.json(Diagnostics.contention(), true);
            case "/admin/pprof/heap" -> Answers.heap();
            case "/admin/pprof/profile" -> profile(query);
            case "/admin/server_info" -> Answers.json(AdminViews.serverInfo(), true);
            case "/admin/shutdown" -> Answers.text(405, "method: GET (expected: POST)\n");
            default -> views.state(path);
        };
    }

    /** {@code seconds} (10) and {@code hz} (100), as TwitterServer's; it holds one admin thread that long, and no second one. */
    private HttpResponse profile(Query query) {
        int seconds = number(query, "seconds", 10, 15);
        int hz = number(query, "hz", 100, 1_000);
        if (!profiling.compareAndSet(false, true)) {
            return Answers.text(503, "a profile is being taken (expected: one at once); try again\n");
        }
        try {
            return Answers.bytes(Profile.take(seconds, hz));
        } finally {
            profiling.set(false);
        }
    }

    private static int number(Query query, String name, int otherwise, int most) {
        String text = query.get(name).orElse(Integer.toString(otherwise));
        try {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(name + ": " + text + " (expected: 1 to " + most + ")");
    }

    private HttpResponse posted(String path, Query query, String body) {
        return switch (path) {
            case "/delegator.json" -> {
                JsonNode asked = Answers.read(body);
                yield views.delegator(
                        Answers.field(asked, "namespace"), Answers.field(asked, "path"), Answers.field(asked, "dtab"));
            }
            case "/admin/tracing" -> tracing(query);
            case "/logging.json" -> {
                JsonNode asked = Answers.read(body);
                String logger = Answers.field(asked, "logger")
                        .or(() -> query.get("logger"))
                        .orElse("");
                String level = Answers.field(asked, "level")
                        .or(() -> query.get("level"))
                        .orElse("");
                yield Diagnostics.setLevel(logger, level)
                        .map(wrong -> Answers.text(400, wrong + "\n"))
                        .orElseGet(() -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
            }
            default -> {
                // Who asked hears it before the listener is gone.
                CompletableFuture.delayedExecutor(ANSWERED_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                        .execute(parts.shutdown());
                yield Answers.text(200, "quitting\n");
            }
        };
    }

    /** {@code enable} or {@code disable}, each true or false, as TwitterServer has them; shows how it is without them. */
    private HttpResponse tracing(Query query) {
        Optional<Boolean> enable = flag(query, "enable");
        Optional<Boolean> disable = flag(query, "disable");
        if (enable.isPresent() && disable.isPresent()) {
            throw new IllegalArgumentException("enable and disable together (expected: one of them)");
        }
        enable.or(() -> disable.map(off -> !off)).ifPresent(parts.tracing()::set);
        return Answers.text(200, parts.tracing().isOn() ? "tracing is enabled\n" : "tracing is disabled\n");
    }

    private static Optional<Boolean> flag(Query query, String name) {
        return query.get(name).map(text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(name + ": '" + text + "' (expected: true or false)");
        });
    }

    private boolean allowed(String path, boolean changes) {
        Security security = parts.plan().admin().security();
        if (security.blacklist().stream().anyMatch(path::matches)) {
            return false;
        }
        if (security.whitelist().stream().anyMatch(path::matches)) {
            return true;
        }
        boolean control = changes && !path.equals("/delegator.json");
        boolean metricsOrHealth = path.startsWith("/admin/metrics")
                || path.equals("/admin/ping")
                || path.equals("/metrics")
                || path.equals("/health")
                || path.equals(parts.plan().telemetry().prometheusPath());
        if (control) {
            return security.control();
        }
        if (Pages.isPage(path) || path.equals("/admin") || path.equals("/admin/")) {
            return security.ui();
        }
        return metricsOrHealth || security.diagnostics();
    }

    private HttpResponse metricsJson(Query query) {
        String prefix = query.get("q").orElse("");
        boolean tree =
                query.get("tree").filter(t -> t.equals("1") || t.equals("true")).isPresent();
        return Answers.json(
                tree ? metrics.tree(prefix) : metrics.json(prefix),
                query.get("pretty").isPresent());
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    @Override
    public void close() {
        var left = executor.shutdownNow();
        Objects.requireNonNull(left);
    }
}
