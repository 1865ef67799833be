package io.finback.meshrouter.rpc;

import org.jspecify.annotations.Nullable;

/** What an answer means, said once for retries, accrual and statistics. */
public enum Verdict {
    SUCCESS,
    FAILURE,
    /** Failed, and may be sent again. */
    RETRYABLE_FAILURE,
    /** Says nothing: nobody waited for it. */
    IGNORED;

    /**
     * Says what an answer means. Pure and quick: every module asks it.
     *
     * <p>Source: twitter/finagle {@code service/ResponseClassifier.scala}.
     */
    @FunctionalInterface
    public interface Classifier<Q extends @Nullable Object, R extends @Nullable Object> {
        /**
         * The verdict on one answer.
         *
         * @param failure null when there is a response
         */
        Verdict classify(Q request, R response, @Nullable Throwable failure);

        /** Every response is a success, what was provably not processed retryable, every other failure a failure. */
        static <Q extends @Nullable Object, R extends @Nullable Object> Classifier<Q, R> ofFailures() {
            return (request, response, failure) -> of(failure);
        }
    }

    /** The verdict on an answer of which only the failure, if any, is known. */
    public static Verdict of(@Nullable Throwable failure) {
        if (failure == null) {
            return SUCCESS;
        }
        if (Failure.ignorable(failure)) {
            return IGNORED;
        }
        return Failure.retryable(failure) ? RETRYABLE_FAILURE : FAILURE;
    }
}
