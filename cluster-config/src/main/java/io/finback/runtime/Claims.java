package io.finback.runtime;

import io.finback.persistence.ClusterTable;
import io.finback.persistence.ClusterTable.Entry;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Takes the database's row for a master that is about to form a cluster, by {@link ClaimRule}. Thread-safe. */
final class Claims {
    private final ClusterTable table;
    private final Duration expiresAfter;

    Claims(ClusterTable table, Duration expiresAfter) {
        this.table = table;
        this.expiresAfter = expiresAfter;
    }

    /** How it went. */
    sealed interface Outcome {
        /** The row is ours, or there is no table to keep one in. */
        record Taken(boolean written) implements Outcome {}

        /** It is another cluster's; {@code entry} is empty when that one was a moment faster. */
        record Held(Optional<Entry> entry) implements Outcome {}
    }

    /** Fails when the database does not answer. */
    CompletionStage<Outcome> take(Incarnation self, Collection<IAm> answers) {
        List<IAm> heard = List.copyOf(answers);
        return table.read()
                .thenCompose(entry -> ClaimRule.mayTake(self, entry, heard, expiresAfter)
                        ? table.replace(entry, List.of(self.text()))
                                .<Outcome>thenApply(
                                        done -> done ? new Outcome.Taken(true) : new Outcome.Held(Optional.empty()))
                        : CompletableFuture.<Outcome>completedFuture(new Outcome.Held(entry)))
                .exceptionally(failure -> {
                    if (ClusterTable.isMissing(failure)) {
                        return new Outcome.Taken(false);
                    }
                    throw failure instanceof CompletionException known ? known : new CompletionException(failure);
                });
    }
}
