package io.finback.nodeagent.api;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import io.finback.nodeagent.api.v1.AgentApi;
import io.finback.nodeagent.api.v1.ExecutorApi;
import io.finback.nodeagent.files.FileSpace;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Rules;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The agent API: {@code /health}, {@code /version}, {@code /state}, {@code /flags}, {@code /containers},
 * {@code /monitor/statistics}, {@code /files/…}, {@code /metrics} and {@code /metrics/snapshot}; each also under {@code /slave(1)} and with {@code .json}, where Mesos has them so. Reads only.
 */
public final class AgentRoutes extends AllDirectives {
    private static final ContentType.NonBinary PROMETHEUS = MediaTypes.TEXT_PLAIN.toContentType(HttpCharsets.UTF_8);

    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    private final AgentView view;
    private final IntSupplier port;
    private final MonitorRoutes monitor;
    private final FilesRoutes files;
    private final ExecutorApi executors;
    private final AgentApi operators;
    private final Rules rules;
    private final Supplier<String> metrics;

    /**
     * @param port where this API listens; asked when a request is answered
     * @param blocking waits for the disk
     * @param rules who may see what
     * @param metrics more of them, in Prometheus' text form
     */
    public AgentRoutes(
            AgentView view,
            IntSupplier port,
            FileSpace space,
            Executor blocking,
            int maxFollowers,
            ExecutorApi executors,
            AgentApi operators,
            Rules rules,
            Supplier<String> metrics) {
        this.metrics = metrics;
        this.view = view;
        this.port = port;
        this.rules = rules;
        SandboxRights sandboxes = new SandboxRights(rules, view);
        this.monitor = new MonitorRoutes(view, this::seen, blocking);
        this.files = new FilesRoutes(request -> sandboxes.of(space, request), blocking, maxFollowers, HEARTBEAT);
        this.executors = executors;
        this.operators = operators;
    }

    public Route route() {
        return concat(
                extractRequest(
                        request -> pathPrefix("slave(1)", () -> concat(calls(request), get(() -> endpoints(request))))),
                extractRequest(request -> concat(calls(request), get(() -> endpoints(request)))));
    }

    private Route calls(HttpRequest request) {
        return concat(
                path(
                        PathMatchers.segment("api").slash("v1").slash("executor"),
                        () -> completeWithFuture(executors.answer(request))),
                path(
                        PathMatchers.segment("api").slash("v1"),
                        () -> withoutRequestTimeout(() -> completeWithFuture(operators.answer(request)))));
    }

    private Route endpoints(HttpRequest request) {
        return concat(
                path("health", () -> complete(StatusCodes.OK)),
                json("version", () -> "{\"version\":\"" + view.version() + "\"}"),
                json("state", () -> StateJson.state(view, seen(request), port.getAsInt())),
                flags(request),
                monitor.route(),
                files.route(),
                path(
                        PathMatchers.segment("metrics").slash("snapshot"),
                        () -> answer(MesosMetrics.snapshot(view, Instant.now()))),
                path(
                        "metrics",
                        () -> complete(HttpResponse.create()
                                .withEntity(HttpEntities.create(
                                        PROMETHEUS, MetricsText.prometheus(view) + metrics.get())))));
    }

    private Seen seen(HttpRequest request) {
        return new Seen(view, rules.sight(Guard.principal(request)));
    }

    /** Seen as a whole or not at all. */
    private Route flags(HttpRequest request) {
        Supplier<Route> whole = () -> rules.allows(Guard.principal(request), Action.VIEW_FLAGS, "")
                ? answer(Flags.json(view))
                : complete(StatusCodes.FORBIDDEN, "not allowed to view_flags\n");
        return concat(path("flags", whole), path("flags.json", whole));
    }

    private Route json(String name, Supplier<String> body) {
        return concat(path(name, () -> answer(body.get())), path(name + ".json", () -> answer(body.get())));
    }

    private Route answer(String body) {
        return complete(HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body)));
    }
}
