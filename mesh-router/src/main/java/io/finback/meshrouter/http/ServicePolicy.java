package io.finback.meshrouter.http;

import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.resilience.RetryBudget;
import java.time.Duration;
import java.util.Optional;

/**
 * What one logical name is promised. Source: the {@code service} block of linkerd.yaml.
 *
 * @param classifier says which responses are failures, and which of those are worth another attempt
 * @param retries how many of those there may be
 * @param backoff before each of them
 * @param totalTimeout for a request with all its attempts until the response begins; empty: none
 */
public record ServicePolicy(
        ResponseClassifier classifier, RetryBudget.Spec retries, Backoff backoff, Optional<Duration> totalTimeout) {
    public ServicePolicy {
        totalTimeout.ifPresent(limit -> {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("total-timeout: " + limit + " (expected: > 0)");
            }
        });
    }
}
