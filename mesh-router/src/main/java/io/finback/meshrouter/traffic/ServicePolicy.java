package io.finback.meshrouter.traffic;

import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.GrpcClassifier;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.resilience.RetryBudget;
import java.time.Duration;
import java.util.Optional;

/**
 * What one logical name is promised. Source: the {@code service} block of linkerd.yaml.
 *
 * @param classifier says which responses are failures, and which of those are worth another attempt
 * @param grpc says it of gRPC calls instead, by their status; only of HTTP/2
 * @param streams how much of streams is held back for another attempt; only of HTTP/2
 * @param retries how many of those there may be
 * @param backoff before each of them
 * @param totalTimeout for a request with all its attempts until the response begins; empty: none
 */
public record ServicePolicy(
        ResponseClassifier classifier,
        Optional<GrpcClassifier> grpc,
        StreamRetries streams,
        RetryBudget.Spec retries,
        Backoff backoff,
        Optional<Duration> totalTimeout) {
    public ServicePolicy {
        totalTimeout.ifPresent(limit -> {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("total-timeout: " + limit + " (expected: > 0)");
            }
        });
    }
}
