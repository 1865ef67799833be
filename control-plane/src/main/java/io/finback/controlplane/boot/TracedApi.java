package io.finback.controlplane.boot;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import io.finback.controlplane.app.DeploymentTrace;
import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import io.finback.tracing.TraceHeaders;
import io.finback.tracing.Tracing;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A span for each request at a port, part of the trace it came with. It ends with the response's head; of streams that is their beginning.
 * Headers, queries and bodies are in no span.
 */
final class TracedApi {
    private static final String DEPLOYMENT = "Marathon-Deployment-Id";
    /** So long may a path be in a span. */
    private static final int MAX_PATH = 1024;

    /** Such answers a path may have that leads nowhere. */
    private static final Set<Integer> REFUSED = Set.of(401, 403, 429);

    private TracedApi() {}

    /** {@code answer} itself while tracing is off. {@code port} is what spans call it. */
    static Function<HttpRequest, CompletionStage<HttpResponse>> before(
            ActorSystem<?> system, String port, Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        Tracing tracing = Tracing.of(system);
        return tracing.isOn() ? request -> traced(tracing, port, request, answer) : answer;
    }

    private static CompletionStage<HttpResponse> traced(
            Tracing tracing,
            String port,
            HttpRequest request,
            Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        Optional<SpanIds> ids = tracing.begin(TraceHeaders.read(name -> header(request, name)));
        Instant epoch = Instant.now();
        long begun = System.nanoTime();
        return answer.apply(request).whenComplete((response, failure) -> {
            int status = failure == null ? response.status().intValue() : 500;
            Map<String, String> tags = new HashMap<>();
            Optional<String> deployment =
                    failure == null ? response.getHeader(DEPLOYMENT).map(HttpHeader::value) : Optional.empty();
            deployment.ifPresent(id -> {
                tags.put("finback.deployment_id", id);
                tags.put("finback.deployment_trace", DeploymentTrace.root(id).traceIdHex());
            });
            ids.ifPresent(of -> tracing.take(new Span(
                    of,
                    Span.Kind.SERVER,
                    name(request, status),
                    nanos(epoch),
                    System.nanoTime() - begun,
                    peer(request),
                    status >= 500 ? Integer.toString(status) : "",
                    tags(tags, port, request, status))));
            deployment.ifPresent(id -> asked(tracing, id, ids, request, epoch, System.nanoTime() - begun));
        });
    }

    /** In the deployment's trace: who asked for it. */
    private static void asked(
            Tracing tracing, String deployment, Optional<SpanIds> by, HttpRequest request, Instant epoch, long took) {
        DeploymentTrace.of(tracing, deployment).ifPresent(trace -> {
            Map<String, String> tags = new HashMap<>();
            by.ifPresent(ids -> tags.put("finback.api_trace", ids.traceIdHex()));
            tags.put("http.method", request.method().value());
            trace.tell(trace.child("asked"), "deployment.asked", epoch, took, "", tags);
        });
    }

    private static Map<String, String> tags(Map<String, String> tags, String port, HttpRequest request, int status) {
        String path = request.getUri().path();
        tags.put("finback.port", port);
        tags.put("http.method", request.method().value());
        tags.put("http.path", path.length() > MAX_PATH ? path.substring(0, MAX_PATH) : path);
        tags.put("http.status_code", Integer.toString(status));
        return tags;
    }

    /** Few different ones: the method and what the path begins with; what is not there, or never asked for as it was refused before, has no name of its own. */
    static String name(HttpRequest request, int status) {
        String method = request.method().value();
        if (status == 404) {
            return method + " not found";
        }
        if (REFUSED.contains(status)) {
            return method + " refused";
        }
        String[] parts = request.getUri().path().split("/", 4);
        StringBuilder name = new StringBuilder(method).append(' ');
        for (int i = 1; i < Math.min(3, parts.length); i++) {
            name.append('/').append(parts[i]);
        }
        return name.length() > 64 ? name.substring(0, 64) : name.toString();
    }

    private static @Nullable String header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value).orElse(null);
    }

    private static String peer(HttpRequest request) {
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(address -> address.getAddress().map(ip -> ip.getHostAddress() + ":" + address.getPort()))
                .filter(text -> text.chars().filter(c -> c == ':').count() == 1)
                .orElse("");
    }

    private static long nanos(Instant at) {
        return at.getEpochSecond() * 1_000_000_000L + at.getNano();
    }
}
