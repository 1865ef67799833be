package io.finback.meshrouter.router;

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
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.finback.meshrouter.http.ProxyServer;
import io.finback.meshrouter.names.Delegation;
import io.finback.meshrouter.names.Dtab;
import io.finback.meshrouter.names.Path;
import io.finback.runtime.LogLevel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The admin server (Linkerd's port 9990): GET only, read only, but for how much is logged. It runs on the actor system's threads, of which the data path uses none.
 */
public final class Admin {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper PRETTY = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final ContentType PROMETHEUS = ContentTypes.parse("text/plain; version=0.0.4; charset=UTF-8");

    private final MeshRouter router;
    private final ProxyServer proxy;
    private final String listenHost;
    private final LongSupplier nanoTime;
    private final MetricsText metrics;
    private final LogLevel level = new LogLevel((delay, work) -> {
        var unused = CompletableFuture.runAsync(
                work, CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS));
    });

    public Admin(MeshRouter router, ProxyServer proxy, String listenHost, LongSupplier nanoTime) {
        this.router = router;
        this.proxy = proxy;
        this.listenHost = listenHost;
        this.nanoTime = nanoTime;
        this.metrics = new MetricsText(router, proxy);
    }

    /** Listens; the stage fails when the address cannot be bound. */
    public CompletionStage<ServerBinding> bind(ActorSystem<?> system, String host, int port) {
        return Http.get(system).newServerAt(host, port).bindSync(request -> {
            var drained = request.discardEntityBytes(system);
            return drained == null ? notFound() : answer(request);
        });
    }

    HttpResponse answer(HttpRequest request) {
        if (request.getUri().path().equals("/logging/toggle")) {
            return logging(
                    request.method().equals(HttpMethods.POST), request.getUri().query());
        }
        if (!request.method().equals(HttpMethods.GET) && !request.method().equals(HttpMethods.HEAD)) {
            return text(405, "method: " + request.method().value() + " (expected: GET)\n");
        }
        Query query = request.getUri().query();
        return switch (request.getUri().path()) {
            case "/admin/ping" -> text(200, "pong");
            case "/health" -> health();
            case "/admin/metrics.json" -> metricsJson(query);
            case "/admin/metrics/prometheus", "/metrics" -> prometheus();
            case "/delegator.json" -> delegator(query);
            case "/bound-names.json" -> json(router.destinations().keySet(), false);
            case "/finback/endpoints.json" -> json(endpoints(), true);
            default -> notFound();
        };
    }

    private long now() {
        return nanoTime.getAsLong();
    }

    private HttpResponse prometheus() {
        byte[] text = metrics.prometheus(now()).getBytes(StandardCharsets.UTF_8);
        return HttpResponse.create().withEntity(HttpEntities.create(PROMETHEUS, text));
    }

    /** As the masters' endpoint of that name, but what changes is a POST: without parameters the level, with level and duration another. */
    private HttpResponse logging(boolean post, Query query) {
        Optional<String> wanted = query.get("level");
        if (wanted.isEmpty()) {
            return text(200, level.current() + "\n");
        }
        if (!post) {
            return text(405, "method: GET (expected: POST, to change the level)\n");
        }
        try {
            level.set(
                    Integer.parseInt(wanted.get()),
                    LogLevel.duration(query.get("duration").orElse("")));
            return text(200, level.current() + "\n");
        } catch (IllegalArgumentException e) {
            return text(400, e.getMessage() + "\n");
        }
    }

    private HttpResponse health() {
        EndpointsSnapshot known = router.endpoints();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("status", "serving");
        out.put("connected", known.connected());
        out.put("ageMs", known.ageMillis(now()));
        out.put("connections", proxy.connections());
        return json(out, false);
    }

    private HttpResponse metricsJson(Query query) {
        Map<String, Object> all = metrics.linkerd(listenHost, now());
        Optional<String> prefix = query.get("q");
        prefix.ifPresent(q -> all.keySet().removeIf(name -> !name.startsWith(q)));
        return json(all, query.get("pretty").isPresent());
    }

    private HttpResponse delegator(Query query) {
        try {
            Optional<String> path = query.get("path");
            if (path.isEmpty()) {
                return text(400, "path: missing (expected: a path such as /svc/web)\n");
            }
            Dtab dtab = router.dtab().concat(Dtab.parse(query.get("dtab").orElse("")));
            return json(delegation(Delegation.of(dtab, router.namers(), Path.parse(path.get()))), true);
        } catch (IllegalArgumentException e) {
            return text(400, e.getMessage() + "\n");
        }
    }

    private Map<String, Object> delegation(Delegation node) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", node.type());
        out.put("path", node.path().show());
        if (!node.rule().isEmpty()) {
            out.put("dentry", dentry(node.rule()));
        }
        node.bound().forEach(bound -> out.put("bound", bound(bound.id(), bound.residual())));
        if (!node.message().isEmpty()) {
            out.put("message", node.message());
        }
        List<Map<String, Object>> children =
                node.children().stream().map(this::delegation).toList();
        switch (node.type()) {
            case "delegate" -> out.put("delegate", children.get(0));
            case "alt" -> out.put("alt", children);
            case "union" -> {
                List<Map<String, Object>> weighted = new ArrayList<>();
                for (int i = 0; i < children.size(); i++) {
                    weighted.add(Map.of("weight", node.weights().get(i), "tree", children.get(i)));
                }
                out.put("union", weighted);
            }
            default -> {}
        }
        return out;
    }

    private static Map<String, Object> dentry(String rule) {
        int arrow = rule.indexOf(" => ");
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("prefix", rule.substring(0, arrow));
        out.put("dst", rule.substring(arrow + 4));
        return out;
    }

    private Map<String, Object> bound(Path id, Path residual) {
        Map<String, Object> address = new LinkedHashMap<>();
        List<Map<String, Object>> addresses = router.addresses(id).get().stream()
                .map(a -> Map.<String, Object>of("ip", a.host(), "port", a.port(), "meta", Map.of()))
                .toList();
        address.put("type", "bound");
        address.put("addrs", addresses);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", id.show());
        out.put("path", residual.show());
        out.put("addr", address);
        return out;
    }

    private Map<String, Object> endpoints() {
        EndpointsSnapshot known = router.endpoints();
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
        out.put("ageMs", known.ageMillis(now()));
        out.put("link", known.link());
        out.put("apps", apps);
        return out;
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
                "GET /admin/ping /admin/metrics.json /metrics /admin/metrics/prometheus /delegator.json?path=&dtab= "
                        + "/bound-names.json /finback/endpoints.json /health\n");
    }
}
