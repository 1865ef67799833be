package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import com.google.protobuf.Message;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.SeenBy;
import io.finback.mesos.v1.Encoding;
import io.finback.security.Action;
import io.finback.security.Sight;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** What is answered from the view: {@code GET} only. */
final class ReadEndpoints {
    private static final int TASK_LIMIT = 100;

    private final ClusterApiParts parts;
    private final Reads reads;
    private final EventStreams streams;

    ReadEndpoints(ClusterApiParts parts, Reads reads, EventStreams streams) {
        this.parts = parts;
        this.reads = reads;
        this.streams = streams;
    }

    void addTo(ClusterApi api) {
        api.get("/health", request -> ClusterApi.now(HttpResponse.create()));
        api.get("/redirect", request -> ClusterApi.now(redirect()));
        api.get("/version", always(query -> Documents.version(parts.self().get())));
        api.get("/flags", request -> {
            reads.require(request, Action.VIEW_FLAGS, "");
            return always(query -> Documents.flags(parts.flags())).answer(request);
        });
        api.get("/metrics/snapshot", always(query -> {
            Documents.checkTimeout(query);
            return Documents.numbers(Metrics.mesos(parts, streams.count()));
        }));
        api.get("/metrics", request -> reads.run(() -> prometheus(request, api.moreMetrics())));
        api.get("/state", shared(look -> StateJson.state(look, parts.self().get(), parts.flags())));
        api.get(
                "/state-summary",
                shared(look -> StateJson.summary(look.shown(), parts.self().get())));
        api.get(
                "/slaves",
                filtered(
                        "slave_id",
                        look -> StateJson.slaves(look.shown(), Optional.empty()),
                        (look, id) -> StateJson.slaves(look.shown(), Optional.of(id))));
        api.get(
                "/frameworks",
                filtered(
                        "framework_id",
                        look -> StateJson.frameworks(look.shown(), Optional.empty()),
                        (look, id) -> StateJson.frameworks(look.shown(), Optional.of(id))));
        api.get("/roles", shared(RolesJson::roles));
        api.get("/tasks", whole((look, query) -> tasks(look.shown(), query)));
        api.get(
                "/weights",
                whole((look, query) -> Documents.weights(look.shown().pool())));
        api.get(
                "/quota",
                whole((look, query) ->
                        message(OperatorMessages.quota(look.shown().pool()))));
        api.get(
                "/maintenance/schedule",
                whole((look, query) ->
                        message(OperatorMessages.schedule(look.shown().pool().schedule()))));
        api.get("/maintenance/status", whole((look, query) -> message(OperatorMessages.status(look))));
    }

    /** One writing for all who ask at the same time and see everything. */
    private ClusterApi.Handler shared(Function<Look, Rope> write) {
        Rendering rendering = reads.rendering(view -> write.apply(Look.at(view)));
        ClusterApi.Handler some = whole((look, query) -> write.apply(look));
        return request -> {
            Query query = Query.of(request.getUri());
            query.check();
            if (!SeenBy.isWhole(reads.sight(request))) {
                return some.answer(request);
            }
            reads.checkWhole();
            return rendering
                    .latest()
                    .thenCompose(written -> reads.run(() -> Answers.json(written.rope(), request, query)));
        };
    }

    private ClusterApi.Handler filtered(
            String parameter, Function<Look, Rope> all, BiFunction<Look, String, Rope> write) {
        ClusterApi.Handler unfiltered = shared(all);
        ClusterApi.Handler one =
                whole((look, query) -> write.apply(look, query.text(parameter).orElse("")));
        return request -> (Query.of(request.getUri()).text(parameter).isPresent() ? one : unfiltered).answer(request);
    }

    private ClusterApi.Handler whole(BiFunction<Look, Query, Rope> write) {
        return request -> {
            Query query = Query.of(request.getUri());
            ClusterSnapshot view = reads.whole();
            Sight sight = reads.sight(request);
            return reads.run(() -> Answers.json(write.apply(Look.at(view, sight), query), request, query));
        };
    }

    /** Also before the view is whole. */
    private ClusterApi.Handler always(Function<Query, Rope> write) {
        return request -> {
            Query query = Query.of(request.getUri());
            return reads.run(() -> Answers.json(write.apply(query), request, query));
        };
    }

    private static Rope tasks(ClusterSnapshot view, Query query) {
        return StateJson.tasks(
                view,
                new StateJson.TaskFilter(
                        query.number("limit", TASK_LIMIT),
                        query.number("offset", 0),
                        query.oneOf("order", "des", "asc", "des").equals("asc"),
                        query.text("framework_id"),
                        query.text("task_id")));
    }

    private static Rope message(Message message) {
        return Rope.of(Encoding.JSON.write(message));
    }

    private HttpResponse prometheus(HttpRequest request, String more) {
        String all = Metrics.prometheus(reads.now(), reads, streams)
                + parts.allocator().prometheus()
                + more;
        Rope text = Rope.of(all.getBytes(StandardCharsets.UTF_8));
        return Answers.body(text, ContentTypes.TEXT_PLAIN_UTF8, request);
    }

    /** Every master leads. Mesos never says the scheme, and its clients expect that. */
    private HttpResponse redirect() {
        return Answers.empty(307)
                .withEntity(HttpEntities.EMPTY)
                .addHeader(
                        RawHeader.create("Location", "//" + parts.self().get().address()));
    }
}
