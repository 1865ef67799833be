package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.SeenBy;
import io.finback.security.Sight;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;

/**
 * {@code /finback/summary}, {@code agents}, {@code tasks} and {@code offers}: what people look at again and again, in answers that stay small however large the
 * cluster is, from the view alone. Each carries an {@code ETag}; while the view has not changed, who sends it back as
 * {@code If-None-Match} gets 304, which costs nothing. Ours.
 */
final class LookEndpoints {
    private final ClusterApiParts parts;
    private final Reads reads;
    private final AtomicReference<Seen> seen = new AtomicReference<>(new Seen(ClusterSnapshot.EMPTY, 0));

    /** A view, and how many came before it. */
    private record Seen(ClusterSnapshot view, long number) {}

    LookEndpoints(ClusterApiParts parts, Reads reads) {
        this.parts = parts;
        this.reads = reads;
    }

    void addTo(ClusterApi api) {
        api.get("/finback/summary", marked((view, query) -> LookJson.summary(view)));
        api.get("/finback/tasks", marked((view, query) -> TaskSearch.of(query).answer(view)));
        api.get("/finback/agents", marked(LookJson::agents));
        api.get("/finback/offers", marked(LookJson::offers));
    }

    private ClusterApi.Handler marked(BiFunction<ClusterSnapshot, Query, Rope> write) {
        return request -> {
            Query query = Query.of(request.getUri());
            query.check();
            ClusterSnapshot view = reads.whole();
            Sight sight = reads.sight(request);
            if (!SeenBy.isWhole(sight)) {
                // Without a mark: what they may see changes without the view.
                return answer(request, query, () -> write.apply(new SeenBy(sight).snapshot(view), query));
            }
            Seen now = seen(view);
            String tag = "\"" + parts.self().get().id() + "-" + now.number() + "\"";
            RawHeader header = RawHeader.create("ETag", tag);
            return isKnown(request, tag)
                    ? ClusterApi.now(Answers.empty(304).addHeader(header))
                    : answer(request, query, () -> write.apply(now.view(), query))
                            .thenApply(response -> response.addHeader(header));
        };
    }

    private CompletionStage<HttpResponse> answer(
            HttpRequest request, Query query, java.util.function.Supplier<Rope> write) {
        return reads.run(() -> Answers.json(write.get(), request, query));
    }

    private static boolean isKnown(HttpRequest request, String tag) {
        return request.getHeader("If-None-Match")
                .map(header -> header.value().contains(tag))
                .orElse(false);
    }

    /** A view that is asked for again after a later one gets another number, which costs an answer and is never wrong. */
    // The same view object, not an equal one: comparing would cost as much as writing.
    @SuppressWarnings("ReferenceEquality")
    private Seen seen(ClusterSnapshot view) {
        return seen.updateAndGet(last -> last.view() == view ? last : new Seen(view, last.number() + 1));
    }
}
