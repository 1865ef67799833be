package io.finback.meshrouter.namers;

import io.finback.names.Delegation;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers that are asked for at a far end now and then, by people: asking begins a call, asking again finds its answer, and a new call is
 * made when that is a second old. At most 100 questions are remembered. A call that failed is an answer too: a delegation that says so.
 * Thread-safe.
 */
final class Explained<K> {
    private static final int LIMIT = 100;
    private static final long FRESH_NANOS = 1_000_000_000;

    private static final class Asked {
        @Nullable
        Delegation answer;

        long at;
        boolean asking;
    }

    private final Function<K, CompletableFuture<Delegation>> call;
    private final Function<K, Path> path;
    private final LongSupplier nanoTime;
    private final Map<K, Asked> all = new LinkedHashMap<>(16, 0.75f, true);

    Explained(Function<K, CompletableFuture<Delegation>> call, Function<K, Path> path, LongSupplier nanoTime) {
        this.call = call;
        this.path = path;
        this.nanoTime = nanoTime;
    }

    /** Throws {@link NotYetKnown} until there is an answer. */
    Delegation get(K question) {
        Asked asked;
        synchronized (this) {
            asked = all.computeIfAbsent(question, unused -> new Asked());
            Delegation answer = asked.answer;
            if (answer != null && nanoTime.getAsLong() - asked.at < FRESH_NANOS) {
                return answer;
            }
            if (asked.asking) {
                throw new NotYetKnown("what " + question + " means there");
            }
            asked.answer = null;
            asked.asking = true;
            if (all.size() > LIMIT) {
                all.remove(all.keySet().iterator().next());
            }
        }
        CompletableFuture<Delegation> calling;
        try {
            calling = call.apply(question);
        } catch (RuntimeException e) {
            calling = CompletableFuture.failedFuture(e);
        }
        var answered = calling.whenComplete((answer, failure) ->
                answered(asked, failure == null ? answer : failed(path.apply(question), Streams.reason(failure))));
        Objects.requireNonNull(answered);
        throw new NotYetKnown("what " + question + " means there");
    }

    private synchronized void answered(Asked asked, Delegation answer) {
        asked.answer = answer;
        asked.at = nanoTime.getAsLong();
        asked.asking = false;
    }

    private static Delegation failed(Path path, String reason) {
        return new Delegation("exception", path, "", List.of(), reason, List.of(), List.of());
    }
}
