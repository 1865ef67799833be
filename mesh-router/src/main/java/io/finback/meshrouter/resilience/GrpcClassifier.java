package io.finback.meshrouter.resilience;

import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import java.util.List;
import java.util.Set;

/**
 * What a gRPC status means, which is known when a call has ended. Source: linkerd/linkerd {@code io.buoyant.linkerd.protocol.h2.grpc},
 * docs/response_classifier.md.
 *
 * @param retryable which of the others may be tried again; empty: see {@code all}
 * @param all whether every failure may be tried again
 * @param compliant whether what HTTP/2 itself says counts, as gRPC's documents have it: REFUSED_STREAM, and 429, 502, 503, 504 without a
 *     gRPC status
 * @param successful statuses that are no failures
 */
public record GrpcClassifier(Set<Integer> retryable, boolean all, boolean compliant, Set<Integer> successful) {
    public static final int OK = 0;
    public static final int UNKNOWN = 2;
    public static final int UNAVAILABLE = 14;
    private static final Set<Integer> RETRYABLE_HTTP = Set.of(429, 502, 503, 504);
    private static final List<String> KINDS = List.of(
            "io.l5d.h2.grpc.default",
            "io.l5d.h2.grpc.compliant",
            "io.l5d.h2.grpc.alwaysRetryable",
            "io.l5d.h2.grpc.neverRetryable",
            "io.l5d.h2.grpc.retryableStatusCodes");

    public GrpcClassifier {
        retryable = Set.copyOf(retryable);
        successful = Set.copyOf(successful);
    }

    /** Linkerd's kinds. */
    public static List<String> kinds() {
        return KINDS;
    }

    /**
     * One of {@link #kinds}.
     *
     * @param codes for {@code retryableStatusCodes}
     * @param successful {@code successStatusCodes}
     */
    public static GrpcClassifier of(String kind, Set<Integer> codes, Set<Integer> successful) {
        return switch (kind) {
            case "io.l5d.h2.grpc.default" -> new GrpcClassifier(Set.of(UNAVAILABLE), false, false, successful);
            case "io.l5d.h2.grpc.compliant" -> new GrpcClassifier(Set.of(UNAVAILABLE), false, true, successful);
            case "io.l5d.h2.grpc.alwaysRetryable" -> new GrpcClassifier(Set.of(), true, false, successful);
            case "io.l5d.h2.grpc.neverRetryable" -> new GrpcClassifier(Set.of(), false, false, successful);
            case "io.l5d.h2.grpc.retryableStatusCodes" -> new GrpcClassifier(codes, false, false, successful);
            default -> throw new IllegalArgumentException("'" + kind + "' (expected: one of " + KINDS + ")");
        };
    }

    /** Whether nothing would ever be tried again: then nobody has to wait for the end. */
    public boolean retriesNothing() {
        return !all && !compliant && retryable.isEmpty();
    }

    /**
     * The verdict on a call that has ended.
     *
     * @param http the status of the response's head
     * @param status {@code grpc-status}; negative: there was none, or none that is a number
     */
    public Verdict verdict(int http, int status) {
        if (status < 0) {
            return all || (compliant && RETRYABLE_HTTP.contains(http)) ? Verdict.RETRYABLE_FAILURE : Verdict.FAILURE;
        }
        if (successful.contains(status)) {
            return Verdict.SUCCESS;
        }
        return all || retryable.contains(status) ? Verdict.RETRYABLE_FAILURE : Verdict.FAILURE;
    }
}
