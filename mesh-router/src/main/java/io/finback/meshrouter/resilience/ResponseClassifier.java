package io.finback.meshrouter.resilience;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a response means, said once for retries, accrual and statistics. Names are Linkerd's kinds. Source: linkerd/linkerd docs. */
public enum ResponseClassifier {
    NON_RETRYABLE_5XX("io.l5d.http.nonRetryable5XX", Set.of()),
    RETRYABLE_READ_5XX("io.l5d.http.retryableRead5XX", Set.of("GET", "HEAD", "OPTIONS", "TRACE")),
    RETRYABLE_IDEMPOTENT_5XX(
            "io.l5d.http.retryableIdempotent5XX", Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")),
    RETRYABLE_ALL_5XX(
            "io.l5d.http.retryableAll5XX", Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH")),
    ALL_SUCCESSFUL("io.l5d.http.allSuccessful", Set.of());

    /** The verdict. */
    public enum Verdict {
        SUCCESS,
        FAILURE,
        RETRYABLE_FAILURE
    }

    private final String kind;

    @SuppressWarnings("ImmutableEnumChecker") // made by Set.of
    private final Set<String> retryable;

    ResponseClassifier(String kind, Set<String> retryable) {
        this.kind = kind;
        this.retryable = retryable;
    }

    /**
     * The verdict on one response.
     *
     * @param marked whether the instance itself says {@code l5d-retryable: true}, or that it did not process the request
     */
    public Verdict classify(String method, int status, boolean marked) {
        if (status < 500 || this == ALL_SUCCESSFUL) {
            return Verdict.SUCCESS;
        }
        return marked || retryable.contains(method) ? Verdict.RETRYABLE_FAILURE : Verdict.FAILURE;
    }

    public static Optional<ResponseClassifier> ofKind(String kind) {
        return Arrays.stream(values())
                .filter(classifier -> classifier.kind.equals(kind))
                .findFirst();
    }

    public static List<String> kinds() {
        return Arrays.stream(values()).map(classifier -> classifier.kind).toList();
    }
}
