package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.rpc.Reply;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An answer, and what it means.
 *
 * @param verdict as far as it is known
 * @param status HTTP's; -1 of a protocol without
 * @param end how it ends, when that is later; null: it has
 * @param bytes of its body passed on so far
 */
record Answered<R>(
        R response, Verdict verdict, int status, @Nullable Reply<Outcome> end, LongSupplier bytes) {
    /** What it means for its instance, when it has ended. */
    Outcome outcome() {
        return verdict == Verdict.SUCCESS ? Outcome.SUCCESS : Outcome.FAILURE;
    }

    static <R> Answered<R> whole(R response, Verdict verdict, int bytes) {
        return new Answered<>(response, verdict, -1, null, () -> bytes);
    }
}
