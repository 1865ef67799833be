package io.finback.persistence;

import akka.NotUsed;
import akka.japi.Pair;
import akka.persistence.r2dbc.query.javadsl.R2dbcReadJournal;
import akka.stream.Materializer;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import scala.Option;

/** Pages through the ids of one type in the order of the primary key, so that a million entities never sit in memory at once. */
record PostgresFeed(R2dbcReadJournal journal, int pageSize) implements EventFeed {
    PostgresFeed(R2dbcReadJournal journal) {
        this(journal, 1000);
    }

    @Override
    public Source<String, NotUsed> entityIds(String entityType) {
        String prefix = EntityIds.prefix(entityType);
        return Source.fromMaterializer((materializer, attributes) -> pages(entityType, materializer))
                .mapMaterializedValue(ignored -> NotUsed.getInstance())
                .mapConcat(page -> page)
                .map(id -> id.substring(prefix.length()));
    }

    private Source<List<String>, NotUsed> pages(String entityType, Materializer materializer) {
        return Source.unfoldAsync(
                new Cursor(Optional.empty(), false), cursor -> next(entityType, cursor, materializer));
    }

    private CompletionStage<Optional<Pair<Cursor, List<String>>>> next(
            String entityType, Cursor cursor, Materializer materializer) {
        if (cursor.last()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return journal.currentPersistenceIds(entityType, option(cursor.after()), pageSize)
                .runWith(Sink.seq(), materializer)
                .thenApply(page -> page.isEmpty()
                        ? Optional.empty()
                        : Optional.of(Pair.create(
                                new Cursor(Optional.of(page.get(page.size() - 1)), page.size() < pageSize), page)));
    }

    private static Option<String> option(Optional<String> after) {
        return Option.apply(after.orElse(null));
    }

    /** Where the next page begins; {@code last}: the page before was not full. */
    private record Cursor(Optional<String> after, boolean last) {}
}
